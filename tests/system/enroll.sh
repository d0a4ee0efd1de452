#!/usr/bin/env bash
# Enrollment over EST: who may, and what they may ask for; by PAKE, client
# certificate and HTTP Basic.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/enroll_lib.sh
. "$(dirname "$0")/enroll_lib.sh"

start_estuaryd main "${freely[@]}"
save_root main
part enroll_who main
part enroll_what main

# SIGKILL gives no guess back, and takes no certificate that was handed out.
start_estuaryd killed "${freely[@]}"
save_root killed
part enroll_killed killed before "${estuaryd_pid[killed]}"
kill_estuaryd killed
start_estuaryd killed "${freely[@]}"
part enroll_killed killed after
finish
