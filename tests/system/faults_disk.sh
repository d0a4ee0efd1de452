#!/usr/bin/env bash
# A disk that is full while certificates are handed out. What is not durable is
# not handed out, what needs no disk goes on, and when there is room again all
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

stop_load main
check "SIGTERM" stop_estuaryd main
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
