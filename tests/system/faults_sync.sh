#!/usr/bin/env bash
# A disk that ends a write or a sync with EIO while certificates are handed out,
# also one that loses what a sync should have kept. What is not durable is not
# handed out, what needs no disk goes on, and when the disk is well again all
# goes on by itself.
# Some functions are called by their names, through check and wait_for.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/faults_lib.sh
. "$(dirname "$0")/faults_lib.sh"
# shellcheck source=tests/system/fault_lib.sh
. "$(dirname "$0")/fault_lib.sh"
# shellcheck source=tests/system/fault_disk_lib.sh
. "$(dirname "$0")/fault_disk_lib.sh"

start_estuaryd main "${freely[@]}"
start_load main --rate 20
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
finish
