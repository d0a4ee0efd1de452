#!/bin/bash
# Devices and MASAs that do not keep to the rules: each refusal has its status,
# and its reason. [RFC8995 5.5] [RFC8995 5.6]

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/voucher_lib.sh
. "$(dirname "$0")/voucher_lib.sh"

check "a MASA" start_masa || finish
new_device one SN-1
new_device two SN-2
new_cert nobody stranger '/CN=thing/serialNumber=SN-1' \
	'basicConstraints=CA:FALSE' \
	"1.3.6.1.5.5.7.1.32=ASN1:IA5STRING:localhost:$masa_port"
new_cert inventor stranger '/CN=thing/serialNumber=SN-INVENTED' \
	'basicConstraints=CA:FALSE'
start_estuaryd main
enter_maker

# refused NAME PATTERN DEVICE OPTION...
refused() {
	local name=$1 pattern=$2

	shift 2
	matches "$name" "$pattern" "$(pledge "$@")"
}

# --- devices ---

refused "[RFC8995 5.1] no IDevID" '^401 .*IDevID' one --no-cert
refused "an unknown manufacturer" '^403 .*manufacturer is not known' nobody
refused "with whatever number" '^403 .*manufacturer is not known' inventor
refused "[RFC8995 5.5] another device's signature" '^403 .*not signed by' \
	one --signer two
refused "[RFC8995 5.5] another device's serial number" \
	'^403 .*serial number "?SN-2' one --serial SN-2
refused "[RFC8995 5.2] another registrar's certificate, and the end" \
	'^401 - close .*proximity-registrar-cert' \
	one --proximity "$maker/tls.pem"
refused "[RFC8995 5.2] another assertion" '^401 - close .*proximity' \
	one --assertion verified
refused "[RFC8995 5.5] a stale request" '^403 .*stale' one --created -7200
refused "[RFC8995 5.5] one of the future" '^403 .*future' one --created 7200
refused "[RFC8995 5.2] one without a nonce" '^400 .*nonce' one --no-nonce
refused "a type that is no voucher's" '^415 ' one --type application/json
refused "no type at all" '^415 ' one --type ''
refused "nothing that it accepts can be had" '^406 ' one --accept text/html
: >"$work/empty"
refused "an empty request" '^400 ' one --body "$work/empty"
printf '0\200' >"$work/odd"
refused "a request that is cut off" '^400 ' one --body "$work/odd"
refused "a request that is base64" '^400 ' one --body "$maker/one.pem"
same "none of these was anything that the MASA saw" 0 "$(masa_asked)"
same "nor is a device known by them" 0 \
	"$(ctl_json main device list | json 'len(d["items"])')"
ctl main audit >"$work/audit"
matches "but the audit log has them" 'voucher\.refused .*malformed' \
	"$(cat "$work/audit")"
check "the list holds no such device" ctl main manufacturer set acme \
	--policy list --serial 'SN-9*'
refused "a serial number that is not on the list" '^404 .*list' one
check "the manufacturer is refused" ctl main manufacturer set acme \
	--policy refuse
refused "a manufacturer that is refused" '^403 .*refused here' one
check "and allowed again" ctl main manufacturer set acme --policy allow

# --- MASAs ---

# The failure is kept for a retry of the same bytes, not for the device.
lies() {
	masa_mode "$1"
	refused "$2" "$3" one
}

lies serial "a voucher for another serial number" '^502 .*another serial'
lies nonce "a voucher with another nonce" "^502 .*nonce is not the request's"
lies nonceless "a voucher without the nonce" '^502 .*has no nonce'
lies pin "a voucher that pins another domain" '^502 .*another domain'
lies expired "a voucher that is expired" '^502 .*expired'
lies future "a voucher of the future" '^502 .*future'
lies stranger "a voucher that a stranger signed" '^502 .*does not chain'
lies signature "a voucher with a broken signature" '^502 .*signature'
lies garbage "an answer that is no voucher" '^502 '
lies type "a voucher of another type" "^502 .*type 'text/html'"
lies big "ten megabytes" '^502 .*more than 64 KB'
wait_for 10 grep -q 'big was cut off' "$work/masa.log"
matches "which were not read" 'big was cut off' "$(cat "$work/masa.log")"
lies reset "a connection that is reset" '^502 .*broke'
lies redirect "a redirect" '^502 .*status 302'
lies 403 "a MASA that refuses" '^403 .*the MASA says why'
lies 404 "a MASA that does not know the device" '^404 .*the MASA says why'
lies 406 "a MASA without the format" '^406 '
lies 500 "a MASA that is broken" '^502 .*status 500'
lies log-500 "an audit log that cannot be had" '^502 .*no audit log'
lies log-elsewhere "an audit log elsewhere" '^502 .*same origin'
log=$(grep 'no voucher of the MASA' "$work/main.log")
matches "the log names the check" 'another serial' "$log"
same "no voucher was issued by all that" 0 \
	"$(ctl main audit | grep -c 'voucher\.issued')"

# --- where the MASA is ---

masa_mode good
check "private addresses are not allowed" ctl main manufacturer set acme \
	--no-masa-private
refused "a MASA with a private address" '^403 .*not public' one
check "they are again" ctl main manufacturer set acme --masa-private
check "another MASA's certificate is wanted" ctl main manufacturer set acme \
	--masa-ca "$maker/stranger.pem"
refused "a MASA with a certificate of nobody's" '^502 .*TLS' one
check "its own again" ctl main manufacturer set acme --masa-ca "$maker/ca.pem"
check "another host is allowed" ctl main manufacturer set acme \
	--masa-host masa.example
