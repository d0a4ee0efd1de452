#!/usr/bin/env bash
# What a MASA's audit log says of a device: one that another network had is
# refused until the administrator accepts it. [RFC8995 5.8.3]
# Most functions are called by their names, through check.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/dns_lib.sh
. "$(dirname "$0")/dns_lib.sh"
# shellcheck source=tests/system/pledge_lib.sh
. "$(dirname "$0")/pledge_lib.sh"

make_maker 3
start_masa --policy open
start_estuaryd main
start_estuaryd other
issue_dns main dns
ctl other dns-server issue --name dns.lab.test --label domain-s:853 \
	--out "$work/dns-other" >/dev/null || not_ok "a DNS server of the other"
check "the manufacturer is entered" add_maker main || finish
check "by another network, too" add_maker other || finish
moved=${devices[0]}
stays=${devices[1]}
odd=${devices[2]}

# state DEVICE, verdict DEVICE, id DEVICE: as main has them.
device_is() {
	ctl_json main device list | json "[i['$2'] for i in d['items']
		if i['serial_number'] == '$1'][0]"
}

csr() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$work/csr.key" -subj / -outform DER \
		2>/dev/null | base64 -w 0 >"$work/csr.b64"
}

# est CERT KEY OPERATION [CURL ARGUMENT...]: the status; the text in $work/body.
est() {
	curl -sk --max-time 20 --cert "$1" --key "$2" -o "$work/body" \
		-w '%{http_code}' "${@:4}" \
		"https://${estuaryd_listen[main]}/.well-known/est/$3"
}

# anonymous OPERATION: the same without a certificate.
anonymous() {
	curl -sk --max-time 20 -o "$work/body" -w '%{http_code}' \
		"https://${estuaryd_listen[main]}/.well-known/est/$1"
}

est_post() {
	est "$1" "$2" "$3" -H 'Content-Type: application/pkcs10' \
		--data-binary "@$work/csr.b64"
}

# idevid DEVICE COMMAND ARGUMENT..., ldevid COMMAND ARGUMENT...
idevid() {
	"$2" "$maker/$1.cert.pem" "$maker/$1.key.pem" "${@:3}"
}

ldevid() {
	"$1" "$work/ldevid.pem" "$work/ldevid.key" "${@:2}"
}

# know NAME DEVICE: the domain that a device's verdict names may have had it.
know() {
	local verdict hex

	verdict=$(ctl_json "$1" device list | json "[i['verdict']
		for i in d['items'] if i['serial_number'] == '$2'][0]")
	hex=$(grep -Eo 'unknown domain, [0-9a-f]{40}' <<<"$verdict") &&
		ctl "$1" manufacturer set acme --known-domain "$("$python" -c \
			'import base64, sys
print(base64.b64encode(bytes.fromhex(sys.argv[1])).decode())' "${hex##* }")"
}

# --- a device that is ours, then another network's, and comes back ---

for device in "$moved" "$stays"; do
	check "$device is onboarded" onboard "$device" main
done
"$python" - "$work/thing-$moved/networks/domain.json" "$work" <<'PYTHON'
import json, os, sys
network = json.load(open(sys.argv[1]))
for name, member in (("pem", "client_certificate"), ("key", "client_key")):
    with open(os.path.join(sys.argv[2], "ldevid." + name), "w") as file:
        file.write(network[member])
PYTHON
csr
for operation in cacerts csrattrs eecerts; do
	same "its LDevID may have $operation" \
		"$(anonymous "$operation")" "$(ldevid est "$operation")"
done
cp -r "$work/thing-$moved" "$work/thing-kept"
check "it forgets us" thing "$moved" forget
check_refused "another network does not know us" 1 'status 406.*unknown domain' \
	onboard "$moved" other
check "until its administrator does" know other "$moved"
check "and accepts the device" ctl other device accept 1
check "which is onboarded there" onboard "$moved" other
thing "$moved" forget >/dev/null || not_ok "forget"
check_refused "[RFC8995 5.8.3] then it is not taken back" 1 \
	'status 406.*unknown domain' onboard "$moved" main
same "it is refused" refused "$(device_is "$moved" state)"
matches "with the verdict" 'RFC 8995 5\.8\.3.*unknown domain' \
	"$(device_is "$moved" verdict)"
id=$(device_is "$moved" id)
matches "which its story has" 'audit-log +bad .*unknown domain' \
	"$(ctl main device show "$id")"
matches "and the audit log" 'voucher\.refused.*unknown domain' \
	"$(ctl main audit)"

# --- everything that it could ask for ---

refused_both() {
	same "$1 with its IDevID: 403" 403 "$(idevid "$moved" "${@:2}")"
	matches "$1 with its IDevID, and why" 'refused.*unknown domain' \
		"$(cat "$work/body")"
	same "$1 with its LDevID: 403" 403 "$(ldevid "${@:2}")"
	matches "$1 with its LDevID, and why" 'refused.*unknown domain' \
		"$(cat "$work/body")"
}

refused_both simpleenroll est_post simpleenroll
same "simplereenroll with its IDevID: 403" 403 \
	"$(idevid "$moved" est_post simplereenroll)"
check_refused "a renewal with its LDevID: 403" 1 '403.*unknown domain' \
	thing kept renew --registrar "${estuaryd_listen[main]}"
for operation in cacerts csrattrs eecerts eecerts/domain-s; do
	refused_both "$operation" est "$operation"
done
check_refused "a new request for a voucher: 403" 1 'status 403.*unknown domain' \
	onboard "$moved" main
stop_estuaryd main
start_estuaryd main
refused_both "after a restart simpleenroll" est_post simpleenroll
same "another device is not meant" 200 "$(idevid "$stays" est_post simpleenroll)" ||
	show "$work/body"
same "nor who shows nothing" 200 "$(curl -sk -o /dev/null -w '%{http_code}' \
	"https://${estuaryd_listen[main]}/.well-known/est/cacerts")"

# --- the administrator decides ---

check "device accept" ctl main device accept "$id"
same "it is what it was" enrolled "$(device_is "$moved" state)"
same "no verdict is left" '' "$(device_is "$moved" verdict)"
same "cacerts with its LDevID" 200 "$(ldevid est cacerts)"
check "a renewal with its LDevID" thing kept renew \
	--registrar "${estuaryd_listen[main]}"
same "simpleenroll with its IDevID" 200 "$(idevid "$moved" est_post simpleenroll)"
check_refused "its log says what it said" 1 'status 406' onboard "$moved" main
check "the other network's domain is known" know main "$moved"
check "device accept" ctl main device accept "$id"
check "then it is taken back" onboard "$moved" main

# --- a MASA whose log is wrong says nothing of the device ---

check "no domain is known" ctl main manufacturer set acme --known-domain ''
for fault in garbage big reset; do
	stop_masa
	start_masa --policy open --audit-fault "$fault"
	check_refused "$fault: 502" 3 'status 502' onboard "$odd" main
	same "$fault: the device is not refused" seen "$(device_is "$odd" state)"
	same "$fault: but has no voucher, and so no certificate" 403 \
		"$(idevid "$odd" est_post simpleenroll)"
done
stop_masa
start_masa --policy open
check "then it is onboarded" onboard "$odd" main
finish
