#!/usr/bin/env bash
# Vouchers in each format over HTTP, with requests that are made by nothing of
# ours, and what devices report afterwards. [RFC8995 5.2] [RFC8995 5.7]
# Most functions are called by their names, through check.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/pledge_lib.sh
. "$(dirname "$0")/pledge_lib.sh"

make_maker 1
start_masa --policy open
start_estuaryd main
check "the manufacturer is entered" add_maker main || finish
device=${devices[0]}
# As voucher_pledge.py looks for them.
ln -s "$device.cert.pem" "$maker/$device.pem"
ln -s "$device.key.pem" "$maker/$device.key"
openssl x509 -in "$(grep -l CERTIFICATE "$work"/masa/voucher*)" \
	>"$work/signer.pem"
cms=application/voucher-cms+json
jws=application/voucher-jws+json
cose=application/voucher+cose
old_cose=application/voucher-cose+cbor

pledge() {
	"$python" "$system_dir/voucher_pledge.py" "${estuaryd_listen[main]}" \
		"$maker" "$device" "$@"
}

form_of() {
	case $1 in
	*cms*) echo cms ;;
	*jws*) echo jws ;;
	*) echo cose ;;
	esac
}

# gets NAME TYPE [ARGUMENT...]: a voucher of that type, for this request;
# it is opened by nothing of ours. [RFC7515 5.1] [RFC7515 7.2.1] [RFC9052 4.4]
gets() {
	local name=$1 type=$2

	matches "$name" "^200 - .* ${type//+/\\+} " "$(pledge "${@:3}" \
		--nonce "$work/nonce" --save "$work/voucher")"
	matches "$name: it is signed, for the device, with its nonce" \
		"^$device $(sed 's/[+]/\\+/g' "$work/nonce") [0-9a-f]{64}\$" \
		"$("$python" "$system_dir/voucher_forms.py" open \
			"$(form_of "$type")" "$work/voucher" "$work/signer.pem")"
}

# --- each format, and each for each ---

for type in "$cms" "$jws" "$cose" "$old_cose"; do
	gets "$type" "$type" --type "$type"
	for accept in "$cms" "$jws" "$cose" "$old_cose"; do
		gets "$type for $accept" "$accept" --type "$type" \
			--accept "$accept"
	done
	gets "$type for anything" "$type" --type "$type" --accept '*/*'
	matches "$type: a picture cannot be had" '^406 .*accepted types' \
		"$(pledge --type "$type" --accept image/png)"
done
gets "what is wished for most" "$jws" --accept "$cose;q=0.5, $jws, text/html"
matches "what is not wanted is not given" '^406 ' \
	"$(pledge --accept "$cms;q=0")"
gets "a type with a parameter" "$cms" --type "$cms; charset=utf-8"
for keys in absolute names mixed; do
	gets "[RFC9254 3.2] COSE with keys: $keys" "$cose" --type "$cose" \
		--keys "$keys"
done
pledge --type "$jws" --request "$work/jws" >"$work/out"
matches "JWS that is called COSE" '^400 ' \
	"$(pledge --type "$cose" --request "$work/jws")"
matches "and CMS" '^400 ' "$(pledge --request "$work/jws")"
matches "while it is itself" '^200 ' \
	"$(pledge --type "$jws" --request "$work/jws")"

# --- a MASA of before: another media type for COSE ---

check "the MASA's name for COSE" ctl main manufacturer set acme \
	--cose-type "$old_cose"
gets "the device does not see it" "$cose" --type "$cose"

# --- telemetry ---

id=$(ctl_json main device list | json 'd["items"][0]["id"]')
status_path=/.well-known/brski/voucher_status
enroll_path=/.well-known/brski/enrollstatus

# tells PATH TYPE BODY-AS-PRINTF: what the device is answered.
tells() {
	# shellcheck disable=SC2059 # that is what it is for
	printf "$3" >"$work/status"
	pledge --path "$1" --type "$2" --body "$work/status"
}

# recorded NAME KIND GOOD TEXT: of the device's last event.
recorded() {
	local last

	last=$(ctl main device show "$id" | grep -E ' (good|bad) ' |
		grep -F -e "$4" | tail -n 1)
	matches "$1" " $2 +$3 .*IDevID" "$last"
}

matches "[RFC8995 5.7] JSON" '^200 ' "$(tells "$status_path" application/json \
	'{"version":1,"status":true,"reason":"json one"}')"
recorded "is recorded" voucher-status good 'json one'
matches "a failure in JSON" '^200 ' "$(tells "$enroll_path" application/json \
	'{"version":"1","status":false,"reason":"json two","reason-context":{"a":1}}')"
recorded "is recorded with its reason" enroll-status bad 'json two {"a":1}'
matches "CBOR" '^200 ' "$(tells "$status_path" application/cbor \
	'\243\147version\001\146status\365\146reason\150cbor one')"
recorded "is recorded, too" voucher-status good 'cbor one'
matches "a failure in CBOR" '^200 ' "$(tells "$enroll_path" application/cbor \
	'\243\147version\001\146status\364\146reason\150cbor two')"
recorded "is recorded, with its reason, too" enroll-status bad 'cbor two'
events() {
	ctl_json main device show "$id" | json 'len(d["events"])'
}
before=$(events)
for path in "$status_path" "$enroll_path"; do
	matches "$path: no JSON" '^400 .*RFC 8995 5\.7' \
		"$(tells "$path" application/json '{"version":1,"status":true')"
	matches "$path: no status" '^400 .*status is missing' \
		"$(tells "$path" application/json '{"version":1}')"
	matches "$path: a member twice" '^400 ' "$(tells "$path" \
		application/json '{"version":1,"status":true,"status":false}')"
	matches "$path: CBOR that is cut off" '^400 .*RFC 8995 5\.7' \
		"$(tells "$path" application/cbor '\242\147version\001\146sta')"
	matches "$path: CBOR with a member twice" '^400 .*twice' \
		"$(tells "$path" application/cbor \
			'\243\147version\001\146status\365\146status\364')"
	matches "$path: JSON that is called CBOR" '^400 ' "$(tells "$path" \
		application/cbor '{"version":1,"status":true}')"
	matches "$path: nothing" '^400 ' "$(tells "$path" application/json '')"
	matches "$path: text" '^415 ' "$(tells "$path" text/plain \
		'{"version":1,"status":true}')"
	matches "$path: no type" '^415 ' "$(tells "$path" '' \
		'{"version":1,"status":true}')"
done
same "nothing of that is recorded" "$before" "$(events)"
finish
