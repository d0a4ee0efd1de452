#!/usr/bin/env bash
# A manufacturer's service that is not there, hangs, or answers garbage, while
# devices ask for vouchers and others for certificates: these notice nothing,
# and devices are told in time to come again, until it is back.
# Some functions are called by their names, through check and wait_for.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/fault_lib.sh
. "$(dirname "$0")/fault_lib.sh"
# shellcheck source=tests/system/pledge_lib.sh
. "$(dirname "$0")/pledge_lib.sh"

# The registrar answers a device after five seconds at the latest: twice that, on
# a machine with other things to do.
patience_ms=10000

# behind FROM EXPRESSION: how many answers a there are for which it holds.
behind() {
	tail -n "+$(($1 + 1))" "$work/main.load" | "$python" -c 'import json, sys
answers = map(json.loads, sys.stdin)
print(sum(1 for a in answers if eval("(" + sys.argv[1] + ")")))' "$2"
}

# put_off FROM: a device was told to come again.
put_off() {
	[ "$(behind "$1" 'a["kind"] == "voucher" and
		a["status"] in (202, 502, 503, 504) and a["why"]')" -ge 1 ]
}

# ailing NAME: since $from.
ailing() {
	check "$1: devices are told to come again" wait_for 20 put_off "$from"
	check "$1: certificates are handed out" wait_for 20 \
		answered main enroll 200 20 "$from"
	same "$1: to all who ask" 0 "$(behind "$from" 'a["kind"] in ("enroll",
		"reenroll", "read", "dns") and a["status"] != 200')"
	same "$1: no device gets a voucher, nor waits long" 0 \
		"$(behind "$from" 'a["kind"] == "voucher" and
		(a["status"] not in (202, 502, 503, 504) or not a["why"] or
		a["ms"] > '$patience_ms')')"
}

well() {
	check "$1: vouchers again, without a restart" wait_for 30 \
		answered main voucher 200 1 "$(mark main)"
}

make_maker 200
start_estuaryd main "${freely[@]}"
check "the manufacturer is entered" add_maker main || finish
start_load main --devices "$maker" --rate 30

from=0
ailing "not there"
start_masa --policy open
well "not there"

kill -STOP "$masa_pid"
sleep 0.5 # what it had answered comes to its devices
from=$(mark main)
ailing "hanging"
kill -CONT "$masa_pid"
well "hanging"

stop_masa
"$python" -c 'import os, socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    peer, _ = server.accept()
    peer.sendall(os.urandom(4096))
    peer.close()' "$masa_port" &
garbage_pid=$!
started_pids+=("$garbage_pid")
sleep 0.5
from=$(mark main)
ailing "garbage"
kill -KILL "$garbage_pid"
wait "$garbage_pid" 2>/dev/null
start_masa --policy open
well "garbage"

stop_load main
whole main "nothing is lost"
check "the audit log is whole" ctl main audit --verify
stop_masa
finish
