#!/usr/bin/env bash
# avahi-daemon and D-Bus are killed and come back while certificates are handed
# out: nobody who asks for one notices, and the appliance is announced again.
# Some functions are called by their names, through check and wait_for.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/system/avahi_lib.sh
. "$(dirname "$0")/avahi_lib.sh"
# shellcheck source=tests/system/fault_lib.sh
. "$(dirname "$0")/fault_lib.sh"

netns_lan switch 1 appliance other || exit 1

state_is() {
	# shellcheck disable=SC2053 # a pattern
	[[ $(ctl_json appliance status | json 'd["mdns"]') == $1 ]]
}

# The load runs beside the appliance.
python_inside() {
	inside appliance /usr/bin/python3 "$@"
}

# unnoticed NAME: since $from.
unnoticed() {
	check "$1: certificates are handed out" wait_for 20 \
		answered appliance enroll 200 10 "$from"
	same "$1: to all who ask" '' "$(tail -n "+$((from + 1))" \
		"$work/appliance.load" | grep -vE '"kind": "(join|guess)"' |
		grep -v '"status": 200, ')"
	from=$(mark appliance)
}

own_run appliance
check "the appliance's D-Bus" start_dbus appliance
start_avahi appliance eth0
check "the appliance's daemon answers" avahi_answers appliance
start_estuaryd appliance "${freely[@]}" --set server.name=est.lab.test \
	--set ca.domain=lab.test
check "it announces through the daemon" wait_for 15 \
	state_is '*through avahi-daemon*'
python=python_inside
start_load appliance --rate 30
from=$(mark appliance)

for round in 1 2; do
	kill_it "${avahi_pid[appliance]}"
	check "round $round, avahi-daemon killed: announced by itself" \
		wait_for 15 state_is 'announcing * as estuary-*.local'
	unnoticed "round $round, avahi-daemon killed"
	start_avahi appliance eth0
	check "round $round, back: through the daemon" wait_for 30 \
		state_is '*through avahi-daemon*'
	unnoticed "round $round, avahi-daemon back"
	kill_it "${dbus_pid[appliance]}"
	wait "${avahi_pid[appliance]}" 2>/dev/null
	check "round $round, D-Bus killed: announced by itself" \
		wait_for 15 state_is 'announcing * as estuary-*.local'
	unnoticed "round $round, D-Bus killed"
	start_dbus appliance
	start_avahi appliance eth0
	# By then it waits for half a minute whether a daemon stays.
	check "round $round, D-Bus back: through the daemon" wait_for 60 \
		state_is '*through avahi-daemon*'
	unnoticed "round $round, D-Bus back"
done

stop_load appliance
python=/usr/bin/python3
whole appliance "nothing is lost"
check "the audit log is whole" ctl appliance audit --verify
[ "$checks_failed" -eq 0 ] ||
	grep -E 'mDNS|avahi' "$work/appliance.log" | tail -n 40 | show
finish
