#!/usr/bin/env bash
# SIGKILL at any moment: every certificate that was handed out is in the store
# afterwards, the store is sound, and the next start needs no hand.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

rounds=6
issuers=6

# Issues one certificate after the other until estuaryd is gone; the serial of
# each that was handed out goes to a file of its own.
issue_on() {
	local n=$1 i=0 serial

	while [ ! -e "$work/stop" ]; do
		i=$((i + 1))
		serial=$(ctl_json main dns-server issue --name "dns$n.lab.test" \
			--label domain-s --out "$work/out$n" 2>/dev/null |
			json 'd["serial"]' 2>/dev/null) || continue
		echo "$serial" >>"$work/serials.$n"
	done
}

# Random, but told, so that a failure can be looked into.
random_ms() {
	"$python" -c 'import random, sys
print(random.randint(int(sys.argv[1]), int(sys.argv[2])) / 1000)' "$1" "$2"
}

integrity() {
	sqlite3 "$work/$1/estuary.db" 'PRAGMA integrity_check;
		PRAGMA foreign_key_check;'
}

all_serials() {
	local cursor=0

	while [ "$cursor" != null ]; do
		ctl_json main cert list --limit 1000 --cursor "$cursor" \
			>"$work/page.json" || return
		json '"\n".join(c["serial"] for c in d["items"])' \
			<"$work/page.json"
		cursor=$(json 'd["next"]' <"$work/page.json")
	done
}

start_estuaryd main
ctl main ca show >"$work/root.pem"
for round in $(seq "$rounds"); do
	rm -f "$work/stop"
	for n in $(seq "$issuers"); do
		issue_on "$n" &
		issuer_pids[n]=$!
	done
	delay=$(random_ms 100 900)
	sleep "$delay"
	kill_estuaryd main
	touch "$work/stop"
	wait "${issuer_pids[@]}"
	same "round $round, SIGKILL after $delay s: integrity_check" ok \
		"$(integrity main)"
	check "round $round: the audit log's chain is whole" "$python" \
		"$system_dir/audit_chain.py" "$work/main/estuary.db" \
		"$work/main/ca/issuing.crt"
	start_estuaryd main
	all_serials | sort >"$work/stored"
	cat "$work"/serials.* 2>/dev/null | sort >"$work/handed_out"
	same "round $round: nothing that was handed out is lost" '' \
		"$(comm -13 "$work/stored" "$work/handed_out")"
done
echo "# $(wc -l <"$work/handed_out") certificates were handed out," \
	"$(wc -l <"$work/stored") are stored"
same "no serial twice" '' "$(uniq -d "$work/stored")"
check "estuaryd finds the chain whole too" ctl main audit --verify
check "certificates were handed out at all" [ \
	"$(wc -l <"$work/handed_out")" -gt 10 ]
same "each has its audit row" "$(wc -l <"$work/stored")" \
	"$(ctl_json main audit | json \
		'sum(i["event"] == "certificate.issue" for i in d["items"])')"
same "the root is what it was" "$(cat "$work/root.pem")" "$(ctl main ca show)"
ctl_json main dns-server list >"$work/list.json"
check "at most one next and one current for each DNS server" "$python" -c '
import collections, json, sys
n = collections.Counter((i["name"], i["label"], i["state"])
    for i in json.load(open(sys.argv[1]))["items"] if i["state"] != "retired")
assert n and max(n.values()) == 1, n' "$work/list.json"
for dir in "$work"/out?; do
	[ -e "$dir/cert.pem" ] || continue
	check "key and certificate in ${dir##*/} are a pair" cmp -s \
		<(openssl pkey -in "$dir/key.pem" -pubout) \
		<(openssl x509 -in "$dir/cert.pem" -noout -pubkey)
done

# SIGTERM amid the same: whoever got an answer finds it afterwards.
rm -f "$work/stop" "$work"/added.*
add_on() {
	local n=$1 name

	while [ ! -e "$work/stop" ]; do
		name=$n-$RANDOM$RANDOM
		ctl main identity add "$name" >/dev/null 2>&1 &&
			echo "$name" >>"$work/added.$n"
	done
}
for n in 1 2 3; do
	issue_on "$n" &
	issuer_pids[n]=$!
	add_on "$n" &
	issuer_pids[n + 3]=$!
done
sleep 1.5
start=$(now_ms)
stop_estuaryd main && ok "SIGTERM amid work ends it with 0"
took=$(($(now_ms) - start))
check "and soon ($took ms)" [ "$took" -lt 10000 ]
touch "$work/stop"
wait "${issuer_pids[@]}"
start_estuaryd main
all_serials | sort >"$work/stored"
same "no certificate that was handed out is lost" '' \
	"$(sort "$work"/serials.* | comm -13 "$work/stored" -)"
ctl_json main identity list |
	json '"\n".join(sorted(i["name"] for i in d["items"]))' >"$work/names"
same "no identity either" '' \
	"$(cat "$work"/added.* | LC_ALL=C sort | LC_ALL=C comm -13 "$work/names" -)"
check "identities were added at all" [ -s "$work/names" ]

# Codes: a use that was taken is not given back by a crash, and a code that was
# shown works afterwards.
code=$(new_code main shown)
kill_estuaryd main
start_estuaryd main
same "an identity whose code was shown is there after SIGKILL" "${code:0:4}" \
	"$(ctl_json main identity list | json 'd["items"][-1]["identity"][:4]')"
stop_estuaryd main

# SIGKILL during the very first start.
for delay in 0.005 0.01 0.02 0.03 0.04 0.05 0.07 0.1 0.15 0.2 0.3 \
	"$(random_ms 1 100)" "$(random_ms 1 100)"; do
	rm -rf "$work/first"
	launch_estuaryd first
	sleep "$delay"
	kill_estuaryd first
	left=$(cd "$work/first" 2>/dev/null && echo *)
	launch_estuaryd first
	if await_estuaryd first >"$work/why"; then
		ok "SIGKILL $delay s after the very first start: the next works"
		stop_estuaryd first
		same "and its store is sound" ok "$(integrity first)"
	else
		not_ok "SIGKILL $delay s after the very first start ($left)"
		cat "$work/why"
	fi
done

# left NAME COMMAND: what a crash of the very first start may leave.
left() {
	rm -rf "$work/first"
	mkdir -m 700 "$work/first"
	(cd "$work/first" && eval "$2")
	launch_estuaryd first
	if await_estuaryd first >"$work/why"; then
		ok "a first start that ended with $1: the next works"
		stop_estuaryd first
		same "and its store is sound" ok "$(integrity first)"
	else
		not_ok "a first start that ended with $1"
		cat "$work/why"
	fi
}
# shellcheck disable=SC2016 # expands in left
{
	left "an empty database" 'umask 077; : >estuary.db'
	left "half a CA" 'mkdir -m 700 ca.tmp; umask 277; echo >ca.tmp/root.key;
		echo x >ca.tmp/issuing.key.tmp'
	left "half a configuration" 'umask 077; echo "# half" >estuary.conf.tmp'
	left "a CA and no certificate" 'cp -a "$work/main/ca" .; umask 077
		sqlite3 estuary.db "$(sqlite3 "$work/main/estuary.db" ".schema --nosys")
		PRAGMA application_id=$(sqlite3 "$work/main/estuary.db" \
			"PRAGMA application_id");
		PRAGMA user_version=$(sqlite3 "$work/main/estuary.db" \
			"PRAGMA user_version")"'
	left "half a server certificate" ': >server.pem.tmp'
}
finish
