#!/usr/bin/env bash
# The server's sandbox, from within: a library in the real estuaryd does what an
# attacker's code would (step_out.c). What is not refused ends the process. And
# what must go on outside of it does: SIGHUP, renewals, the end.
# shellcheck disable=SC2317 # functions that checks call
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/foreign_ca.sh
. "$(dirname "$0")/foreign_ca.sh"

need_plain_build "they relax the sandbox"

"${CC:-cc}" -D_GNU_SOURCE -shared -fPIC -o "$work/step_out.so" \
	"$system_dir/step_out.c" || not_ok "step_out.c compiles"

listen_port=$(free_port)
other_port=$(free_port)
echo secret >"$work/file"

# start ARGUMENT...: with the library.
start() {
	export LD_PRELOAD=$work/step_out.so STEP_STATE=$work/main \
		STEP_FILE=$work/file STEP_PORT=$other_port
	start_estuaryd main "$@"
	unset LD_PRELOAD STEP_STATE STEP_FILE STEP_PORT
	pid=${estuaryd_pid[main]}
}

says() {
	sed -n "s/^stepped $1 //p" "$work/main.log" | tail -n 1
}
has_said() {
	[ -n "$(says "$1")" ]
}

# queue NUMBER: the library tries that.
queue() {
	"$python" -c 'import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
sys.exit(libc.sigqueue(int(sys.argv[1]), 12, ctypes.c_void_p(int(sys.argv[2]))))' \
		"$pid" "$1"
}

# tries NUMBER: what came of it.
tries() {
	queue "$1"
	wait_for 10 has_said "$1"
	says "$1"
}

# in_worker NUMBER: the same, by the worker that takes the next connection.
in_worker() {
	queue $((1000 + $1))
	curl -sk --max-time 10 -o /dev/null \
		"https://127.0.0.1:$listen_port/.well-known/est/cacerts"
	wait_for 10 has_said $((1000 + $1))
	says $((1000 + $1))
}

write_config main
sed -i "s/^listen = .*/listen = 127.0.0.1:$listen_port/" "$work/main.conf"
cp "$work/main.conf" "$work/plain.conf"

# --- shut in ---

start --set brski.enabled=no
if grep -q 'server is not shut in reason="built with sanitizers"' \
	"$work/main.log"; then
	echo "built with sanitizers: nothing is shut in"
	stop_estuaryd main
	exit 77
fi
abi=$(sed -n 's/.*sandbox active landlock_abi=\([0-9]*\).*/\1/p' \
	"$work/main.log")
matches "the log says what is active" \
	'sandbox active landlock_abi=[0-9]+ files=(yes|no) ports=.* seccomp=yes' \
	"$(cat "$work/main.log")"
same "a filter of system calls in every thread" 2 \
	"$(sed -n 's/^Seccomp:\t//p' "/proc/$pid/task"/*/status | sort -u)"
same "and no new privileges" 1 \
	"$(sed -n 's/^NoNewPrivs:\t//p' "/proc/$pid/task"/*/status | sort -u)"
if [ "$(find "/proc/$pid/task" -maxdepth 1 -mindepth 1 | wc -l)" -gt 3 ]; then
	ok "of which there are some"
else
	not_ok "of which there are some"
fi
read -r keeper _ <"/proc/$pid/task/$pid/children"
same "the keeper has a filter" 2 \
	"$(sed -n 's/^Seccomp:\t//p' "/proc/$keeper/status")"

same "it may open the database again" 'done' "$(tries 30)"
same "and read what is the system's" 'done' "$(tries 31)"
files=(1 "the root's key" 2 "the issuing key" 3 "records.key"
	4 "a file somewhere else" 5 "writing the configuration"
	6 "a new file in the state directory" 7 "removing the signer's log"
	8 "moving it" 9 "a second name for the key" 10 "a new file in /etc"
	11 "another process's entry in /proc")
