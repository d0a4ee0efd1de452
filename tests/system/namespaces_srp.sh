#!/usr/bin/env bash
# What an appliance with TLS-SRP announces, with the PAKE and without, and that
# our own endpoint still finds and joins it by the PAKE.
# The functions are called by their names, through wait_for.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lab.sh
. "$(dirname "$0")/lab.sh"

netns_lan switch 1 appliance endpoint || exit 1

# The value of its TXT key pake, as the endpoint sees it.
announced_pake() {
	netns_exec endpoint "$build/tests/unit/mdns/mdns_browse_tool" eth0 \
		3000 400 | sed -n 's/^Estuary: txt pake=//p'
}

announces() {
	[ "$(announced_pake)" = "$1" ]
}

start_estuaryd appliance --set srp.enabled=yes
check "it is announced" wait_for 10 is_announced appliance
check "with both ways to authenticate" wait_for 10 announces spake2plus,srp
check "a certificate for the DNS server" \
	issue_dns appliance "$work/dns" 10.77.1.1 fd77:1::1
joins_real "an endpoint joins by the PAKE" endpoint appliance bare
stop_estuaryd appliance

start_estuaryd appliance --set srp.enabled=yes --set pake.enabled=no
check "without the PAKE it announces TLS-SRP alone" \
	wait_for 10 announces srp
stop_estuaryd appliance

start_estuaryd appliance
check "and by default the PAKE alone" wait_for 10 announces spake2plus
finish
