#!/usr/bin/env bash
# refresh finds the EST server again by mDNS, on hosts of their own: without the
# code, beside an appliance of the same name from somebody else's CA.
# Most functions are called by their names, through check.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lab.sh
. "$(dirname "$0")/lab.sh"

# refresh [ARGUMENT...]: on the endpoint's host.
refresh() {
	on endpoint "$build/estuary-join" --state "$endpoint_state" refresh \
		--interface eth0 "$@"
}

netns_lan switch 1 appliance endpoint attacker || exit 1
start_estuaryd appliance
issue_dns appliance "$work/dns" 10.77.1.1 >/dev/null
start_unbound appliance "$work/dns" 10.77.1.1
wait_for 20 is_announced appliance
fresh_endpoint
code_for appliance uri
check "join" join endpoint
state=$endpoint_state/networks/lab.json

issue_dns appliance "$work/next" 10.77.1.1 >/dev/null
check "refresh finds the appliance" refresh --force
matches "and fetches" 'added \(next\)' "$(cat "$work/out")"
cp "$state" "$work/copy"

start_estuaryd attacker
wait_for 20 is_announced attacker
check "beside another one of the same name, too" refresh --force
check "the state is unchanged" cmp "$state" "$work/copy"

stop_estuaryd appliance
check_refused "the other one alone is refused" 1 'path validation' \
	refresh --force
check "the state is unchanged" cmp "$state" "$work/copy"
stop_estuaryd attacker
check_refused "nobody there" 3 'no EST server was found' refresh --force
check "the state is unchanged" cmp "$state" "$work/copy"
check "what is stored is good: nothing is looked for" refresh
finish
