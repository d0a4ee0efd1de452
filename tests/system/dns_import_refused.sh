#!/usr/bin/env bash
# What estuaryctl dns-server import and its API refuse, each with its reason,
# and that nothing of it is kept.
# shellcheck disable=SC2317 # functions that checks call
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/foreign_ca.sh
. "$(dirname "$0")/foreign_ca.sh"

check "a foreign CA" foreign_ca
check "its certificate" server_cert good DNS:dns.public.test
server_cert other DNS:other.public.test
server_cert wild 'DNS:*.public.test'
dated_cert expired DNS:dns.public.test "$(days_off -9)" "$(days_off -1)"
dated_cert early DNS:dns.public.test "$(days_off 1)" "$(days_off 9)"
new_key client
server_exts DNS:dns.public.test | sed 's/serverAuth/clientAuth/' |
	sign client sub 10
new_key ca
server_exts DNS:dns.public.test | sed 's/CA:FALSE/CA:TRUE/;
	s/digitalSignature/digitalSignature,keyCertSign/' | sign ca root 10
new_key self
openssl req -new -x509 -key "$fca/self.key" -subj /CN=self -days 9 \
	-out "$fca/self.pem" -addext basicConstraints=critical,CA:FALSE \
	-addext keyUsage=digitalSignature -addext subjectAltName=DNS:dns.public.test
new_key sha1
server_exts DNS:dns.public.test | sign sha1 sub 10 -sha1
new_key critical
{
	server_exts DNS:dns.public.test
	echo '1.2.3.4=critical,ASN1:NULL'
} | sign critical sub 10
# The serial number of one that is there already.
start_estuaryd main
ctl main dns-server issue --name dns.lab.test --label domain-s --out "$work/own" \
	>/dev/null
new_key twin
server_exts DNS:dns.public.test >"$fca/twin.ext"
openssl x509 -req -in <(openssl req -new -key "$fca/twin.key" -subj /CN=twin) \
	-CA "$fca/sub.pem" -CAkey "$fca/sub.key" -extfile "$fca/twin.ext" -days 9 \
	-set_serial "0x$(serial_of "$work/own/cert.pem")" -out "$fca/twin.pem" \
	2>/dev/null

cat "$fca/good.pem" "$fca/other.pem" >"$fca/two.pem"
cat "$fca/sub.pem" "$fca/good.pem" >"$fca/turned.pem"
cat "$fca/good.pem" "$fca/good.csr" >"$fca/csr.pem"
cat "$fca/good.pem" "$fca/good.key" >"$fca/both.pem"
head -c 300 "$fca/good.pem" >"$fca/cut.pem"
openssl x509 -in "$fca/good.pem" -outform DER -out "$fca/good.der"
head -c 200 "$fca/good.der" >"$fca/cut.der"
{
	cat "$fca/good.der"
	printf x
} >"$fca/long.der"
head -c 65536 /dev/urandom >"$fca/large"
head -c 40000 /dev/urandom | base64 >"$fca/text"
: >"$fca/empty"
printf 'a\0b' >"$fca/nul"

# refuse NAME PATTERN FILE [ARGUMENT...]
refuse() {
	check_refused "$1" 1 "$2" ctl main dns-server import --name \
		dns.public.test --label domain-s --cert "$3" "${@:4}"
}

refuse "another name" 'RFC 9525 6\.3: dns\.public\.test is not among' \
	"$fca/other.pem"
refuse "a wildcard" 'only by a wildcard' "$fca/wild.pem"
refuse "an expired one" 'RFC 5280 4\.1\.2\.5.*expired at' "$fca/expired.pem"
refuse "one from the future" 'RFC 5280 4\.1\.2\.5.*not valid before' \
	"$fca/early.pem"
refuse "a client's" 'RFC 5280 4\.2\.1\.12.*serverAuth' "$fca/client.pem"
refuse "a CA's" 'RFC 5280 4\.2\.1\.9.*CA certificate' "$fca/ca.pem"
refuse "the root" 'RFC 5280 4\.2\.1\.9.*CA certificate' "$fca/root.pem"
refuse "a self-signed one" 'RFC 8295 3\.2.*self-signed' "$fca/self.pem"
refuse "SHA-1" 'SHA-256 or better' "$fca/sha1.pem"
refuse "an unknown critical extension" 'unknown critical extension' \
	"$fca/critical.pem"
refuse "another one's serial number" 'another certificate has the serial' \
	"$fca/twin.pem"
