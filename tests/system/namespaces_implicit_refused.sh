#!/usr/bin/env bash
# Implicit trust by mDNS, on hosts of their own: the name that the user gave
# decides, and nothing that an attacker announces. The system's store is that of
# the test: the roots of two appliances.
# Most functions are called by their names, through check.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lab.sh
. "$(dirname "$0")/lab.sh"

# implicit [ARGUMENT...]: on the endpoint's host.
implicit() {
	on endpoint "$build/estuary-join" --state "$endpoint_state" join \
		--network lab --interface eth0 --trust implicit "$@"
}

server_name() {
	json 'd["server_name"]' <"$endpoint_state/networks/lab.json"
}

netns_lan switch 1 appliance endpoint attacker other || exit 1
start_estuaryd appliance
issue_dns appliance "$work/dns" 10.77.1.1 >/dev/null
wait_for 20 is_announced appliance || not_ok "the appliance is announced"
write_config other
sed -i 's/^name = .*/name = other.home.arpa/' "$work/other.conf"
start_estuaryd other
issue_dns other "$work/dns-other" 10.77.1.4 >/dev/null
wait_for 20 is_announced other || not_ok "the other one is announced"
start_estuaryd attacker
issue_dns attacker "$work/dns-attacker" 10.77.1.3 >/dev/null
wait_for 20 is_announced attacker || not_ok "the attacker is announced"
save_root appliance
save_root other
cat "$work/appliance.root.pem" "$work/other.root.pem" >"$work/store.pem"
export SSL_CERT_FILE=$work/store.pem SSL_CERT_DIR=$work/none

fresh_endpoint
check_refused "no name: nothing that is announced gives one" 2 'server-name' \
	implicit
check "the server of the name is found beside the others" implicit \
	--server-name est.home.arpa
same "and it is that one" est.home.arpa "$(server_name)"
# Its hash is in the certificates that were taken.
same "its DNS server's certificate" "$("$python" -c 'import hashlib, ssl, sys
pem = open(sys.argv[1]).read()
print(hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest())' \
	"$work/dns/cert.pem")" \
	"$(json 'd["resolvers"][0]["sha256"]' <"$endpoint_state/networks/lab.json")"

# The real one is gone; one of the same name without a good path, and one with a
# good path and another name, are left.
stop_estuaryd appliance
fresh_endpoint
check_refused "neither of the others will do" 1 \
	'path validation|no DNS-ID est.home.arpa' implicit \
	--server-name est.home.arpa
check "nothing is stored" nothing_stored
stop_estuaryd other
check_refused "the attacker alone" 1 'path validation' implicit \
	--server-name est.home.arpa
check "nothing is stored" nothing_stored
finish
