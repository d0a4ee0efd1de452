#!/usr/bin/env bash
# A DNS server with a certificate of another CA: imported, published, renewed.
# shellcheck disable=SC2317 # functions that checks call
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/dns_lib.sh
. "$(dirname "$0")/dns_lib.sh"
# shellcheck source=tests/system/foreign_ca.sh
. "$(dirname "$0")/foreign_ca.sh"

check "a foreign CA" foreign_ca
srv='otherName:1.3.6.1.5.5.7.8.7;IA5STRING:_domain-s.dns.public.test'
check "its certificate" server_cert first "DNS:dns.public.test,$srv"
server_cert second DNS:dns.public.test
server_cert third DNS:dns.public.test

start_estuaryd main
port=${estuaryd_listen[main]##*:}

import() {
	ctl main dns-server import --name dns.public.test --ip 127.0.0.1 "$@"
}
import_both() {
	import --label "domain-s:$dot_port" --label "doh:$doh_port" --dohpath \
		'/q{?dns}' --cert "$1"
}
# The certificates of eecerts[/LABEL], in DER: $work/ee.1, $work/ee.2, ...
fetch() {
	rm -f "$work"/ee.*
	curl -sS --fail -k -o "$work/eecerts" \
		"https://127.0.0.1:$port/.well-known/est/eecerts${1:+/$1}" || return
	base64 -d "$work/eecerts" >"$work/eecerts.der"
	"$python" - "$work" <<-'PYTHON'
		import sys
		from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
		work = sys.argv[1]
		certs = pkcs7.load_der_pkcs7_certificates(
		    open(work + "/eecerts.der", "rb").read())
		for i, cert in enumerate(certs, 1):
		    with open(f"{work}/ee.{i}", "wb") as out:
		        out.write(cert.public_bytes(Encoding.DER))
	PYTHON
}
servers() {
	ctl_json main dns-server list | json "$1"
}
states() {
	servers '[(s["label"], s["state"]) for s in d["items"]
		if s["serial"] == "'"$(serial_of "$fca/$1.pem")"'"]'
}

# --- the first one ---

check "import a certificate with its chain" import_both "$fca/first.chain"
cp "$work/out" "$work/said"
cp "$work/err" "$work/warned"
check "it says who issued it" grep -q 'dns.public.test, issued by CN=sub' \
	"$work/said"
check "it warns of the SRV-ID that is not there" grep -q \
	'warning: .*no SRV-ID _doh.dns.public.test' "$work/warned"
same "and of no other" 1 "$(wc -l <"$work/warned")"
same "it is current for both labels" \
	'[["doh", "current"], ["domain-s", "current"]]' "$(states first)"
same "the list says that it was imported, and from whom" \
	'["imported", "CN=sub"]' \
	"$(servers '[d["items"][0][k] for k in ("profile", "issuer")]')"
matches "for people too" 'dns\.public\.test.*CN=sub' \
	"$(ctl main dns-server list)"

mkdir "$work/dns"
cp "$fca/first.key" "$work/dns/key.pem"
cp "$fca/first.chain" "$work/dns/fullchain.pem"
start_unbound dns
openssl s_client -connect "127.0.0.1:$dot_port" </dev/null 2>/dev/null |
	openssl x509 -outform DER -out "$work/served.der"
check "eecerts" fetch
# [RFC8295 3] the chain that came with it is none of eecerts'.
same "hold one certificate" 1 "$(find "$work" -name 'ee.*' | wc -l)"
check "which is what unbound serves, byte for byte" cmp "$work/ee.1" \
	"$work/served.der"
openssl x509 -in "$fca/first.pem" -outform DER -out "$work/first.der"
check "and what was imported" cmp "$work/ee.1" "$work/first.der"
check "by label, too" fetch doh
check "the same" cmp "$work/ee.1" "$work/first.der"
curl -sS --fail -k -o "$work/resolvers" "https://127.0.0.1:$port/resolvers.json"
same "resolvers.json says where it is" \
	"[[\"doh\", [\"127.0.0.1\"], $doh_port, \"/q{?dns}\"], [\"domain-s\", [\"127.0.0.1\"], $dot_port, \"\"]]" \
	"$(json '[(r["label"], r["addresses"], r["port"], r.get("dohpath", ""))
		for r in d["resolvers"]]' <"$work/resolvers")"
same "and which certificate it has" "$(sha256sum <"$work/first.der" | cut -c 1-64)" \
	"$(json 'd["resolvers"][0]["sha256"]' <"$work/resolvers")"

# --- the same again ---

check_refused "the same once more" 1 'already there: current for d' \
	import_both "$fca/first.pem"
check "a renewed one" import_both "$fca/second.pem"
same "is next" '[["doh", "next"], ["domain-s", "next"]]' "$(states second)"
check "both" fetch
same "are published" 2 "$(find "$work" -name 'ee.*' | wc -l)"
check "promote" ctl main dns-server promote dns.public.test
same "makes it current" '[["doh", "current"], ["domain-s", "current"]]' \
	"$(states second)"
same "and retires the first" '[["doh", "retired"], ["domain-s", "retired"]]' \
	"$(states first)"
openssl x509 -in "$fca/third.pem" -outform DER -out "$work/third.der"
check "DER" import --label domain-s --cert "$work/third.der"
check "the same for another label" import --label doh --cert "$fca/third.pem"
same "one certificate, two labels" '[["doh", "next"], ["domain-s", "next"]]' \
	"$(states third)"
check "back to the first one" import_both "$fca/first.pem"
same "which is next, in place of the third" \
	'[["doh", "retired"], ["doh", "next"], ["domain-s", "retired"], ["domain-s", "next"]]' \
	"$(states first)"
same "each certificate is kept once, as imported" 3 \
	"$(ctl_json main cert list | json \
		'len([c for c in d["items"] if c["profile"] == "imported"])')"
same "the audit log has each import" 3 "$(ctl_json main audit | json \
	'len([r for r in d["items"] if r["event"] == "certificate.import"
		and r["actor"].startswith("uid ")])')"

# --- beside the embedded CA's ---

check "a server of the embedded CA beside it" ctl main dns-server issue \
	--name dns.lab.test --ip 127.0.0.1 --label "domain-s:$dot_port" \
	--out "$work/own"
check_refused "its certificate is not imported" 1 "appliance's own CA" \
	ctl main dns-server import --name dns.lab.test --label doh \
	--cert "$work/own/cert.pem"
check "an endpoint with an explicit anchor joins" join a main \
	"$(new_code main laptop)"
same "and takes the certificate that the anchor vouches for" '["dns.lab.test"]' \
	"$(json 'sorted({r["adn"] for r in d["resolvers"]})' \
		<"$work/endpoint-a/$(stored a | head -n 1)")"

stop_unbound dns
finish
