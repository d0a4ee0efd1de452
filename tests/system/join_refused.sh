#!/usr/bin/env bash
# Joins that must not be: exit 1, nothing stored, and nothing that tells an
# attacker more than that.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/dns_lib.sh
. "$(dirname "$0")/dns_lib.sh"

start_estuaryd main --set pake.guesses_password=2 --set pake.backoff_max=0s

# join_refused NAME STATUS PATTERN ENDPOINT ...: as join, and nothing is stored.
join_refused() {
	local name=$1

	check_refused "$name" "$2" "$3" join "${@:4}"
	same "$name: nothing is stored" '' "$(stored "$4")"
}

# --- no DNS server yet ---

join_refused "no DNS server yet: 3, and says so" 3 'no DNS server' none main \
	"$(new_code main early)"
issue_dns main dns

# --- codes that do not do ---

port=${estuaryd_listen[main]##*:}

# True once the relay has seen both sides end.
# shellcheck disable=SC2317 # called through wait_for
relay_is_done() {
	[ "$(grep -c '^end of' "$1")" -ge 2 ]
}

# trace NAME CODE: tries CODE through a relay; the records are $work/NAME.trace.
trace() {
	start_relay "$port" look "$work/$1.trace"
	printf '%s\n' "$2" >"$work/code"
	check_refused "$1: 1" 1 '^estuary-join: refused: .*does not know the code' \
		endpoint "$1" join --server "127.0.0.1:$relay_port" \
		--server-name "${3:-est.lab.test}" --code-file "$work/code"
	sed "s/:$relay_port/:PORT/" "$work/err" >"$work/$1.said"
	same "$1: nothing is stored" '' "$(stored "$1")"
	wait_for 10 relay_is_done "$work/$1.trace"
	stop_relay
}

good=$(new_code main good)
trace wrong-secret "$(wrong_secret "$good")"
trace unknown "$(recode "$good" 's/^..../7777/')"
trace other-name "$good" other.lab.test
used=$(new_code main used)
join used main "$used" >/dev/null 2>&1 || not_ok "a good code works"
trace used-up "$used"
expired=$(new_code main late --expires 1s)
wait_for 5 sh -c "'$build/estuaryctl' --state '$work/main' --json identity list |
	grep -q '\"expired\"'" || not_ok "an identity expires"
trace expired "$expired"
removed=$(new_code main removed)
ctl main identity remove "${removed:0:4}${removed:5:4}" ||
	not_ok "an identity is removed"
trace removed "$removed"

# A chosen password, locked after two wrong guesses.
printf 'correct horse battery\n' >"$work/password"
"$build/estuaryctl" --state "$work/main" identity add carol --password-stdin \
	<"$work/password" >/dev/null || not_ok "an identity with a password"
printf 'wrong horse battery\n' >"$work/wrong"
# shellcheck disable=SC2317 # called through check
password_join() {
	endpoint carol join --server "127.0.0.1:${2:-$port}" --server-name \
		est.lab.test --identity carol --code-file "$work/$1"
}
for n in 1 2; do
	check_refused "a wrong password, time $n" 1 'does not know' \
		password_join wrong
done
same "locks the identity" locked "$(ctl_json main identity list |
	json '[i["state"] for i in d["items"] if i["name"] == "carol"][0]')"
start_relay "$port" look "$work/locked.trace"
check_refused "locked: the right password is refused too" 1 'does not know' \
	password_join password "$relay_port"
sed "s/:$relay_port/:PORT/" "$work/err" >"$work/locked.said"
wait_for 10 relay_is_done "$work/locked.trace"
stop_relay
same "locked: nothing is stored" '' "$(stored carol)"
ctl main identity unlock carol || not_ok "unlock"
check "unlocked, it joins" password_join password

# The same to whoever looks on, and to whoever tries. An ECDSA signature may be
# some bytes longer or shorter.
check "all of them look the same on the wire" "$python" -c '
import sys
def read(path):
    return [line.split() for line in open(path)]
first = read(sys.argv[1])
assert len(first) >= 4, first
for path in sys.argv[2:]:
    other = read(path)
    # Both sides may speak at once: the order within each is what counts.
    for side in "client", "server":
        a = [r for r in first if r[0] == side]
        b = [r for r in other if r[0] == side]
        assert len(a) == len(b), (path, a, b)
        for x, y in zip(a, b):
            assert x[1] == y[1] and x[3:] == y[3:], (path, x, y)
            # The name asked for is in the ClientHello.
            assert abs(int(x[2]) - int(y[2])) <= 6, (path, x, y)' \
	"$work"/{wrong-secret,unknown,other-name,used-up,expired,removed,locked}.trace
