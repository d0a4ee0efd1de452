#!/bin/bash
# A manufacturer's voucher service, asked by openssl cms and curl: vouchers with
# and without a nonce, what they pin, audit logs, owners, and lies on request.
set -u
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/web_lib.sh
. "$(dirname "$0")/web_lib.sh"
# shellcheck source=tests/system/masa_lib.sh
. "$(dirname "$0")/masa_lib.sh"

out=$work/out-masa

# --- a manufacturer in one command ---

check "a manufacturer is made" masa make --name "Acme Lamps" --devices 3 \
	--out "$out" --masa-url 127.0.0.1:9443 \
	--mud-url https://acme.example/lamp.json
matches "what a registrar has to be told" \
	'^estuaryctl manufacturer add "Acme Lamps" .*--masa-private' \
	"$(cat "$work/out")"
for serial in ACMELAMPS-0001 ACMELAMPS-0002 ACMELAMPS-0003; do
	check "$serial is of the vendor's CA" openssl verify \
		-CAfile "$out/vendor-ca.pem" "$out/$serial.cert.pem"
	same "its key is its owner's alone" 600 \
		"$(stat -c %a "$out/$serial.key.pem")"
	same "its key is that of its certificate" \
		"$(openssl x509 -in "$out/$serial.cert.pem" -pubkey -noout)" \
		"$(openssl pkey -in "$out/$serial.key.pem" -pubout)"
done
text=$(openssl x509 -in "$out/ACMELAMPS-0001.cert.pem" -noout -text)
matches "the subject has the serial number" \
	'Subject: .*serialNumber ?= ?ACMELAMPS-0001' "$text"
# [RFC5280 4.1.2.5] no well-defined end
matches "it never ends" 'Not After : Dec 31 23:59:59 9999' "$text"
der=$(openssl x509 -in "$out/ACMELAMPS-0001.cert.pem" -outform der | hex)
# [RFC8995 2.3.2] the extension 1.3.6.1.5.5.7.1.32 is an IA5String
matches "the MASA URL is an IA5String" \
	"06082b06010505070120""0410""160e$(printf 127.0.0.1:9443 | hex)" "$der"
matches "and so is the MUD URL" "06082b06010505070119""04..""16..$(printf \
	https://acme.example/lamp.json | hex)" "$der"

# --- vouchers ---

make_domain home
make_domain away
start_masa

device_request ACMELAMPS-0001 n0nce-1 "$work/home/registrar.pem"
registrar_request home ACMELAMPS-0001 n0nce-1
same "a voucher is given" 200 "$(ask requestvoucher)"
matches "it is called what it is" '^Content-Type: application/voucher-cms\+json' \
	"$(tr -d '\r' <"$work/headers")"
check "openssl verifies it" open_voucher
same "serial number" ACMELAMPS-0001 "$(voucher_field serial-number)"
same "nonce" n0nce-1 "$(voucher_field nonce)"
same "assertion" proximity "$(voucher_field assertion)"
same "no end of its own" absent "$(voucher_field expires-on)"
same "idevid-issuer is not for one device" absent "$(voucher_field idevid-issuer)"
same "the lowest CA that came along is pinned" \
	"$(der64 "$work/home/issuing.pem")" "$(voucher_field pinned-domain-cert)"

# The device saw another server of the same domain.
device_request ACMELAMPS-0001 n0nce-2 "$work/home/front.pem"
registrar_request home ACMELAMPS-0001 n0nce-2
same "a TLS server of the domain is near, too" 200 "$(ask requestvoucher)"
check "openssl verifies that" open_voucher
same "its assertion" proximity "$(voucher_field assertion)"

# Without CAs the registrar itself is pinned.
device_request ACMELAMPS-0001 n0nce-3 "$work/home/registrar.pem"
registrar_request home ACMELAMPS-0001 n0nce-3
cms_sign "$work/home/registrar.key" "$work/home/registrar.pem" \
	"$work/rvr.json" "$work/rvr.cms"
same "a registrar alone gets one" 200 "$(ask requestvoucher)"
check "openssl verifies this" open_voucher
same "the registrar is pinned" "$(der64 "$work/home/registrar.pem")" \
	"$(voucher_field pinned-domain-cert)"

same "as JWS if that is accepted" 200 "$(ask requestvoucher \
	-H 'Accept: application/voucher-jws+json')"
matches "and called so" '^Content-Type: application/voucher-jws\+json' \
	"$(tr -d '\r' <"$work/headers")"
same "it is one" '"voucher-jws+json"' "$(json \
	'json.dumps(json.loads(__import__("base64").urlsafe_b64decode(d["signatures"][0]["protected"] + "=="))["typ"])' \
	<"$work/answer")"
same "as COSE under the name that is accepted" 200 "$(ask requestvoucher \
	-H 'Accept: application/voucher-cose+cbor')"
matches "its name" '^Content-Type: application/voucher-cose\+cbor' \
	"$(tr -d '\r' <"$work/headers")"
same "it is COSE_Sign1" d284 "$(head -c 2 "$work/answer" | hex)"

# --- the audit log, for the same request: [RFC8995 5.8] ---

same "an audit log is given" 200 "$(ask requestauditlog)"
same "its type" application/json "$(sed -n 's/^Content-Type: //p' \
	"$work/headers" | tr -d '\r')"
same "all vouchers, newest first" \
	'["n0nce-3", "n0nce-3", "n0nce-3", "n0nce-2", "n0nce-1"]' \
	"$(json '[e["nonce"] for e in d["events"]]' <"$work/answer")"
ski=$(openssl x509 -in "$work/home/issuing.pem" -noout -ext \
	subjectKeyIdentifier | tail -n 1 | tr -d ' :' | tr '[:upper:]' '[:lower:]')