refuse "two certificates" 'certificate 2 of the text is not a CA' "$fca/two.pem"
refuse "a chain the wrong way round" 'not a CA' "$fca/turned.pem"
refuse "a CSR beside it" 'holds a CERTIFICATE REQUEST' "$fca/csr.pem"
refuse "a key" 'private key: it stays' "$fca/good.key"
refuse "a key behind the certificate" 'private key: it stays' "$fca/both.pem"
refuse "one cut off" 'cut off' "$fca/cut.pem"
refuse "DER cut off" 'not valid DER' "$fca/cut.der"
refuse "DER with more behind it" 'not valid DER|not an X.509' "$fca/long.der"
refuse "64 KB of anything" 'too large' "$fca/large"
refuse "40 KB of anything as text" 'too large|no certificate in the PEM text' \
	"$fca/text"
refuse "an empty file" 'no certificate in the PEM text' "$fca/empty"
refuse "text with a NUL" 'neither PEM nor DER' "$fca/nul"
refuse "no file" 'not found' "$fca/none"
refuse "a directory" 'neither PEM nor DER|malformed' "$fca"
refuse "a label that is not served" "label 'https' is not served" \
	"$fca/good.pem" --label https
refuse "a label twice" 'given twice' "$fca/good.pem" --label domain-s:54
refuse "an address that is none" 'not an IP address' "$fca/good.pem" --ip x.y

for bad in '' '--name d.public.test --label doh' '--name d.public.test --cert x' \
	'--label doh --cert x' '--name d.public.test --label doh:0 --cert x' \
	'--name d.public.test --label doh --cert x --out y' \
	'--name d.public.test --label domain-s --dohpath /q{?dns} --cert x' \
	'--name d.public.test --label doh --cert x y'; do
	# shellcheck disable=SC2086 # words
	check_refused "usage: import $bad" 2 'estuaryctl' \
		ctl main dns-server import $bad
done

# --- the API itself ---

# api_refused NAME STATUS PATTERN [CURL ARGUMENT...]: the body in $work/body.
api_refused() {
	local status
	status=$(curl -sS -o "$work/answer" -w '%{http_code}' -X POST \
		--unix-socket "$work/main/admin.sock" --data-binary \
		"@$work/body" "${@:4}" http://localhost/api/v1/dns-servers/import)
	same "$1: $2" "$2" "$status"
	matches "$1: why" "$3" "$(cat "$work/answer")"
}
# body CERT-FILE [NAME]
body() {
	"$python" -c 'import json, sys
print(json.dumps({"name": sys.argv[2], "labels": [{"label": "doh"}],
    "cert": open(sys.argv[1], encoding="latin-1").read()}))' "$1" \
		"${2:-dns.public.test}" >"$work/body"
}

body "$fca/good.key"
api_refused "a key" 422 'private key: it stays'
matches "and it is not repeated" '^0$' \
	"$(grep -c "$(sed -n 2p "$fca/good.key")" "$work/answer" "$work/main.log" |
		cut -d : -f 2 | sort -u)"
head -c 65537 /dev/urandom >"$work/body"
# curl waits for the answer, which comes before such a body was sent.
api_refused "64 KB of anything" 413 'large' -H 'Expect: 100-continue'
head -c 60000 /dev/urandom >"$work/body"
api_refused "60,000 bytes of anything" 400 'not JSON'
body "$fca/text"
api_refused "no PEM in it" 400 'no certificate'
body "$fca/good.pem" 'a b'
api_refused "no name" 400 'not a domain name'
echo '{"name": "dns.public.test", "labels": [{"label": "doh"}]}' >"$work/body"
api_refused "no certificate" 400 'cert: is missing'
echo '{"name": "dns.public.test", "labels": [{"label": "doh"}], "cert": 7}' \
	>"$work/body"
api_refused "a number for it" 400 'cert: is missing'
echo '{"name": "dns.public.test", "labels": [], "cert": ""}' >"$work/body"
api_refused "no label" 400 'service label'
echo '{"name": "dns.public.test", "csr": "", "cert": ""}' >"$work/body"
api_refused "a member of another request" 400 'unknown member .*csr'

same "nothing of all that is kept" '["dns.lab.test"]' \
	"$(ctl_json main dns-server list | json '[s["name"] for s in d["items"]]')"
same "nor its certificates" '[]' "$(ctl_json main cert list | json \
	'[c["serial"] for c in d["items"] if c["profile"] == "imported"]')"
check "the good one is taken" ctl main dns-server import --name dns.public.test \
	--label domain-s --cert "$fca/good.chain"

finish
