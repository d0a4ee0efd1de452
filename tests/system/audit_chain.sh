#!/usr/bin/env bash
# The audit log as an auditor sees it: a program that shares nothing with ours
# verifies chain and checkpoints from the database file, as docs/operations.md
# describes them; what is changed behind estuaryd's back is found by both. And
# records at rest are sealed.
# Some functions are called by their names, through check and wait_for.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# verify_alone NAME: "ROWS CHECKPOINTS", or what is wrong.
verify_alone() {
	"$python" "$system_dir/audit_chain.py" "$work/$1/estuary.db" \
		"$work/$1/ca/issuing.crt"
}

# unguarded NAME SQL: changes the log of one that is stopped.
unguarded() {
	sqlite3 "$work/$1/estuary.db" "DROP TRIGGER audit_no_update;
		DROP TRIGGER audit_no_delete;
		DROP TRIGGER audit_checkpoint_no_update;
		DROP TRIGGER audit_checkpoint_no_delete; $2"
}

status_says() {
	ctl_json "$1" status | json 'd["audit"]["state"]' | grep -qx "$2"
}

# --- whole ---

start_estuaryd main
for i in 1 2 3; do new_code main "phone$i" >/dev/null; done
check "identity remove" ctl main identity remove phone2
check "audit --verify" ctl main audit --verify
matches "says that it is whole" 'audit log is whole' "$(cat "$work/out")"
ctl_json main audit --verify >"$work/verdict.json"
same "as JSON too" true "$(json 'd["whole"]' <"$work/verdict.json")"
same "with every row" "$(ctl_json main audit | json 'len(d["items"])')" \
	"$(json 'd["rows"]' <"$work/verdict.json")"
check "audit --verify with --since: usage" [ \
	"$(ctl main audit --verify --since 1h >/dev/null 2>&1; echo $?)" -eq 2 ]
same "rows have their hash" true "$(ctl_json main audit | json \
	'all(len(i["hash"]) == 64 for i in d["items"])')"
same "and the last one is the chain's" "$(ctl_json main audit | json \
	'd["items"][-1]["hash"]')" "$(sqlite3 "$work/main/estuary.db" \
	'SELECT lower(hex(hash)) FROM audit ORDER BY id DESC LIMIT 1')"
stop_estuaryd main
matches "a checkpoint at the stop, verified without our programs" '^[0-9]+ 1$' \
	"$(verify_alone main)"
same "which covers the last row" "$(sqlite3 "$work/main/estuary.db" \
	'SELECT max(id) FROM audit')" "$(sqlite3 "$work/main/estuary.db" \
	'SELECT max(last_id) FROM audit_checkpoint')"
matches "and is in the signer's log" ' checkpoint=1 last_id=[0-9]+ head=' \
	"$(tail -n 1 "$work/main/ca/issued.log")"

# 1,000 rows and more, without a stop.
start_estuaryd main
# 1,100 changes, eight at a time.
many_rows() {
	seq 1100 | xargs -P 8 -I '{}' "$build/estuaryctl" --state "$work/main" \
		identity unlock phone1
}
second_checkpoint() {
	[ "$(sqlite3 "$work/main/estuary.db" \
		'SELECT count(*) FROM audit_checkpoint')" -ge 2 ]
}
check "many rows" many_rows
check "a checkpoint after 1,000 rows, while it runs" wait_for 20 \
	second_checkpoint
check "audit --verify" ctl main audit --verify
kill_estuaryd main
check "SIGKILL leaves it whole" verify_alone main
start_estuaryd main
check "for estuaryd too" ctl main audit --verify
check "status says so" status_says main whole
stop_estuaryd main

# --- changed ---

# broken NAME PATTERN SQL: found by the independent program or by what the signer
# remembers, by the start's check, by --verify, and shown by status; and the
# appliance serves on.
broken() {
	rm -rf "$work/copy"
	cp -a "$work/main" "$work/copy"
	cp "$work/main.conf" "$work/copy.conf"
	unguarded copy "$3"
	start_estuaryd copy
	check_refused "$1: audit --verify" 1 "$2" ctl copy audit --verify
	check "$1: status" wait_for 10 status_says copy broken
	matches "$1: the log" ' error the audit log is broken ' \
		"$(cat "$work/copy.log")"
	check "$1: it serves on" curl -sk --max-time 10 -o /dev/null -f \
		"https://${estuaryd_listen[copy]}/.well-known/est/cacerts"
	kill_estuaryd copy
}

broken "a text" 'row 3 .*changed' \
	"UPDATE audit SET detail = 'x' WHERE id = 3"
check_refused "the independent program finds it" 1 'row 3' verify_alone copy
broken "a row that is gone" 'row 4 is missing' 'DELETE FROM audit WHERE id = 4'
check_refused "the independent program finds it" 1 'row 4' verify_alone copy
broken "the end is gone" 'rows are missing' 'DELETE FROM audit WHERE id > 700'
check_refused "the independent program finds it" 1 'row' verify_alone copy
broken "the end and its checkpoints are gone" 'the signer has signed' \
	'DELETE FROM audit WHERE id > 700;
	DELETE FROM audit_checkpoint WHERE last_id > 700'
broken "a forged checkpoint" 'checkpoint 2: its signature' \
	"UPDATE audit_checkpoint SET signature = (SELECT signature
	FROM audit_checkpoint WHERE counter = 1) WHERE counter = 2"
check_refused "the independent program finds it" 1 'checkpoint 2' \
	verify_alone copy

# --- records at rest ---

start_estuaryd main
check "a password" sh -c "echo 'correct horse battery' | '$build/estuaryctl' \
	--state '$work/main' identity add alice --password-stdin"
"$python" "$system_dir/verifier.py" alice est.lab.test \
	'correct horse battery' >"$work/w0.hex"
found_plain() {
	"$python" -c 'import sys
parts = [bytes.fromhex(x) for x in open(sys.argv[1]).read().split()]
assert parts and min(map(len, parts)) >= 32
for name in sys.argv[2:]:
    data = open(name, "rb").read()
    for part in parts:
        if part in data:
            sys.exit(0)
sys.exit(1)' "$work/w0.hex" "$@"
}
not_found_plain() {
	local status=0

	found_plain "$@" || status=$?
	[ "$status" -eq 1 ]
}
check "no part of the record is in the files while it runs" not_found_plain \
	"$work"/main/estuary.db*
stop_estuaryd main
check "nor afterwards" not_found_plain "$work"/main/estuary.db*
same "the key is a file of its own" 400 \
	"$(stat -c %a "$work/main/records.key")"
# The search finds what is there.
cp "$work/main/estuary.db" "$work/plain"
"$python" -c 'import sys
open(sys.argv[2], "ab").write(bytes.fromhex(open(sys.argv[1]).read().split()[0]))' \
	"$work/w0.hex" "$work/plain"
check "the search would find it" found_plain "$work/plain"
finish
