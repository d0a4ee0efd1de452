#!/bin/bash
# A device asks for its voucher, and enrolls with its IDevID. [RFC8995 5]

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/voucher_lib.sh
. "$(dirname "$0")/voucher_lib.sh"

check "a MASA" start_masa || finish
new_device one SN-1
new_device two SN-2
new_device three SN-3
new_device four SN-4
new_device five SN-5
start_estuaryd main
enter_maker

# --- enrollment needs a voucher ---

est_url=https://${estuaryd_listen[main]}/.well-known/est

# enroll DEVICE SUBJECT: prints the status; the answer is in $work/cert.b64.
enroll() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$work/ldevid.key" -subj "$2" -outform DER 2>/dev/null |
		base64 -w 0 >"$work/csr.b64"
	curl -sk --cert "$maker/$1.pem" --key "$maker/$1.key" \
		-H 'Content-Type: application/pkcs10' \
		--data-binary @"$work/csr.b64" -o "$work/cert.b64" \
		-w '%{http_code}' "$est_url/simpleenroll"
}

same "no certificate before the voucher" 403 "$(enroll one /)"
matches "and the device is told why" 'has not asked for a voucher' \
	"$(cat "$work/cert.b64")"

# --- the voucher ---

matches "the device gets its voucher" '^200 - .* application/voucher-cms\+json' \
	"$(pledge one --request "$work/pvr" --save "$work/voucher")"
openssl cms -verify -noverify -inform DER -in "$work/voucher" \
	-out "$work/voucher.json" 2>/dev/null
same "it is for its serial number" SN-1 \
	"$(json 'd["ietf-voucher:voucher"]["serial-number"]' \
		<"$work/voucher.json")"
save_root main
same "it pins the root" \
	"$(openssl x509 -in "$work/main.root.pem" -outform DER | base64 -w 0)" \
	"$(json 'd["ietf-voucher:voucher"]["pinned-domain-cert"]' \
		<"$work/voucher.json")"
same "the MASA was asked once, for CMS" \
	"requestvoucher good application/voucher-cms+json application/voucher-cms+json None" \
	"$(grep '^requestvoucher' "$work/masa.log")"
# [RFC8995 5.8]
same "and for the audit log, with the same request" \
	"requestauditlog good application/voucher-cms+json application/json None" \
	"$(grep '^requestauditlog' "$work/masa.log")"
matches "the same request finds the same voucher" '^200 ' \
	"$(pledge one --request "$work/pvr" --save "$work/again")"
check "byte for byte" cmp "$work/voucher" "$work/again"
same "without asking the MASA again" 1 "$(masa_asked)"
stop_estuaryd main
start_estuaryd main
est_url=https://${estuaryd_listen[main]}/.well-known/est
matches "also after a restart" '^200 ' \
	"$(pledge one --request "$work/pvr" --save "$work/again")"
check "byte for byte, too" cmp "$work/voucher" "$work/again"
same "still without asking the MASA" 1 "$(masa_asked)"
matches "the audit log has it" 'voucher\.issued' "$(ctl main audit)"

# --- telemetry and enrollment ---

echo '{"version":1,"status":true,"reason":"all well"}' >"$work/status.json"
echo '{"version":"1"}' >"$work/no-status.json"
telemetry=(--type application/json --body "$work/status.json")
matches "voucher_status is taken" '^200 ' \
	"$(pledge one --path /.well-known/brski/voucher_status "${telemetry[@]}")"
matches "also of a connection that shows no certificate" '^200 ' \
	"$(pledge one --no-cert --path /.well-known/brski/voucher_status \
		"${telemetry[@]}")"
matches "[RFC8995 5.7] one without status is not" '^400 .*status is missing' \
	"$(pledge one --path /.well-known/brski/voucher_status \
		--type application/json --body "$work/no-status.json")"
matches "nor one of another type" '^415 ' \
	"$(pledge one --path /.well-known/brski/voucher_status \
		--type text/plain --body "$work/status.json")"
same "[RFC8995 5.9] the device enrolls with its IDevID" 200 \
	"$(enroll one '/O=Maker/CN=thing SN-1/serialNumber=SN-1')"
base64 -d "$work/cert.b64" | openssl pkcs7 -inform DER -print_certs \
	>"$work/ldevid.crt"
matches "its LDevID carries the serial number" 'serialNumber ?= ?SN-1' \
	"$(openssl x509 -in "$work/ldevid.crt" -noout -subject)"
openssl x509 -in "$work/ldevid.crt" >"$work/ldevid.pem"
cat "$work/ldevid.key" >>"$work/ldevid.pem"
# [RFC8995 5.9.4]
matches "enrollstatus with the LDevID is taken" '^200 ' \
	"$(pledge one --cert "$work/ldevid.pem" \
		--path /.well-known/brski/enrollstatus "${telemetry[@]}")"
