#!/bin/bash
# What a manufacturer's voucher service refuses, each with its status and the
# rule in a line of text.
set -u
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/web_lib.sh
. "$(dirname "$0")/web_lib.sh"
# shellcheck source=tests/system/masa_lib.sh
. "$(dirname "$0")/masa_lib.sh"

need_python cryptography

out=$work/out-masa

# --- the command line ---

check_refused "no command" 2 'make, serve, own or customer' masa
check_refused "no devices" 2 '--devices: is missing' masa make --name A \
	--out "$out"
check_refused "another command's option" 2 "another command's" masa serve \
	--listen 127.0.0.1:0 --devices 2
check_refused "a fault that an audit log cannot have" 2 'an audit log can' \
	masa serve --listen 127.0.0.1:0 --audit-fault wrong-pin
check_refused "a URL with a path" 2 'HOST:PORT' masa make --name A \
	--devices 1 --out "$out" --masa-url masa.example/x
check_refused "a service without a manufacturer" 1 'masa.db' masa serve \
	--listen 127.0.0.1:0
check "a manufacturer" masa make --name Acme --devices 2 --out "$out"
check_refused "a second one in its place" 1 'is there already' masa make \
	--name Other --devices 1 --out "$work/other"
make_domain home
make_domain away
check_refused "an owner of what was never made" 1 'no device .* ACME-0009' \
	masa own ACME-0009 "$work/home/root.pem"
check_refused "an owner without a certificate" 1 'No such|not found|no such' \
	masa own ACME-0001 "$work/nothing.pem"
mkdir "$work/theirs"
start_estuaryd main
stop_estuaryd main
cp "$work/main/estuary.db" "$work/theirs/masa.db"
check_refused "an appliance's database" 1 'belongs to another application' \
	"$build/estuary-masa" --state "$work/theirs" own ACME-0001 \
	"$work/home/root.pem"
cp "$work/masa/masa.db" "$work/main/estuary.db"
check_refused "a service's database as an appliance's" 1 \
	'belongs to another application' "$build/estuaryd" --state "$work/main" \
	--config "$work/main.conf"

# --- over HTTP ---

start_masa

# refused NAME STATUS PATTERN [PATH [CURL ARGUMENT...]]
refused() {
	local status

	status=$(ask "${4:-requestvoucher}" "${@:5}")
	same "$1: the status" "$2" "$status"
	matches "$1: the rule" "$3" "$(cat "$work/answer")"
	matches "$1: in plain text" '^Content-Type: text/plain; charset=utf-8' \
		"$(tr -d '\r' <"$work/headers")"
}

good_request() {
	device_request ACME-0001 n0nce "$work/home/registrar.pem"
	registrar_request home ACME-0001 n0nce
}

good_request
same "a good one is not" 200 "$(ask requestvoucher)"
request_type=application/json
refused "another type" 415 'Content-Type is none of'
refused "another type for the log" 415 'Content-Type' requestauditlog
request_type=
refused "no type" 415 'Content-Type'
request_type=application/voucher-jws+json
refused "CMS that is called JWS" 400 'JSON'
request_type=application/voucher+cose
refused "CMS that is called COSE" 400 'RFC 9052|CBOR'
request_type=application/voucher-cms+json
refused "nothing that is accepted" 406 'cannot be had' requestvoucher \
	-H 'Accept: application/json'
refused "another method" 405 'method' requestvoucher -X GET
refused "another path" 404 'no such path' requestvouchers
head -c 70000 /dev/zero >"$work/rvr.cms"
refused "too large" 413 'larger'
: >"$work/rvr.cms"
refused "nothing" 400 'empty'
echo hello >"$work/rvr.cms"
refused "no CMS" 400 'not CMS'

good_request
# [RFC8995 5.5.4] the signature, and who signed
printf '\x00' | dd of="$work/rvr.cms" bs=1 conv=notrunc status=none \
	seek=$(($(stat -c %s "$work/rvr.cms") - 1))
refused "another signature" 403 'signature is not valid'
cms_sign "$work/home/front.key" "$work/home/front.pem" "$work/rvr.json" \
	"$work/rvr.cms"
refused "signed by who is no registrar" 403 'no id-kp-cmcRA'
web_sign home issuing expired "was a registrar" \
	"extendedKeyUsage=1.3.6.1.5.5.7.3.28"
