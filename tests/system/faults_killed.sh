#!/usr/bin/env bash
# SIGKILL of estuaryd and of its signer at random moments, while certificates,
# uses of codes, guesses, vouchers and administrators' changes are under way:
# nothing that was acknowledged is lost, no serial number comes twice, what was
# spent stays spent, every audit chain holds, and the next start needs no hand.
# FAULT_ROUNDS and FAULT_SEED are set by scripts/faults.
# Some functions are called by their names, through check and wait_for.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/fault_lib.sh
. "$(dirname "$0")/fault_lib.sh"
# shellcheck source=tests/system/pledge_lib.sh
. "$(dirname "$0")/pledge_lib.sh"

rounds=${FAULT_ROUNDS:-8}
RANDOM=${FAULT_SEED:-$$}
echo "# seed ${FAULT_SEED:-$$}"
# So many for one appliance: its signer gives DNS servers 600 certificates an
# hour.
rounds_each=20
deaths=(estuaryd estuaryd start signer estuaryd both estuaryd signer)

# moment MAX_MS: in seconds; sets $moment, since a subshell's RANDOM is lost.
moment() {
	printf -v moment '0.%03d' $((RANDOM % $1))
}

kill_signer() {
	local pid

	pid=$(signer_of "$1")
	[ -n "$pid" ] && kill -KILL "$pid"
}

# die NAME HOW: how it was in $died.
die() {
	local starts pid

	moment 700
	died="$2 after $moment s"
	sleep "$moment"
	case $2 in
	signer)
		starts=$(logged "$1" ' signer started ')
		kill_signer "$1" || not_ok "there is a signer"
		check "$died: it is started again" wait_for 60 \
			logged_more "$1" ' signer started ' "$starts"
		check "$died: certificates are handed out again" wait_for 60 \
			answered "$1" enroll 200 1 "$(mark "$1")"
		moment 300
		sleep "$moment"
		;;
	both)
		kill_signer "$1" || not_ok "there is a signer"
		moment 60
		sleep "$moment"
		;;
	esac
	pid=$(signer_of "$1")
	[ -n "$pid" ] || [ "$2" = both ] || not_ok "$died: there is a signer"
	kill_estuaryd "$1"
	check "$died: the signer is gone too" wait_for 5 \
		eval "[ -z '$pid' ] || [ ! -d '/proc/$pid' ]"
}

# Killed on the way to ready, three times.
die_starting() {
	local i

	for i in 1 2 3; do
		launch_estuaryd "$1" "${freely[@]}"
		moment 200
		sleep "$moment"
		kill_estuaryd "$1"
		died="$died, then $moment s after a start"
	done
}

# one_round NAME N
one_round() {
	local name=$1 how=${deaths[$(($2 % ${#deaths[@]}))]} started from

	die "$name" "$how"
	[ "$how" != start ] || die_starting "$name"
	from=$(mark "$name")
	check "round $2, $died: the chain verifies without our programs" \
		"$python" "$system_dir/audit_chain.py" \
		"$work/$name/estuary.db" "$work/$name/ca/issuing.crt"
	whole "$name" "round $2, $died"
	started=$(now_ms)
	start_estuaryd "$name" "${freely[@]}"
	echo "# ready after $(($(now_ms) - started)) ms"
	check "round $2: it is administered and verifies its log" \
		ctl "$name" audit --verify
	if ! wait_for 60 answered "$name" enroll 200 2 "$from"; then
		not_ok "round $2: certificates are handed out again"
		tail -n 20 "$work/$name.load" | show
	fi
}

house=0
done_rounds=0
while [ "$done_rounds" -lt "$rounds" ]; do
	name=house$house
	rm -rf "$work/masa" "$maker"
	make_maker 60
	start_masa --policy open
	start_estuaryd "$name" "${freely[@]}"
	check "the manufacturer is entered" add_maker "$name" || finish
	start_load "$name" --devices "$maker"
	for ((i = 0; i < rounds_each && done_rounds < rounds; i++)); do
		one_round "$name" "$done_rounds"
		done_rounds=$((done_rounds + 1))
	done
	stop_load "$name"
	same "no request met the signer's hourly bound" 0 \
		"$(grep -c 'certificates an hour' "$work/$name.load")"
	same "every 503 says when to come again" 0 \
		"$(count_answers "$name" 'no Retry-After' 503)"
	stop_estuaryd "$name"
	check "vouchers were among it" answered "$name" voucher 200 1
	check "and joins, guesses, renewals" eval "answered $name join 200 1 &&
		answered $name guess 200 1 && answered $name reenroll 200 1"
	same "nothing is left beside the state" "ca
estuary.conf
estuary.db
lock
records.key
server.pem" "$(ls -I estuary.db-wal -I estuary.db-shm "$work/$name")"
	# The sandbox leaves SQLite no right to remove its own files.
	same "and nothing in the store's log" 0 "$(stat -c %s \
		"$work/$name/estuary.db-wal" 2>/dev/null || echo 0)"
	whole "$name" "at the end"
	stop_masa
	house=$((house + 1))
	[ "$done_rounds" -eq "$rounds" ] || rm -rf "${work:?}/$name"*
done
finish