id=$(ctl_json main device list | json 'd["items"][0]["id"]')
ctl main device show "$id" >"$work/device"
matches "the device's record has its telemetry" 'with its IDevID: all well' \
	"$(cat "$work/device")"
matches "and knows over which certificate it came" \
	'with its LDevID: all well' "$(cat "$work/device")"
matches "it is enrolled" enrolled "$(cat "$work/device")"

# reenroll SUBJECT
reenroll() {
	openssl req -new -key "$work/ldevid.key" -subj "$1" -outform DER |
		base64 -w 0 >"$work/csr.b64"
	curl -sk --cert "$work/ldevid.pem" \
		-H 'Content-Type: application/pkcs10' \
		--data-binary @"$work/csr.b64" -o "$work/cert.b64" \
		-w '%{http_code}' "$est_url/simplereenroll"
}

same "re-enrollment takes the same subject" 200 \
	"$(reenroll '/CN=thing SN-1/serialNumber=SN-1')"
same "not one without the serial number" 403 "$(reenroll '/CN=thing SN-1')"
same "nor with another" 403 "$(reenroll '/CN=thing SN-1/serialNumber=SN-2')"

# --- a MASA that takes its time ---

masa_mode stall
matches "a slow MASA is 202" '^202 5 .*same request again' \
	"$(pledge two --request "$work/pvr2" --took "$work/took")"
after_four_seconds "after four seconds" "$(cat "$work/took")"
same "EST is served meanwhile" 200 \
	"$(curl -sk -o /dev/null -w '%{http_code}' "$est_url/cacerts")"
pledge two --request "$work/pvr2" --patient >"$work/joined" &
joined=$!
masa_mode good
wait "$joined"
matches "who comes back gets the answer" '^200 ' "$(cat "$work/joined")"
same "to the one question that was asked" 2 "$(masa_asked)"
masa_mode later
matches "the MASA's own 202 is asked again" '^200 ' "$(pledge three --patient)"
same "after its Retry-After" 4 "$(masa_asked)"

# --- audit logs ---

masa_mode log-created
matches "an audit log by 201 and Location is fetched" '^200 ' "$(pledge four)"
matches "from there" '^GET /kept/log' "$(cat "$work/masa.log")"
masa_mode log-none
matches "no audit log is tolerated" '^200 ' "$(pledge five)"
five=$(ctl_json main device list |
	json '[i["id"] for i in d["items"] if i["serial_number"] == "SN-5"][0]')
matches "and noted" 'the MASA has none' "$(ctl main device show "$five")"
masa_mode good

# --- fetched ahead ---

new_device eight SN-8
check_refused "fetching ahead needs to know the MASA" 1 'where its MASA is' \
	ctl main manufacturer prefetch acme --serial SN-8
check "the MASA is entered" ctl main manufacturer set acme \
	--masa-url "localhost:$masa_port"
check "a voucher is fetched ahead" ctl main manufacturer prefetch acme \
	--serial SN-8
masa_mode pin
check_refused "one that lies is not kept" 1 'SN-9: .*another domain' \
	ctl main manufacturer prefetch acme --serial SN-9
masa_mode good
port=$(free_port)
check "the MASA goes away" ctl main manufacturer set acme \
	--masa-url "localhost:$port"
matches "its voucher is there" '^200 ' "$(pledge eight --save "$work/ahead")"
openssl cms -verify -noverify -inform DER -in "$work/ahead" \
	-out "$work/ahead.json" 2>/dev/null
same "without a nonce" false \
	"$(json '"nonce" in d["ietf-voucher:voucher"]' <"$work/ahead.json")"
check "the MASA is back" ctl main manufacturer set acme --masa-url ''

# --- approval ---

new_device six SN-6
check "the policy becomes ask" ctl main manufacturer set acme --policy ask
matches "a person is asked" "^202 30 .*administrator's approval" \
	"$(pledge six --request "$work/pvr6")"
request=$(ctl_json main request list | json 'd["items"][0]["id"]')
check "who approves" ctl main request approve "$request"
matches "and the same request gets its voucher" '^200 ' \
	"$(pledge six --request "$work/pvr6")"
new_device seven SN-7
matches "another waits" '^202 ' "$(pledge seven --request "$work/pvr7")"
request=$(ctl_json main request list | json 'd["items"][-1]["id"]')
check "and is denied" ctl main request deny "$request" --reason 'not ours'
matches "with the reason" '^403 .*not ours' \
	"$(pledge seven --request "$work/pvr7")"
finish