for name in unknown other-name used-up expired removed locked; do
	same "$name says what a wrong secret does" "$(cat "$work/wrong-secret.said")" \
		"$(cat "$work/$name.said")"
done
check "the good code is as good as before" join good main "$good"

ctl_json main audit >"$work/audit.json"
check "each has its audit row, the repeated ones a count" "$python" -c '
import json, sys
rows = [i for i in json.load(open(sys.argv[1]))["items"]
        if i["event"] == "pake.refused"]
assert all(r["source"] == "127.0.0.1" for r in rows), rows
n = {}
for r in rows:
    n[r["detail"]] = n.get(r["detail"], 0) + r["count"]
want = {"unknown identity": 2, "used up": 1, "expired": 1,
        "locked: no guess is left": 1, "asked for another server name": 1,
        "wrong password, or the peer gave up": 3}
assert n == want, n
carol = [r for r in rows if r["subject"] == "carol" and "wrong" in r["detail"]]
assert len(carol) == 1 and carol[0]["count"] == 2, carol' "$work/audit.json"
bare=${removed//-/}
same "a code that nobody has is in no log" 0 "$(grep -rc "${bare:8:11}" \
	"$work/main.log" "$work/audit.json" | cut -d: -f2 | sort -u)"

# --- codes that are none: 2, before anything is sent ---

: >"$work/connections"
start_relay - count "$work/connections"
code=$(new_code main typed)
# mistyped NAME CODE
mistyped() {
	printf '%s\n' "$2" >"$work/code"
	check_refused "$1: 2" 2 "onboarding code|the code's|too large" endpoint typed join --server \
		"127.0.0.1:$relay_port" --code-file "$work/code"
}
bare=${code//-/}
for i in {0..19}; do
	c=7
	[ "${bare:i:1}" != 7 ] || c=K
	mistyped "character $((i + 1)) mistyped" "${bare:0:i}$c${bare:i+1}"
done
mistyped "nothing" ''
mistyped "a character too few" "${bare:0:19}"
mistyped "a character too many" "${bare}0"
mistyped "a U" "U${bare:1}"
mistyped "a long line" "$(printf 'A%.0s' {1..600})"
mistyped "a URI of something else" 'https://lab.test/'
mistyped "a URI without a code" 'estuary:?n=est.lab.test'
mistyped "a URI with a bad name" "estuary:$code?n=est..test"
mistyped "a URI with half a hash" "estuary:$code?n=est.lab.test&r=AAAA"
mistyped "ESC in it" "$(printf '\033[2J%s' "$code")"
check_refused "no such code file" 2 . endpoint typed join --server \
	"127.0.0.1:$relay_port" --code-file "$work/nowhere"
same "and nothing was sent" 0 "$(wc -l <"$work/connections")"
same "nothing stored either" '' "$(stored typed)"
stop_relay
matches "the typed code itself is still good" Joined \
	"$(join typed main "$code" 2>&1)"

# --- servers that are not the one ---

start_estuaryd rogue
ctl rogue dns-server issue --name dns.lab.test --label domain-s --out \
	"$work/rogue-dns" >/dev/null
code=$(new_code main rogue)
join_refused "a server of the same name that has not the code" 1 \
	'does not know the code' rogue rogue "$code"
uri=$(ctl_json main identity add other-root | json 'd["uri"]')
hash=${uri##*r=}
other=$(ctl_json rogue identity add x | json 'd["uri"].split("r=")[1]')
same "two appliances have two roots" different \
	"$([ "$hash" = "$other" ] && echo one || echo different)"
join_refused "the code names another root" 1 'root' root main \
	"${uri/r=$hash/r=$other}"
uri=$(ctl_json main identity add other-name | json 'd["uri"]')
join_refused "the code names another server" 1 'does not know|refused' name \
	main "${uri/n=est.lab.test/n=est2.lab.test}"
stop_estuaryd rogue

# A TLS server with a certificate that every endpoint of the old world believes.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-keyout "$work/web.key" -out "$work/web.pem" -subj /CN=est.lab.test \
	-addext subjectAltName=DNS:est.lab.test 2>/dev/null
web_port=$(free_port)
openssl s_server -accept "127.0.0.1:$web_port" -key "$work/web.key" -cert \
	"$work/web.pem" -quiet -www >/dev/null 2>&1 </dev/null &
started_pids+=("$!")
wait_for 10 port_is_open "$web_port"
printf '%s\n' "$(new_code main web)" >"$work/code"
check_refused "a server without the PAKE" 1 'does not take part' endpoint web \
	join --server "127.0.0.1:$web_port" --code-file "$work/code"
same "nothing is stored" '' "$(stored web)"
check_refused "nobody there" 3 'reach' endpoint web join --server \
	"127.0.0.1:$(free_port)" --code-file "$work/code"
check_refused "no such host" 3 . endpoint web join --server \
	"nothing.invalid:443" --code-file "$work/code"
for server in '' ':' '127.0.0.1:' '127.0.0.1:0' '127.0.0.1:65536' '[::1' 'a b:1'; do
	if join web main "$(cat "$work/code")" --server "$server" \
		>"$work/said" 2>&1; then
		not_ok "no server: '$server'"
	else
		same "no server: '$server'" '' "$(stored web)"
	fi
done

# --- somebody in the middle ---

# A password, so that one identity serves for all of these; each wrong guess is
# one of very many.
stop_estuaryd main
start_estuaryd main --set pake.guesses_password=1000 --set pake.backoff_max=0s \
	--set pake.source_burst=10000 --set pake.total_burst=10000
port=${estuaryd_listen[main]##*:}
"$build/estuaryctl" --state "$work/main" identity add dave --password-stdin \
	<"$work/password" >/dev/null || not_ok "an identity with a password"
dave() {
	endpoint dave join --server "127.0.0.1:$relay_port" --server-name \
		est.lab.test --identity dave --code-file "$work/password"
}
start_relay "$port" look "$work/dave.trace"
check "a relay that does nothing is in nobody's way" dave
wait_for 10 relay_is_done "$work/dave.trace"
stop_relay
endpoint dave forget >/dev/null
# The records up to the last reply: what the server says after the endpoint has
# all it wants is nobody's loss.
passed=0
for side in client server; do
	n=$(grep -c "^$side" "$work/dave.trace")
	for ((i = 0; i < n - 2; i++)); do
		for where in 0.5 1; do
			# Half of them in the middle, half at the end.
			[ $((i % 2)) = "${where/0.5/0}" ] || continue
			start_relay "$port" flip "$side" "$i" "$where"
			status=0
			dave >"$work/out" 2>"$work/err" || status=$?
			stop_relay
			# A changed ChangeCipherSpec of TLS 1.3 says nothing.
			if [ "$status" -eq 1 ] || [ "$status" -eq 3 ] &&
				[ -z "$(stored dave)" ] && [ -s "$work/err" ]; then
				passed=$((passed + 1))
				continue
			fi
			not_ok "record $i of the $side with a bit changed at $where: $status"
			show "$work/err"
			endpoint dave forget >/dev/null 2>&1
		done
	done
done
check "a bit changed in any record: never joined ($passed ways)" \
	[ "$passed" -gt 10 ]
passed=0
for side in client server; do
	for bytes in 5 300 1000 2500; do
		start_relay "$port" cut "$side" "$bytes"
		status=0
		dave >"$work/out" 2>"$work/err" || status=$?
		stop_relay
		if [ "$status" -ne 0 ] && [ -z "$(stored dave)" ]; then
			passed=$((passed + 1))
		elif [ "$status" -ne 0 ]; then
			not_ok "cut after $bytes bytes of the $side: something is stored"
		else
			endpoint dave forget >/dev/null 2>&1
		fi
	done
done
check "a connection cut anywhere: never half joined ($passed ways)" \
	[ "$passed" -gt 4 ]
check "after all that, dave can still join" endpoint dave join --server \
	"127.0.0.1:$port" --identity dave --code-file "$work/password"

# --- where nothing can be stored ---

: >"$work/endpoint-file"
code=$(new_code main kept)
check_refused "where nothing can be stored: says so" 1 . join file main "$code"
same "and the code is not used up for it" 1 "$(ctl_json main identity list |
	json '[i["uses_left"] for i in d["items"] if i["name"] == "kept"][0]')"
finish
