#!/usr/bin/env bash
# No signer, and more passwords than are judged: what cannot be done now is
# refused with 503, and each 503 says when to come again. A disk that is full is
# in faults_disk.sh.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

need_python cryptography

start_estuaryd main --set server.idle_timeout=2m \
	--set pake.source_burst=1000000 --set pake.total_burst=1000000
save_root main
"$python" -B "$system_dir/retry_after.py" "$build" "$work" main \
	"${estuaryd_listen[main]}" "${estuaryd_pid[main]}" ||
	checks_failed=$((checks_failed + 1))
finish