refused "the IDevID names a host that is not" '^403 .*host in the IDevID' one
port=$(free_port)
check "nobody listens" ctl main manufacturer set acme \
	--masa-url "localhost:$port"
refused "a MASA that cannot be reached" '^504 ' one
check "the MASA is back" ctl main manufacturer set acme \
	--masa-url "localhost:$masa_port"

# --- what the audit log says ---

masa_mode log-unknown
refused "[RFC8995 5.8.3] a device that somebody else had" \
	'^406 .*unknown domain' one --request "$work/pvr"
masa_mode good
refused "is refused from then on" '^403 .*unknown domain' one
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout "$work/key.pem" -subj / -outform DER 2>/dev/null |
	base64 -w 0 >"$work/csr.b64"
est() {
	curl -sk --cert "$maker/$1.pem" --key "$maker/$1.key" \
		-H 'Content-Type: application/pkcs10' \
		--data-binary @"$work/csr.b64" \
		-w '%{http_code}' \
		"https://${estuaryd_listen[main]}/.well-known/est/simpleenroll" |
		tr '\n' ' '
}
matches "and so is every EST action of it" 'unknown domain.*' "$(est one)"
matches "with 403" '403$' "$(est one)"
id=$(ctl_json main device list | json 'd["items"][0]["id"]')
matches "its record says so" 'unknown domain' "$(ctl main device show "$id")"
check "the administrator accepts it" ctl main device accept "$id"
refused "then it gets its voucher" '^200 ' one --patient

# --- LDevIDs ---

# asks SUBJECT: device one's request for a certificate.
asks() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$work/key.pem" -subj "$1" -outform DER 2>/dev/null |
		base64 -w 0 >"$work/csr.b64"
	est one
}

matches "[RFC8995 5.9.3] another device's serial number" \
	'serialNumber.*403$' "$(asks '/serialNumber=SN-2')"
matches "[RFC8995 5.9.3] another common name" 'common name.*403$' \
	"$(asks '/CN=est.lab.test/serialNumber=SN-1')"
matches "more than that" 'subject must be.*403$' \
	"$(asks '/OU=admins/serialNumber=SN-1')"
same "a device without a voucher" 403 "$(est two | tail -c 3)"

# --- another IDevID with the serial number of a device that has its voucher ---

asks '/serialNumber=SN-1' >/dev/null
same "the device enrolls" 200 "$(est one | tail -c 3)"
new_device twin SN-1
check "a person decides from now on" ctl main manufacturer set acme \
	--policy ask
refused "its twin waits" '^202 .*approval' twin
matches "and cannot enroll in its place" 'another IDevID.*403$' "$(est twin)"
echo '{"version":1,"status":false,"reason":"planted"}' >"$work/status.json"
says=(--path /.well-known/brski/voucher_status --type application/json
	--body "$work/status.json")
refused "what it says is taken" '^200 ' twin "${says[@]}"
same "but for nobody's record" 0 \
	"$(ctl main device show "$id" | grep -c planted)"
refused "while the device" '^200 ' one "${says[@]}"
same "speaks for itself" 1 "$(ctl main device show "$id" | grep -c planted)"
same "the device still can" 200 "$(est one | tail -c 3)"
check "the manufacturer is refused" ctl main manufacturer set acme \
	--policy refuse
matches "then its devices do not enroll with their IDevIDs" \
	'acme are refused here.*403$' "$(est one)"
check "and allowed again" ctl main manufacturer set acme --policy allow

# --- a name that is somebody's ---

new_device three SN-3
wire_name=device-$(openssl x509 -in "$maker/three.pem" -outform DER | sha256sum |
	cut -c 1-16)
# shellcheck disable=SC2317 # check calls it
add_with_password() {
	echo 'a long enough password' |
		ctl main identity add "$wire_name" --password-stdin
}
check "somebody has the device's name" add_with_password
refused "the device does not become him" '^500 ' three
same "nor does he become a device" 403 "$(est three | tail -c 3)"

# --- a manufacturer whose anchors change while a device is connected ---

new_device held SN-4
pledge held --again "$work/go" >"$work/held" &
held=$!
wait_for 10 test -e "$work/go.ready"
check "the manufacturer has another anchor" ctl main manufacturer set acme \
	--anchor "$maker/stranger.pem"
: >"$work/go"
wait "$held"
matches "the device is nobody's on its old connection, too" \
	'^403 .*manufacturer is not known' "$(cat "$work/held")"
check "the anchor is back" ctl main manufacturer set acme \
	--anchor "$maker/ca.pem"

# --- one device that asks again and again ---

masa_mode stall
pids=()
asked=$(masa_asked)
# shellcheck disable=SC2317 # wait_for calls it
asked_again() {
	[ "$(masa_asked)" -gt "$asked" ]
}
for i in 1 2 3 4; do
	pledge two --request "$work/again.$i" >"$work/said.$i" &
	pids+=("$!")
	wait_for 10 asked_again || not_ok "the MASA is asked"
	asked=$((asked + 1))
done
wait "${pids[@]}"
same "of four requests each waits, or gave its place to a newer one" 4 \
	"$(grep -El '^202 |^403 .*newer' "$work"/said.* | wc -l)"
matches "one waits" '^202 ' "$(sort "$work"/said.* | head -n 1)"
refused "a fifth is too many" '^503 [1-9][0-9]* .*too often' two
masa_mode good

# --- who is nobody ---

ctl main audit >"$work/audit"
same "an invented serial number is in no audit log" 0 \
	"$(grep -c 'SN-INVENTED' "$work/audit")"
finish
