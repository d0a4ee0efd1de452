#!/usr/bin/env bash
# server.cert and server.key that estuaryd does not start with.
# shellcheck disable=SC2317 # functions that checks call
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/foreign_ca.sh
. "$(dirname "$0")/foreign_ca.sh"

check "a foreign CA" foreign_ca
check "its certificate" server_cert good DNS:est.lab.test,DNS:www.lab.test
server_cert other DNS:www.lab.test
server_cert wild 'DNS:*.lab.test'
dated_cert expired DNS:est.lab.test "$(days_off -9)" "$(days_off -1)"
dated_cert early DNS:est.lab.test "$(days_off 1)" "$(days_off 9)"
new_key client
server_exts DNS:est.lab.test | sed 's/serverAuth/clientAuth/' |
	sign client sub 10
new_key ca
server_exts DNS:est.lab.test | sed 's/CA:FALSE/CA:TRUE/;
	s/digitalSignature/digitalSignature,keyCertSign/' | sign ca root 10
new_key nousage
server_exts DNS:est.lab.test | sed 's/digitalSignature/keyAgreement/' |
	sign nousage sub 10
(umask 077 && openssl genpkey -quiet -algorithm RSA \
	-pkeyopt rsa_keygen_bits:1024 -out "$fca/weak.key" 2>/dev/null)
server_exts DNS:est.lab.test | sign weak sub 10
new_key sha1
server_exts DNS:est.lab.test | sign sha1 sub 10 -sha1
cat "$fca/good.pem" "$fca/root.pem" >"$fca/gap.chain"
cat "$fca/sub.pem" "$fca/good.pem" >"$fca/turned.chain"
(
	umask 077
	openssl pkey -in "$fca/good.key" -aes256 -passout pass:x \
		-out "$fca/locked.key"
	openssl ec -in "$fca/good.key" -aes256 -passout pass:x \
		-out "$fca/locked2.key" 2>/dev/null
	cat "$fca/good.key" "$fca/other.key" >"$fca/two.key"
	head -c 100 "$fca/good.key" >"$fca/cut.key"
	cat "$fca/good.key" "$fca/good.pem" >"$fca/both.pem"
	head -c 65537 /dev/urandom >"$fca/large"
)
head -c 300 "$fca/good.pem" >"$fca/cut.pem"
cp "$fca/good.key" "$fca/open.key"
chmod 0644 "$fca/open.key"
cp "$fca/good.key" "$fca/group.key"
chmod 0640 "$fca/group.key"
mkfifo "$fca/fifo"

# refuse NAME PATTERN CERT KEY: neither --check nor a start takes it.
refuse() {
	local set=(--set "server.cert=$3" --set "server.key=$4")

	write_config bad
	check_refused "$1: --check" 1 "$2" timeout 15 "$build/estuaryd" --state \
		"$work/bad" --config "$work/bad.conf" "${set[@]}" --check
	check_refused "$1: a start" 1 "$2" timeout 15 "$build/estuaryd" --state \
		"$work/bad" --config "$work/bad.conf" "${set[@]}"
	[ ! -e "$work/bad" ] || not_ok "$1: nothing is made"
}

refuse "a certificate without its key" 'belong together' "$fca/good.pem" ''
refuse "a key without its certificate" 'belong together' '' "$fca/good.key"
refuse "a relative path" 'absolute' good.pem "$fca/good.key"
refuse "a relative path of the key" 'absolute' "$fca/good.pem" good.key
refuse "no such certificate" 'server.cert .*not found' "$fca/none" "$fca/good.key"
refuse "no such key" 'server.key .*No such' "$fca/good.pem" "$fca/none"
refuse "a FIFO" 'server.cert' "$fca/fifo" "$fca/good.key"
refuse "64 KB of anything" 'server.cert .*too large' "$fca/large" "$fca/good.key"
refuse "the key of another" 'not that of the certificate' "$fca/good.pem" \
	"$fca/other.key"
refuse "another name" 'RFC 9525.*est.lab.test is not among' "$fca/other.pem" \
	"$fca/other.key"
refuse "a wildcard" 'only by a wildcard' "$fca/wild.pem" "$fca/wild.key"
refuse "an expired one" 'RFC 5280 4.1.2.5.*expired at' "$fca/expired.pem" \
	"$fca/expired.key"
refuse "one from the future" 'RFC 5280 4.1.2.5.*not valid before' \
	"$fca/early.pem" "$fca/early.key"
refuse "a client's" 'RFC 5280 4.2.1.12.*serverAuth' "$fca/client.pem" \
	"$fca/client.key"
refuse "a CA's" 'RFC 5280 4.2.1.9.*CA certificate' "$fca/ca.pem" "$fca/ca.key"
refuse "one that may not sign" 'digitalSignature' "$fca/nousage.pem" \
	"$fca/nousage.key"
refuse "a weak key" 'RSA key of 1024 bits' "$fca/weak.pem" "$fca/weak.key"
refuse "SHA-1" 'SHA-256 or better' "$fca/sha1.pem" "$fca/sha1.key"
# [RFC5246 7.4.2]
refuse "a chain with a gap" 'certificate 2 of the chain did not issue' \
	"$fca/gap.chain" "$fca/good.key"
refuse "a chain the wrong way round" 'CA certificate' "$fca/turned.chain" \
	"$fca/good.key"
refuse "a certificate cut off" 'server.cert' "$fca/cut.pem" "$fca/good.key"
refuse "a key for a certificate" 'no certificate' "$fca/good.key" \
	"$fca/good.key"
refuse "a certificate for a key" 'lets others read|0 private keys' \
	"$fca/good.pem" "$fca/good.pem"
refuse "an encrypted key" 'encrypted' "$fca/good.pem" "$fca/locked.key"
refuse "one encrypted the old way" 'encrypted' "$fca/good.pem" \
	"$fca/locked2.key"
refuse "two keys" '2 private keys' "$fca/good.pem" "$fca/two.key"
refuse "a key cut off" 'cut off' "$fca/good.pem" "$fca/cut.key"
refuse "a key that everybody reads" 'lets others read a secret' \
	"$fca/good.pem" "$fca/open.key"

# Root may let a group read it, as Debian's ssl-cert; nobody else may.
if [ "$(id -u)" -eq 0 ]; then
	check "root's key for a group" "$build/estuaryd" --state "$work/bad" \
		--config "$work/bad.conf" --set "server.cert=$fca/good.pem" \
		--set "server.key=$fca/group.key" --check
	chmod 0660 "$fca/group.key"
	refuse "root's key that a group may write" 'lets others' \
		"$fca/good.pem" "$fca/group.key"
	chmod 0400 "$fca/group.key"
	chown nobody "$fca/group.key"
	refuse "somebody else's key" 'owned by uid' "$fca/good.pem" \
		"$fca/group.key"
else
	refuse "a key that a group reads" 'lets others' "$fca/good.pem" \
		"$fca/group.key"
fi
check "both in one file" "$build/estuaryd" --state "$work/bad" --config \
	"$work/bad.conf" --set "server.cert=$fca/both.pem" \
	--set "server.key=$fca/both.pem" --check

# Without them the name has to be the CA's to give.
check_refused "a name outside ca.domain needs them" 1 'not in ca\.domain' \
	"$build/estuaryd" --state "$work/bad" --set server.name=est.public.test \
	--set ca.domain=lab.test --check

finish