"$python" - "$work/home/issuing" "$work/home/expired.pem" <<-'PYTHON'
	# The same again, of the year 2020, which not every openssl can issue.
	import datetime, sys
	from cryptography import x509
	from cryptography.hazmat.primitives import hashes, serialization
	issuing, path = sys.argv[1:]
	key = serialization.load_pem_private_key(
	    open(issuing + ".key", "rb").read(), None)
	old = x509.load_pem_x509_certificate(open(path, "rb").read())
	b = x509.CertificateBuilder(
	    issuer_name=old.issuer, subject_name=old.subject,
	    public_key=old.public_key(), serial_number=old.serial_number,
	    not_valid_before=datetime.datetime(2020, 1, 1),
	    not_valid_after=datetime.datetime(2020, 1, 2),
	    extensions=list(old.extensions))
	new = b.sign(key, hashes.SHA256())
	open(path, "wb").write(new.public_bytes(serialization.Encoding.PEM))
PYTHON
cms_sign "$work/home/expired.key" "$work/home/expired.pem" "$work/rvr.json" \
	"$work/rvr.cms"
refused "signed by who was one" 403 'not in date'

# [RFC8995 5.6] the device
device_request ACME-0001 n0nce "$work/home/registrar.pem"
registrar_request home ACME-0099 n0nce
refused "nobody's serial number" 404 'no device'
registrar_request home ACME-0002 n0nce
refused "another device's request" 403 'another than this device'
registrar_request home ACME-0001 n0nce \
	'"idevid-issuer":"BBgwFoAUAAAAAAAAAAAAAAAAAAAAAAAAAAA="'
refused "another issuer" 403 'idevid-issuer is not'
registrar_request home ACME-0001 n0nce \
	"\"proximity-registrar-cert\":\"$(der64 "$work/home/registrar.pem")\""
refused "a device's member" 403 'must not be in a registrar'
registrar_request home ACME-0001 n0nce '"nonce":"twice"'
refused "a member twice" 400 'JSON|duplicate'

# [RFC8995 5.5.5] the device's request
registrar_request home ACME-0001 other
refused "another nonce" 403 'another nonce'
device_request ACME-0002 n0nce "$work/home/registrar.pem" ACME-0001
registrar_request home ACME-0001 n0nce
refused "another serial number in it" 403 'another serial number'
device_request ACME-0001 n0nce "$work/home/registrar.pem" ACME-0002
registrar_request home ACME-0001 n0nce
refused "signed by another device" 403 'another than this device'
device_request ACME-0001 n0nce "$work/away/registrar.pem"
registrar_request home ACME-0001 n0nce
refused "a device that saw another registrar" 403 'saw another registrar'
# [RFC8995 5.8] who gets no voucher gets no log
refused "and its log" 403 'saw another registrar' requestauditlog
echo hello >"$work/pvr.cms"
registrar_request home ACME-0001 n0nce
refused "no request in it" 403 'prior-signed-voucher-request: '
registrar_request home ACME-0001 - '"nonce":"n0nce"'
refused "a nonce without the device" 403 'prior-signed-voucher-request is missing'

# [RFC8995 5.5.4] without a nonce
registrar_request home ACME-0001 -
refused "without a nonce, a stranger" 403 'needs a TLS client certificate'
refused "without a nonce, who only says so" 403 'certificate of a customer' \
	requestvoucher --cert "$work/home/registrar.pem" \
	--key "$work/home/registrar.key"
check "a customer" masa customer --name Home --out "$work/customer.pem"
check "a sale" masa own ACME-0002 "$work/home/root.pem"
registrar_request away ACME-0002 -
refused "a customer for another's device" 403 'sold to another domain' \
	requestvoucher --cert "$work/customer.pem"
device_request ACME-0002 n0nce "$work/away/registrar.pem"
registrar_request away ACME-0002 n0nce
refused "who has another's device at hand" 403 'sold to another domain'
same "nothing of this was logged" '{"ACME-0001": 1}' "$("$python" -c '
import json, sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute("SELECT serial_number, count(*)"
    " FROM voucher JOIN device ON device.id = device_id GROUP BY 1")
print(json.dumps(dict(rows)))' "$work/masa/masa.db")"
stop_masa

start_masa --policy owned
good_request
refused "nobody's device, by policy" 403 'not sold to anybody'
device_request ACME-0002 n0nce "$work/home/registrar.pem"
registrar_request home ACME-0002 n0nce
same "the owner's is given" 200 "$(ask requestvoucher)"
stop_masa

finish