same "the domain's identifier" "$ski" \
	"$(json 'd["events"][4]["domainID"]' <"$work/answer" | base64 -d | hex)"
same "how sure it was" proximity \
	"$(json 'd["events"][4]["assertion"]' <"$work/answer")"

# --- without a nonce: only for those that are known ---

check "a customer gets a certificate" masa customer --name "Home Net" \
	--out "$work/customer.pem"
same "whose key is its owner's alone" 600 "$(stat -c %a "$work/customer.pem")"
registrar_request home ACMELAMPS-0002 -
same "a customer gets a voucher without a nonce" 200 \
	"$(ask requestvoucher --cert "$work/customer.pem")"
check "openssl verifies one without a nonce" open_voucher
same "there is none" absent "$(voucher_field nonce)"
same "it is logged" logged "$(voucher_field assertion)"
same "the highest CA that came along is pinned" \
	"$(der64 "$work/home/root.pem")" "$(voucher_field pinned-domain-cert)"
same "it is good for 20 minutes" 1200 "$("$python" -c '
import datetime, sys
a, b = (datetime.datetime.fromisoformat(t.rstrip("Z")) for t in sys.argv[1:])
print(int((b - a).total_seconds()))' "$(voucher_field created-on)" \
	"$(voucher_field expires-on)")"
same "its audit log" 200 "$(ask requestauditlog --cert "$work/customer.pem")"
same "says that there was no nonce" null \
	"$(json 'd["events"][0]["nonce"]' <"$work/answer")"

check "a device is sold while the service runs" masa own ACMELAMPS-0003 \
	"$work/home/root.pem"
registrar_request home ACMELAMPS-0003 -
same "its owner is known by a certificate of its domain" 200 \
	"$(ask requestvoucher --cert "$work/home/registrar.pem" \
		--key "$work/home/registrar.key")"
check "openssl verifies the owner's" open_voucher
same "to the owner it is verified" verified "$(voucher_field assertion)"

stop_masa

# --- what was remembered, and lies ---

lie() {
	start_masa "$@"
	device_request ACMELAMPS-0001 n0nce-9 "$work/home/registrar.pem"
	registrar_request home ACMELAMPS-0001 n0nce-9
}

lie --fault wrong-serial
same "the log outlives a restart" '200 5' \
	"$(ask requestauditlog) $(json 'len(d["events"])' <"$work/answer")"
same "another serial number" 200 "$(ask requestvoucher)"
check "which is signed" open_voucher
same "and is another" ACMELAMPS-0000 "$(voucher_field serial-number)"
stop_masa

lie --fault wrong-nonce
same "another nonce" 200 "$(ask requestvoucher)"
check "which is signed, too" open_voucher
same "and is another nonce" n0nce-0 "$(voucher_field nonce)"
stop_masa

lie --fault wrong-pin
same "another pinned certificate" 200 "$(ask requestvoucher)"
check "which is signed as well" open_voucher
same "and is another's" "$(der64 "$out/masa-ca.pem")" \
	"$(voucher_field pinned-domain-cert)"
stop_masa

lie --fault expired
same "one that is over" 200 "$(ask requestvoucher)"
check "which is signed all the same" open_voucher
matches "and ended yesterday" "^$(date -u -d '-1 day' +%F)|^$(date -u \
	-d '-1 day -1 minute' +%F)" "$(voucher_field expires-on)"
stop_masa

lie --fault wrong-signature
same "one with a wrong signature" 200 "$(ask requestvoucher)"
check_refused "openssl does not verify it" 4 \
	'signature|digest|verif' sh -c "openssl cms -verify -binary -inform der \
	-in $work/answer -CAfile $out/masa-ca.pem -purpose any -out /dev/null"
stop_masa

lie --fault garbage --audit-fault garbage
same "garbage" 200 "$(ask requestvoucher)"
check_refused "it is nothing" 2 '.' sh -c \
	"openssl cms -cmsout -noout -inform der -in $work/answer"
same "garbage for a log" 200 "$(ask requestauditlog)"
check_refused "it is no JSON" 1 'Error' "$python" -c \
	'import json, sys; json.load(open(sys.argv[1], "rb"))' "$work/answer"
stop_masa

lie --fault big --audit-fault big
same "ten megabytes" "200 10485760" \
	"$(ask requestvoucher) $(stat -c %s "$work/answer")"
same "ten megabytes of log" "200 10485760" \
	"$(ask requestauditlog) $(stat -c %s "$work/answer")"
stop_masa

lie --fault reset --audit-fault reset
ask requestvoucher >"$work/status"
same "a reset is one" 56 "$?"
ask requestauditlog >"$work/status"
same "of the log, too" 56 "$?"
stop_masa

lie --fault stall --audit-fault stall
ask requestvoucher --max-time 2 >"$work/status"
same "one that stalls" 28 "$?"
ask requestauditlog --max-time 2 >"$work/status"
same "a log that stalls" 28 "$?"
stop_masa

lie --delay 2
started=$(now_ms)
same "a late one" 200 "$(ask requestvoucher)"
check "comes after two seconds" test "$(($(now_ms) - started))" -ge 2000
# A wait holds no worker: many at once take no longer than one.
started=$(now_ms)
waiting=()
for i in $(seq 40); do
	ask requestvoucher -o /dev/null -D /dev/null >"$work/late.$i" &
	waiting+=("$!")
done
wait "${waiting[@]}"
same "forty late ones" 40 "$(cat "$work"/late.* | grep -o 200 | wc -l)"
check "come at the same time" test "$(($(now_ms) - started))" -lt 20000
stop_masa

finish
