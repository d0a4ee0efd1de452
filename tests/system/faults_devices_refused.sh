#!/usr/bin/env bash
# A disk that is full while devices ask for their vouchers: nobody is told what
# cannot be kept, each is told when to come again, and then gets it.
# Some functions are called by their names, through check and wait_for.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/faults_lib.sh
. "$(dirname "$0")/faults_lib.sh"
# shellcheck source=tests/system/voucher_lib.sh
. "$(dirname "$0")/voucher_lib.sh"

check "a MASA" start_masa || finish
new_device one SN-1
new_device two SN-2
start_estuaryd main
enter_maker
matches "a device gets its voucher" '^200 ' "$(pledge two --patient)"
asked=$(masa_asked)
later='^503 [1-9][0-9]* [^ ]+ nothing can be stored now'
echo '{"version":1,"status":true,"reason":"all well"}' >"$work/status.json"
telemetry=(--path /.well-known/brski/voucher_status --type application/json
	--body "$work/status.json")

# Either end of a question: before its MASA is asked, and when it has answered.
faults full estuaryd
matches "a full disk: no voucher, and when to come again" \
	"$later" "$(pledge one --request "$work/pvr")"
same "nor is the MASA asked" "$asked" "$(masa_asked)"
matches "nor is a device's status noted" "$later" \
	"$(pledge two "${telemetry[@]}")"
matches "the log says what is wrong" 'voucher not stored.* device=[0-9]+ error=' \
	"$(grep 'voucher not stored' "$work/main.log")"
matches "and of which request" 'status not noted.* request=' \
	"$(grep 'status not noted' "$work/main.log")"
faults none estuaryd

# asked_again: since the last look.
asked_again() {
	[ "$(masa_asked)" -gt "$asked" ]
}

masa_mode stall
pledge one --request "$work/pvr" --patient >"$work/first" &
waiting=$!
check "with room, the MASA is asked" wait_for 20 asked_again
faults full estuaryd
masa_mode good
wait "$waiting"
matches "the disk is full when the MASA answers" "$later" \
	"$(cat "$work/first")"
faults none estuaryd
matches "with room, the same request gets a voucher" '^200 ' \
	"$(pledge one --request "$work/pvr" --patient)"
matches "and the status is noted" '^200 ' "$(pledge two "${telemetry[@]}")"
matches "the audit log has each voucher once" '^2$' \
	"$(ctl main audit | grep -c 'voucher\.issued')"
check "and verifies" ctl main audit --verify
finish
