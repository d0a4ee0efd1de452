#!/usr/bin/env bash
# Whoever fills the public listener, or the administrators' own, does not keep
# an administrator out.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2317 # called through check
remote() {
	"$build/estuaryctl" --url "https://$admin" --token-file "$work/token" "$@"
}

# flood ADDRESS:PORT N SOURCE...: N connections from each that say a little and
# are kept; its output says how many are open after a while.
flood() {
	"$python" -c 'import select, socket, sys
host, port = sys.argv[1].rsplit(":", 1)
conns = []
for source in sys.argv[3:]:
    for _ in range(int(sys.argv[2])):
        s = socket.create_connection((host, int(port)), 10, (source, 0))
        s.sendall(b"\x16")
        conns.append(s)
# Those that were closed are readable.
while True:
    closed = select.select(conns, [], [], 0.5)[0]
    if not closed:
        break
    for s in closed:
        conns.remove(s)
print(len(conns), flush=True)
sys.stdin.read()' "$@" <&3 >"$work/flood.$1" &
	started_pids+=("$!")
	wait_for 20 test -s "$work/flood.$1"
}

start_estuaryd main --set admin.listen=127.0.0.1:0 --set server.workers=1 \
	--set server.max_connections=16 --set server.handshake_timeout=60s
admin=$(sed -n 's/.* admin listen=//p' "$work/main.log")
public=${estuaryd_listen[main]}
(umask 077 && ctl main token add boss --scope admin >"$work/token" 2>/dev/null)

# A pipe that nobody writes to keeps the floods' connections.
mkfifo "$work/hold"
exec 3<>"$work/hold"
flood "$public" 40 127.0.0.1
same "the public listener is full" 16 "$(cat "$work/flood.$public")"
same "its oldest idle connection gives way to one more" 200 "$(curl -sk -m 5 -o /dev/null \
	-w '%{http_code}' "https://$public/.well-known/est/cacerts")"
check "an administrator is served all the same" remote status
flood "$admin" 40 127.0.0.2
same "places of one source are taken" 32 "$(cat "$work/flood.$admin")"
check "an administrator elsewhere is served" remote status
rm "$work/flood.$admin"
flood "$admin" 40 127.0.0.3 127.0.0.4 127.0.0.5
check "and when several sources take all places" remote status
check "again" remote identity add phone
finish
