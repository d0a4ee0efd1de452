#!/usr/bin/env bash
# Re-enrollment, DNS servers that enroll, and channel binding.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/enroll_lib.sh
. "$(dirname "$0")/enroll_lib.sh"

start_estuaryd main "${freely[@]}"
save_root main
part enroll_again main
part enroll_bound main

start_estuaryd strict "${freely[@]}" --set est.channel_binding=required \
	--set eecerts.access=authenticated
save_root strict
part enroll_strict strict
finish
