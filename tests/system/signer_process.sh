#!/usr/bin/env bash
# The signer as a process of its own, next to a real estuaryd: what it is shut
# off from, that its death stops nothing that needs no signature, that it comes
# back, and that it goes when estuaryd does. Usage: signer_process.sh BUILD
# Exit status: 0 all held, 1 something did not.
# As root it looks into the processes too. It prints how long an issue takes,
# and expects nothing of that.

# Some functions are called by their names, through check and within.
# shellcheck disable=SC2317

set -u

if [ $# -ne 1 ] || [ ! -x "$1/estuaryd" ]; then
	echo "usage: $0 BUILD_DIRECTORY" >&2
	exit 1
fi
build=$(cd "$1" && pwd)
dir=$(mktemp -d /tmp/estuary-signer-test.XXXXXX)
state=$dir/state
log=$dir/estuaryd.log
python=/usr/bin/python3
failed=0
estuaryd=
load=()

cleanup() {
	local pid

	[ "$BASHPID" = "$$" ] || return 0
	for pid in "${load[@]}" $estuaryd; do
		kill -KILL "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

# What sanitizers find, in a build that has them, goes to files.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}log_path=$dir/sanitizer"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}log_path=$dir/sanitizer"
export TSAN_OPTIONS="${TSAN_OPTIONS:+$TSAN_OPTIONS:}log_path=$dir/sanitizer"

not_ok() {
	echo "not ok - $1"
	failed=1
}

# check TEXT COMMAND...
check() {
	local text=$1

	shift
	if "$@" >"$dir/out" 2>&1; then
		echo "ok - $text"
	else
		not_ok "$text"
		tail -n 5 "$dir/out" | sed 's/^/#   /'
	fi
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

# within MS COMMAND...: tries until it succeeds or the time is over.
within() {
	local end=$(($(now_ms) + $1))

	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(now_ms)" -lt "$end" ] || return 1
		sleep 0.02
	done
}

ctl() {
	"$build/estuaryctl" --state "$state" "$@"
}

start_estuaryd() {
	: >"$log"
	"$build/estuaryd" --state "$state" --set server.listen=127.0.0.1:0 \
		--set server.name=est.lab.test --set ca.domain=lab.test \
		--set mdns.enabled=no 2>>"$log" </dev/null &
	estuaryd=$!
	if ! within 30000 grep -q '^ready listen=' "$log"; then
		not_ok "estuaryd starts"
		cat "$log"
		exit 1
	fi
	url=https://$(sed -n 's/^ready listen=//p' "$log")/.well-known/est
}

# children PID: by whichever thread.
children() {
	cat "/proc/$1"/task/*/children 2>/dev/null
}

# The process that starts the signer: sets keeper.
find_keeper() {
	local pid

	for pid in $(children "$estuaryd"); do
		[ "$(cat "/proc/$pid/comm")" = estuary-keeper ] || continue
		keeper=$pid
		return 0
	done
	return 1
}

# The process that answers now: sets signer.
find_signer() {
	local pid

	find_keeper || return 1
	for pid in $(children "$keeper"); do
		[ "$(cat "/proc/$pid/comm")" = estuary-signer ] || continue
		signer=$pid
		return 0
	done
	return 1
}

is_gone() {
	[ ! -d "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

# Counted in the log since its last start.
n_starts() {
	grep -c ' signer started ' "$log"
}

# started_again N: there were more than N starts.
started_again() {
	[ "$(n_starts)" -gt "$1" ]
}

issue() { # NAME
	ctl dns-server issue --name "$1.lab.test" --label domain-s:853 \
		--out "$dir/certs/$1-$BASHPID-$RANDOM"
}

# issue_refused NAME: with a reason that names the signer.
issue_refused() {
	local status=0

	issue "$1" >"$dir/refused" 2>&1 || status=$?
	cat "$dir/refused"
	[ "$status" -ne 0 ] && [ "$status" -lt 4 ] &&
		grep -Eq 'signer|closed|busy' "$dir/refused"
}

# Also says which status it was.
serves() { # PATH
	[ "$(curl -sk -o /dev/null -w '%{http_code}' --max-time 5 "$url/$1")" \
		= 200 ]
}

# --- two processes ---

mkdir "$dir/certs"
start_estuaryd
check "estuaryd has a keeper, and that the signer" find_signer
only_those() {
	[ "$(children "$estuaryd" | wc -w)" = 1 ] &&
		[ "$(children "$keeper" | wc -w)" = 1 ]
}
check "and no other" only_those
relaxed=no
if grep -q 'signer is not shut in reason="built with sanitizers"' "$log"; then
	relaxed=yes
	echo "# built with sanitizers: the signer is not shut in"
fi
check "the log says how it is shut in" \
	grep -Eq 'signer started .*sandbox="(seccomp|none)' "$log"
status_has() { # FIELD VALUE
	grep -q "^$1:[[:space:]]*$2\$" "/proc/$signer/status"
}
check "it has no new privileges" status_has NoNewPrivs 1
[ "$relaxed" = yes ] ||
	check "it has a filter of system calls" status_has Seccomp 2
check "--help does not show it" bash -c \
	"! '$build/estuaryd' --help | grep -q signer"
by_hand() {
	local status=0

	"$build/estuaryd" --signer 3 2>&1 || status=$?
	[ "$status" = 1 ]
}
check "it is not started by hand" by_hand

fds_are_few() {
	local fd target flags n=0 sockets=0

	for fd in "/proc/$signer/fd"/*; do
		target=$(readlink "$fd")
		n=$((n + 1))
		case $target in
		/dev/null | "$log") ;;
		socket:*)
			sockets=$((sockets + 1))
			# Of the kind that leaves no machine.
			grep -q " $(tr -dc 0-9 <<<"$target")\$" \
				"/proc/$signer/net/unix" || return 1
			;;
		"$state/ca/issued.log")
			flags=$(sed -n 's/^flags:[[:space:]]*//p' \
				"/proc/$signer/fdinfo/${fd##*/}")
			# O_WRONLY, O_APPEND
			[ $((8#$flags & 8#2003)) = $((8#2001)) ] || return 1
			;;
		*)
			echo "$target"
			return 1
			;;
		esac
	done
	echo "$n descriptors, $sockets sockets"
	[ "$n" = 5 ] && [ "$sockets" = 1 ]
}
# has_key PID: the issuing CA's private key is somewhere in its memory.
has_key() {
	"$python" - "$1" "$state/ca/issuing.key" <<-'PYTHON'
		import re, subprocess, sys
		text = subprocess.run(["openssl", "pkey", "-in", sys.argv[2], "-noout",
		                       "-text"], capture_output=True, text=True).stdout
		hexes = re.search(r"priv:([\s0-9a-f:]*)pub:", text).group(1)
		key = bytes.fromhex(re.sub(r"[^0-9a-f]", "", hexes))[-32:]
		assert len(key) == 32
		found = False
		memory = open("/proc/%s/mem" % sys.argv[1], "rb", 0)
		for line in open("/proc/%s/maps" % sys.argv[1]):
		    start, end = (int(x, 16) for x in line.split()[0].split("-"))
		    # Sanitizers' shadow memory is larger than that, and empty.
		    if "r" not in line.split()[1] or end - start > 1 << 27:
		        continue
		    try:
		        memory.seek(start)
		        part = memory.read(end - start)
		    except OSError:
		        continue
		    found = found or key in part or key[::-1] in part
		sys.exit(0 if found else 1)
	PYTHON
}
has_no_key() {
	local status=0

	has_key "$1" || status=$?
	[ "$status" = 1 ]
}
environment_is_empty() {
	[ "$(tr -d '\0' <"/proc/$signer/environ" | wc -c)" = 0 ]
}
check "a certificate is issued" issue dns
if [ "$(id -u)" = 0 ]; then
	check "the signer can read no file and has no network" fds_are_few
	[ "$relaxed" = yes ] ||
		check "its environment is empty" environment_is_empty
	check "the CA's key is in the signer's memory" has_key "$signer"
	check "and not in estuaryd's" has_no_key "$estuaryd"
	check "nor in its keeper's" has_no_key "$keeper"
	check "estuaryd has nothing of the CA open" bash -c \
		"! readlink /proc/$estuaryd/fd/* | grep -q '/ca/'"
else
	echo "# not root: what the processes hold is not looked at"
fi

# --- its death, under load ---

# Issues until the file is gone; one line an attempt.
load_loop() {
	local status

	while [ -e "$dir/loading" ]; do
		status=0
		issue "load$1" >"$dir/load$1.out" 2>&1 || status=$?
		echo "$status $(tr '\n' ' ' <"$dir/load$1.out")" \
			>>"$dir/load$1.results"
	done
}
n_issued() {
	cat "$dir"/load*.results 2>/dev/null | grep -c '^0 '
}
more_issued_than() {
	[ "$(n_issued)" -gt "$1" ]
}

touch "$dir/loading"
for i in 1 2; do
	load_loop "$i" &
	load+=($!)
done
check "certificates are issued under load" within 20000 more_issued_than 3
starts=$(n_starts)
kill -KILL "$signer"
check "its death is noticed" within 10000 grep -q ' signer ended ' "$log"
check "cacerts is served meanwhile" serves cacerts
check "eecerts is served meanwhile" serves eecerts
check "it is started again by itself" within 20000 started_again "$starts"
issued=$(n_issued)
check "and issues again" within 20000 more_issued_than $((issued + 3))
rm "$dir/loading"
wait "${load[@]}"
load=()
# Those that failed say that it was the signer.
only_clear_refusals() {
	cat "$dir"/load*.results | grep -v '^0 ' >"$dir/refusals"
	cat "$dir/refusals"
	! grep -vE '^[1-3] .*(signer|closed|busy)' "$dir/refusals"
}
check "whoever was refused was told why" only_clear_refusals
check "it was reaped" is_gone "$signer"
check "one signer is there" find_signer
check "and no other" only_those

# --- no key: nothing is signed, all else goes on ---

mv "$state/ca/issuing.key" "$dir/issuing.key"
check "the keys were read once: it goes on without the file" issue nokey
ended=$(grep -c ' signer ended ' "$log")
ended_again() {
	[ "$(grep -c ' signer ended ' "$log")" -gt "$ended" ]
}
kill -KILL "$signer"
check "its death is noticed" within 10000 ended_again
check "no signature without the key" issue_refused refused
check "cacerts is served meanwhile" serves cacerts
check "eecerts is served meanwhile" serves eecerts
check "an identity is made meanwhile" ctl identity add phone
check "the log says what is missing" within 20000 \
	grep -q 'signer ended .*ca/issuing.key' "$log"
starts=$(n_starts)
mv "$dir/issuing.key" "$state/ca/issuing.key"
check "it comes back with the key" within 40000 started_again "$starts"
check "and issues again" issue again

# --- one that does not answer ---

find_signer
starts=$(n_starts)
kill -STOP "$signer"
check "a request that gets no answer is refused in the end" \
	issue_refused stopped
check "such a signer is ended" within 10000 is_gone "$signer"
check "and another started" within 60000 started_again "$starts"

# --- the log of what was issued ---

all_in_log() {
	"$python" - "$build/estuaryctl" "$state" <<-'PYTHON'
		import json, re, subprocess, sys
		logged = set(re.findall(r" serial=([0-9a-f]+) ",
		                        open(sys.argv[2] + "/ca/issued.log").read()))
		seen, cursor = 0, None
		while True:
		    command = [sys.argv[1], "--state", sys.argv[2], "--json", "cert", "list"]
		    if cursor is not None:
		        command += ["--cursor", str(cursor)]
		    page = json.loads(subprocess.run(command, capture_output=True).stdout)
		    for item in page["items"]:
		        seen += 1
		        if item["serial"] not in logged:
		            sys.exit("not in the log: " + item["serial"])
		    cursor = page["next"]
		    if cursor is None:
		        break
		print(seen, "certificates, all of", len(logged), "in the log")
		sys.exit(0 if seen > 5 else "too few certificates")
	PYTHON
}
check "every certificate of the store is in the signer's log" all_in_log
sed 's/^/# /' "$dir/out"

# --- the end, and another start ---

before=$(now_ms)
for _ in $(seq 20); do
	issue dns >/dev/null 2>&1 || not_ok "a certificate is issued"
done
echo "# dns-server issue: $((($(now_ms) - before) / 20)) ms each, with its" \
	"program, key and commit"
ctl ca show >"$dir/root.pem"
find_signer
before=$(now_ms)
kill -TERM "$estuaryd"
status=0
wait "$estuaryd" || status=$?
echo "# SIGTERM: $(($(now_ms) - before)) ms"
check "SIGTERM ends estuaryd with 0" test "$status" = 0
check "and the signer with it" is_gone "$signer"
check "and the keeper" is_gone "$keeper"

start_estuaryd
same_root() {
	ctl ca show | cmp - "$dir/root.pem"
}
check "it is the same CA after a restart" same_root
find_signer
kill -KILL "$estuaryd"
check "SIGKILL of estuaryd ends the signer within a second" \
	within 1000 is_gone "$signer"
check "and the keeper" within 1000 is_gone "$keeper"
wait "$estuaryd" 2>/dev/null
estuaryd=

for file in "$dir"/sanitizer*; do
	[ -f "$file" ] || continue
	not_ok "no sanitizer has anything to say"
	head -n 40 "$file"
done
exit "$failed"
