#!/usr/bin/env bash
# Enrollment and re-enrollment over EST: who may, what they may ask for, channel
# binding, DNS servers; by PAKE, client certificate and HTTP Basic.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

need_python cryptography

# One source makes all attempts here, many of them wrong.
freely=(--set pake.source_burst=1000000 --set pake.total_burst=1000000
	--set pake.backoff_max=0s)

# part NAME APPLIANCE [ARGUMENT...]
part() {
	local name=$1 appliance=$2

	shift 2
	"$python" -B "$system_dir/$name.py" "$build" "$work" "$appliance" \
		"${estuaryd_listen[$appliance]}" "$@" ||
		checks_failed=$((checks_failed + 1))
}

start_estuaryd main "${freely[@]}"
save_root main
for name in enroll_who enroll_what enroll_again enroll_bound; do
	part "$name" main
done

start_estuaryd strict "${freely[@]}" --set est.channel_binding=required \
	--set eecerts.access=authenticated
save_root strict
part enroll_strict strict

# SIGKILL gives no guess back, and takes no certificate that was handed out.
start_estuaryd killed "${freely[@]}"
save_root killed
part enroll_killed killed before "${estuaryd_pid[killed]}"
kill_estuaryd killed
start_estuaryd killed "${freely[@]}"
part enroll_killed killed after
finish
