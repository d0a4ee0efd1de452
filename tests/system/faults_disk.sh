#!/usr/bin/env bash
# Disks that fail while certificates are handed out: full, a write or a sync that
# ends with EIO, and a sync that loses what it should have kept. What is not
# durable is not handed out, what needs no disk goes on, and when the disk is
# well again all goes on by itself.
# Some functions are called by their names, through check and wait_for.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/faults_lib.sh
. "$(dirname "$0")/faults_lib.sh"
# shellcheck source=tests/system/fault_lib.sh
. "$(dirname "$0")/fault_lib.sh"

# now: of the clock that the load's lines have.
now() {
	"$python" -c 'import time; print(time.monotonic())'
}

# between FROM TO EXPRESSION: how many answers a to what was asked for and
# answered between the two.
between() {
	"$python" -c 'import json, sys
since, until = map(float, sys.argv[2:4])
answers = (json.loads(line) for line in open(sys.argv[1]) if line[-1] == "\n")
print(sum(1 for a in answers if a["at"] > since and
          a["at"] + a["ms"] / 1000 < until and eval("(" + sys.argv[4] + ")")))' \
		"$work/main.load" "$@"
}

refused_by_now() {
	[ "$(between "$1" "$(now)" 'a["kind"] == "enroll" and
		a["status"] >= 500')" -ge "$2" ]
}

# suffers NAME LOG-PATTERN: what is wrong begins now, and is known.
suffers() {
	local name=$1 pattern=$2 from to pid=${estuaryd_pid[main]}

	from=$(now)
	check "$name: certificates are refused" wait_for 20 \
		refused_by_now "$from" 5
	check "$name: reads go on" wait_for 20 answered main read 200 5 \
		"$(mark main)"
	to=$(now)
	same "$name: nothing is handed out" 0 "$(between "$from" "$to" \
		'a["kind"] in ("enroll", "reenroll", "basic", "dns") and
		a["status"] == 200')"
	same "$name: each refusal is a 503 with a reason" 0 \
		"$(between "$from" "$to" 'a["kind"] in ("enroll", "reenroll") and
		(a["status"] not in (0, 503) or a["status"] and
		not a["why"].startswith("nothing can be stored"))')"
	same "$name: no read fails" 0 "$(between "$from" "$to" \
		'a["kind"] == "read" and a["status"] != 200')"
	matches "$name: the log says what is wrong" "$pattern" \
		"$(tail -n 300 "$work/main.log")"
	check "$name: it runs on" kill -0 "$pid"
}

# recovers NAME: what was wrong has ended.
recovers() {
	check "$1: certificates again, without a restart" wait_for 20 \
		answered main enroll 200 5 "$(mark main)"
	whole main "$1: nothing is lost"
}

killed_and_started() {
	kill_estuaryd main
	faults none both
	whole main "$1: SIGKILL amid it"
	start_estuaryd main "${freely[@]}"
	check "$1: the next start verifies the log" ctl main audit --verify
	check "$1: and gives certificates" wait_for 20 \
		answered main enroll 200 2 "$(mark main)"
}

# --- full ---

mkdir -m 700 "$work/main"
mount -t tmpfs -o size=24m,mode=700 tmpfs "$work/main"
start_estuaryd main "${freely[@]}"
start_load main --rate 20
cat /dev/zero >"$work/main/filler" 2>"$work/full"
matches "the disk is full" 'No space left' "$(cat "$work/full")"
suffers full 'database or disk is full|issued certificates cannot be written'
rm "$work/main/filler"
recovers full

# Whatever page has room left: the store's writes alone, then the signer's.
faults full estuaryd
suffers "full for the store" 'database or disk is full'
killed_and_started "full for the store"
faults full signer
suffers "full for the signer" 'issued certificates cannot be written'
faults none signer
recovers "full for the signer"
faults half signer
suffers "half a line in issued.log" 'issued certificates cannot be written'
faults none signer
recovers "half a line in issued.log"
faults half signer
suffers "half a line again" 'issued certificates cannot be written'
killed_and_started "half a line again"

# --- errors ---

faults write estuaryd
suffers "EIO at a write" 'store failed .*error='
faults none estuaryd
recovers "EIO at a write"
faults sync estuaryd
suffers "EIO at a sync" 'store failed .*COMMIT.*error='
faults none estuaryd
recovers "EIO at a sync"
faults sync estuaryd
suffers "EIO at a sync again" 'store failed .*COMMIT.*error='
killed_and_started "EIO at a sync again"

# A page whose sync failed is clean for the kernel, and may be gone: the next
# commit must not lean on it.
for _ in 1 2 3 4 5 6; do
	faults lose estuaryd
	from=$(now)
	wait_for 20 refused_by_now "$from" 2 || not_ok "a lost sync is refused"
	faults none estuaryd
	wait_for 20 answered main enroll 200 2 "$(mark main)" ||
		not_ok "certificates again behind a lost sync"
done
whole main "syncs that lost what they should keep"
check "the log verifies" ctl main audit --verify
faults lose estuaryd
suffers "a lost sync" 'store failed .*COMMIT.*error='
killed_and_started "a lost sync"

# The signer syncs its checkpoints alone.
faults sync signer
check "a log without syncs stops no certificate" wait_for 20 \
	answered main enroll 200 5 "$(mark main)"
stop_load main
check "SIGTERM without a checkpoint" stop_estuaryd main
matches "which is said" 'no checkpoint of the audit log' "$(cat "$work/main.log")"
faults write both
launch_estuaryd main "${freely[@]}"
status=0
wait "${estuaryd_pid[main]}" || status=$?
same "no start on such a disk" 1 "$status"
matches "which says why" 'I/O error|cannot be (made|written)' \
	"$(cat "$work/main.log")"
faults none both
start_estuaryd main "${freely[@]}"
check "a start on a good one" ctl main audit --verify
check "SIGTERM" stop_estuaryd main
check "the chain and its checkpoints verify without our programs" \
	"$python" "$system_dir/audit_chain.py" "$work/main/estuary.db" \
	"$work/main/ca/issuing.crt"
umount -l "$work/main"

# --- what did not leave takes nothing from the signer's hourly bound ---

start_estuaryd few --set ca.rate_endpoint=10
save_root few
check "20 requests on a full disk, and then 5 on one with room" \
	"$python" -B - "$build" "$work" few "${estuaryd_listen[few]}" <<-'PYTHON'
		import os, sys
		sys.path.insert(0, os.environ["SYSTEM_DIR"])
		from enroll_lib import PASSWORD, Appliance
		from est_client import EST, b64, basic, make_csr

		few = Appliance(*sys.argv[1:5])
		few.password("busy")
		connection = few.client.connect()

		def enroll(n, bit):
		    with open(few.work + "/faults", "r+b") as f:
		        f.seek(1)
		        f.write(bytes([bit]))
		    return {connection.exchange(
		        "POST", EST + "/simpleenroll", b64(make_csr("busy")),
		        basic("busy", PASSWORD)).status for _ in range(n)}

		assert enroll(20, 8) == {503}
		assert enroll(5, 0) == {200}
	PYTHON
finish
