#!/usr/bin/env bash
# A store that is too large to be read through before the start is read through
# after it: damage is an error in the log and in the status, and the appliance
# goes on with what can be read.
# Some functions are called by their names, through wait_for.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

log_says() {
	grep -q "$1" "$work/main.log"
}

start_estuaryd main
stop_estuaryd main
"$build/tests/bench/fill_store" --state "$work/main" --certificates 14000 \
	--identities 100 >"$work/out" 2>&1
same "a store of more than 8 MB" true "$(json 'd > 8 << 20' \
	<<<"$(stat -c %s "$work/main/estuary.db")")"

start_estuaryd main
check "is read through after the start" wait_for 20 log_says \
	'the database is whole'
same "the status has no damage" "no damage found" \
	"$(ctl_json main status | json 'd["store"]["state"]')"
stop_estuaryd main

# A page of certificates, from the middle of that table.
page=$(sqlite3 "$work/main/estuary.db" "SELECT pageno FROM dbstat
	WHERE name = 'certificate' AND pagetype = 'leaf'
	ORDER BY path LIMIT 1 OFFSET 900")
check "a page is overwritten" dd if=/dev/urandom of="$work/main/estuary.db" \
	bs=4096 seek="$((page - 1))" count=1 conv=notrunc status=none
start_estuaryd main
check "it starts, and finds it" wait_for 20 log_says \
	'error the database is damaged reason=.*restore it from a backup'
same "the status says so" damaged \
	"$(ctl_json main status | json 'd["store"]["state"]')"
matches "to people, too" 'database +damaged: ' "$(ctl main status)"
check "it still serves" ctl main audit --verify
finish
