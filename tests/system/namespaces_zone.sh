#!/usr/bin/env bash
# No mDNS at all: an endpoint finds the appliance by unicast DNS, in the records
# of `estuaryctl discovery zone` that a real bind9 serves, joins, and resolves.
set -uo pipefail
# shellcheck source=tests/system/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/system/named_lib.sh
. "$(dirname "$0")/named_lib.sh"

if ! command -v named >/dev/null; then
	echo "named is not installed"
	exit 77
fi

netns_lan switch 1 appliance endpoint nameserver || exit 1
zone=$work/home.arpa.zone

start_estuaryd appliance --set mdns.enabled=no \
	--set 'server.listen=10.77.1.1:8443, [fd77:1::1]:8443'
check "a certificate for the DNS server" \
	issue_dns appliance "$work/dns" 10.77.1.1 fd77:1::1
start_unbound appliance "$work/dns" 10.77.1.1 fd77:1::1
cat >"$work/endpoint.resolv.conf" <<-CONF
	nameserver 10.77.1.3
	search home.arpa
CONF
cat >"$work/named.conf" <<CONFIG
options {
$(named_options "$work")
	listen-on { 10.77.1.3; };
	listen-on-v6 { none; };
};
controls { };
zone "home.arpa" { type primary; file "$zone"; };
CONFIG

# start_named: with the zone's file as it is; sets named_pid.
start_named() {
	spawn_ready nameserver "$work/named.log" ' running$' \
		named -g -n 1 -c "$work/named.conf"
	named_pid=$spawned
}

zone_head home.arpa >"$zone"
start_named
fresh_endpoint
code_for appliance uri
check_refused "without the records there is nothing to be found" 3 \
	'no EST server was found' join endpoint
stop "$named_pid"

{
	zone_head home.arpa
	ctl appliance discovery zone home.arpa
} >"$zone"
start_named
for type in A AAAA; do
	case $type in
	A) address=10.77.1.1 ;;
	*) address=fd77:1::1 ;;
	esac
	same "the zone has the appliance's $type" "$address" \
		"$(on endpoint dig +short @10.77.1.3 est.home.arpa "$type")"
done
joins_real "with them the endpoint finds the appliance and joins" endpoint \
	appliance uri
check "it resolves a name over DoT and DoH" dns_check endpoint
joins_real "and so it does with a bare code, by the TXT key 'name'" endpoint \
	appliance bare
finish
