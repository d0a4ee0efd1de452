#!/usr/bin/env bash
# CSRs and names that must not become a certificate: refused with one line that
# names the reason, and nothing enters the store.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

start_estuaryd main

n_certificates() {
	ctl_json main status | json 'd["certificates"]'
}

before=$(n_certificates)
"$python" "$system_dir/csr_craft.py" "$work/csr" ||
	not_ok "the CSRs are made"

# refused NAME PATTERN ARGUMENT...: by estuaryctl dns-server issue, in one line.
refused() {
	local name=$1 pattern=$2

	shift 2
	check_refused "$name" 1 "^estuaryctl: .*($pattern)" \
		ctl main dns-server issue "$@" || return
	if [ "$(wc -l <"$work/err")" -ne 1 ] || [ -s "$work/out" ]; then
		not_ok "$name: one line, and nothing on standard output"
		show "$work/err"
	fi
}

dns=(--name dns.lab.test --label domain-s)

# --- names that the administrator asks for ---

refused "a name outside ca.domain" 'outside the domains' \
	--name dns.example.org --label doh --out "$work/no"
refused "a name that only ends like ca.domain" 'outside the domains' \
	--name dnslab.test --label doh --out "$work/no"
refused "the domain above" 'outside the domains' --name test --label doh \
	--out "$work/no"
refused "server.name" 'server\.name' --name est.lab.test --label doh \
	--out "$work/no"
refused "server.name in other letters" 'server\.name' --name EST.Lab.Test \
	--label doh --out "$work/no"
refused "a wildcard" 'wildcard|not a domain name' --name '*.lab.test' \
	--label doh --out "$work/no"
for name in '' '.' '..lab.test' 'a..lab.test' '-a.lab.test' 'a b.lab.test' \
	$'a\n.lab.test' 'ä.lab.test' '192.0.2.1' "$(printf 'x%.0s' {1..64}).lab.test" \
	"$(printf 'x.%.0s' {1..130})lab.test" 'a/b.lab.test' 'a@lab.test'; do
	refused "no domain name: ${name@Q}" 'name' --name "$name" --label doh \
		--out "$work/no"
done
for ip in 8.8.8.8 2001:db8::1 169.254.1.1 fe80::1 0.0.0.0 ::ffff:8.8.8.8; do
	refused "an address outside ca.addresses: $ip" "$ip|address" "${dns[@]}" \
		--ip "$ip" --out "$work/no"
done
for ip in 127.0.0 127.0.0.1/8 '' localhost 127.0.0.1.; do
	refused "no address: '$ip'" 'address' "${dns[@]}" --ip "$ip" \
		--out "$work/no"
done
for label in smtp _doh 'domain' '' 'DOH_' est; do
	refused "the label '$label' is not DNS's" 'label' --name dns.lab.test \
		--label "$label:1" --out "$work/no"
done
refused "a label twice" 'twice' "${dns[@]}" --label domain-s:99 --out "$work/no"
for path in dns-query '/dns-query' 'https://x/{?dns}' '/q{?dns} ' '' \
	$'/q{?dns}\r\nX: y'; do
	refused "no DoH template: ${path@Q}" 'dohpath' --name dns.lab.test \
		--label doh --dohpath "$path" --out "$work/no"
done
if compgen -G "$work/no/*" >/dev/null; then
	not_ok "no key is left behind by a refusal"
else
	ok "no key is left behind by a refusal"
fi

# --- CSRs ---

# csr NAME PATTERN FILE: for dns.lab.test with domain-s, at 127.0.0.1.
csr() {
	refused "$1" "$2" "${dns[@]}" --ip 127.0.0.1 --csr "$work/csr/$3.pem"
}

csr "a CSR for another name" 'x\.lab\.test' other-name
csr "for a name outside ca.domain too" 'example\.org' outside
csr "for server.name" 'est\.lab\.test' server-name
csr "for a wildcard" '\*\.lab\.test' wildcard
csr "for an email address" 'email|rfc822|admin@lab' email
csr "for a URI" 'URI|type' uri
csr "for another DNS server's SRV-ID" '_domain-s\.x\.lab\.test' srv-other
csr "for an SRV-ID of another domain" 'example\.org' srv-outside
csr "for the SRV-ID of another service" '_smtp\.dns\.lab\.test|smtp' srv-service
csr "for an SRV-ID that was not asked for" '_doh\.dns\.lab\.test' srv-doh
csr "for an address that was not asked for" '127\.0\.0\.2' ip-other
csr "for an address outside ca.addresses" '8\.8\.8\.8' ip-outside
csr "with another common name" 'subject' cn-other
csr "with more in its subject" 'subject' subject-more
csr "RSA of 1024 bits" '1024' rsa-1024
csr "RSA with exponent 3" 'exponent' rsa-e3
csr "P-224" 'P-256 and P-384|secp224r1' p224
csr "secp256k1" 'secp256k1' secp256k1
csr "Ed448" 'Ed448|ED448' ed448
csr "DSA" 'DSA' dsa
csr "a signature of another key" 'signature|possession' wrong-key
csr "SHA-1" 'sha1|SHA1|ecdsa-with-SHA1|signature' sha1
csr "two CSRs in one file" 'CSR|PEM|one' two
csr "a certificate" 'CSR|PEM|REQUEST' certificate
csr "an empty file" 'CSR|csr|empty' empty
csr "bytes behind it" 'bytes behind' trailing

# Every truncation and every flipped bit, over one connection.
check "truncated at any byte, or with any byte changed: refused" \
	"$python" "$system_dir/csr_post.py" "$work/main/admin.sock" \
	"$work/csr/good.pem"
show "$work/out"

same "nothing of all that has entered the store" "$before" "$(n_certificates)"
same "nor the list of DNS servers" '[]' \
	"$(ctl_json main dns-server list | json 'd["items"]')"
same "nor the audit log" 0 "$(ctl_json main audit | json 'sum(
	i["event"] != "certificate.issue" or i["actor"] != "estuaryd"
	for i in d["items"])')"

# --- and those that may ---

for key in good p384 rsa-2048 rsa-4096 ed25519 all-names cn; do
	check "a good CSR: $key" ctl main dns-server issue "${dns[@]}" \
		--ip 127.0.0.1 --csr "$work/csr/$key.pem"
done
finish