if [ "${abi:-0}" -ge 1 ]; then
	for ((i = 0; i < ${#files[@]}; i += 2)); do
		matches "${files[i + 1]}: refused" '^(EACCES|EXDEV)$' \
			"$(tries "${files[i]}")"
	done
	same "a worker may open the database again" 'done' "$(in_worker 30)"
	same "the root's key, by a worker: refused" EACCES "$(in_worker 1)"
	if [ -e "$work/main/ca/issued.log" ]; then
		ok "and the log is there"
	else
		not_ok "and the log is there"
	fi
fi
if [ "${abi:-0}" -ge 4 ]; then
	same "listening on another port: refused" EACCES "$(tries 12)"
	same "connecting anywhere: refused" EACCES "$(tries 13)"
fi
[ "${abi:-0}" -ge 6 ] &&
	same "a signal to another process: refused" EPERM "$(tries 14)"
same "a fork: refused" EPERM "$(tries 15)"
same "memory to write and execute: refused" EPERM "$(tries 16)"
same "a raw socket: refused" EAFNOSUPPORT "$(tries 17)"
check "after all that it serves" ctl main status

# What never was in order is the end.
for attempt in 40 41 42; do
	signer=$(cat "/proc/$keeper/task/$keeper/children")
	status=0
	queue "$attempt"
	wait "$pid" 2>/dev/null || status=$?
	same "attempt $attempt: killed by SIGSYS" $((128 + 31)) "$status"
	same "and it did not come back from it" '' "$(says "$attempt")"
	gone() {
		[ ! -e "/proc/$keeper" ] && [ ! -e "/proc/${signer// /}" ]
	}
	check "with the keeper and the signer" wait_for 5 gone
	start --set brski.enabled=no
	read -r keeper _ <"/proc/$pid/task/$pid/children"
done

# --- the signer's death: another is started from within the sandbox ---

starts() {
	grep -c ' signer started ' "$work/main.log"
}
second_start() {
	[ "$(starts)" -ge 2 ]
}
kill -KILL "$(cat "/proc/$keeper/task/$keeper/children")"
check "the signer is started again" wait_for 20 second_start
check "and signs" ctl main dns-server issue --name dns.lab.test \
	--label domain-s --out "$work/dns"

# --- the files of an administrator, who replaces them ---

check "a foreign CA" foreign_ca
server_cert first DNS:est.lab.test
mkdir "$work/pair"
cp "$fca/first.chain" "$work/pair/cert.pem"
install -m 0400 "$fca/first.key" "$work/pair/key.pem"
served() {
	openssl s_client -connect "127.0.0.1:$listen_port" -servername \
		est.lab.test </dev/null 2>/dev/null | openssl x509 -noout -serial |
		sed 's/serial=//; s/.*/\L&/'
}
serves_other_than() {
	local now

	now=$(served)
	[ -n "$now" ] && [ "$now" != "$1" ]
}
serves() {
	[ "$(served)" = "$1" ]
}
own=$(served)
# By a new file with the name of the old one, as editors do.
sed "s,^name = .*,&\ncert = $work/pair/cert.pem\nkey = $work/pair/key.pem," \
	"$work/plain.conf" >"$work/new.conf"
mv "$work/new.conf" "$work/main.conf"
kill -HUP "$pid"
check "SIGHUP: another certificate, from files that were not there before" \
	wait_for 20 serves "$(serial_of "$fca/first.pem")"
rm "$work/main/server.pem"
cp "$work/plain.conf" "$work/new.conf"
mv "$work/new.conf" "$work/main.conf"
kill -HUP "$pid"
check "SIGHUP: the embedded CA's again, a new one" wait_for 20 \
	serves_other_than "$(serial_of "$fca/first.pem")"
check "which is not the one before" serves_other_than "$own"
same "its file is for its owner alone" 400 \
	"$(stat -c %a "$work/main/server.pem")"

# --- the keeper's death ---

kill -KILL "$keeper"
check "without its keeper the log says what is to be done" wait_for 20 \
	grep -q 'signer ended .*keeper has ended; restart' "$work/main.log"
check "it serves what needs no signature" ctl main status
stop_estuaryd main && ok "and ends"

# --- the end ---

start
matches "with BRSKI it may connect to MASAs" \
	'sandbox active .*ports=(bind|no) ' "$(cat "$work/main.log")"
stop_estuaryd main && ok "SIGTERM"
if [ ! -e "$work/main/admin.sock" ]; then
	ok "admin.sock is gone"
else
	not_ok "admin.sock is gone"
fi
same "nothing is left in the store's log" 0 \
	"$(stat -c %s "$work/main/estuary.db-wal" 2>/dev/null || echo 0)"

# --- not shut in ---

start --set server.sandbox=no
matches "server.sandbox = no is warned of" 'warn .*not shut in.*sandbox = no' \
	"$(cat "$work/main.log")"
same "then the same attempt succeeds" 'done' "$(tries 1)"
stop_estuaryd main
finish
