#!/usr/bin/env bash
# --trust implicit against the appliance: server.cert and server.key, and the
# DNS server's imported certificate, are of a CA of the system's store, which
# SSL_CERT_FILE stands for here.
# shellcheck disable=SC2317 # functions that checks call
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/dns_lib.sh
. "$(dirname "$0")/dns_lib.sh"
# shellcheck source=tests/system/web_lib.sh
. "$(dirname "$0")/web_lib.sh"

# import DIRECTORY: for both services of the DNS server.
import_cert() {
	ctl main dns-server import --name dns.example.test --ip 127.0.0.1 \
		--label "domain-s:$dot_port" --label "doh:$doh_port" \
		--cert "$work/$1/fullchain.pem"
}

# appliance ENDPOINT [ARGUMENT...]: joins by name alone.
appliance() {
	endpoint "$1" join --trust implicit --network main \
		--server "${estuaryd_listen[main]}" \
		--server-name est.example.test "${@:2}" </dev/null
}

# with_code ENDPOINT CODE [ARGUMENT...]
with_code() {
	printf '%s\n' "$2" >"$work/code"
	appliance "$1" --code-file "$work/code" "${@:3}"
}

# refresh [ARGUMENT...]
refresh() {
	endpoint web refresh --server "${estuaryd_listen[main]}" "$@"
}

# present DIRECTORY: the DNS server restarts with the certificate there.
presented=
present() {
	[ -z "$presented" ] || stop_unbound "$presented"
	start_unbound "$1"
	presented=$1
}

serial_of() {
	openssl x509 -in "$work/$1/cert.pem" -noout -serial |
		sed 's/.*=//; s/.*/\L&/'
}

# uses_left CODE
uses_left() {
	ctl_json main identity list | json "[i['uses_left'] for i in d['items']
		if i['identity'] == '${1:0:4}${1:5:4}'][0]"
}

make_web_ca web
web_cert web est est.example.test
chmod 0600 "$work/est/key.pem"
for name in first second third; do
	web_cert web "$name" dns.example.test
done
cat >"$work/main.conf" <<-CONFIG
	[server]
	listen = 127.0.0.1:0
	name = est.example.test
	cert = $work/est/fullchain.pem
	key = $work/est/key.pem
	[ca]
	domain = lab.test
	[mdns]
	enabled = no
CONFIG
start_estuaryd main
save_root main
export SSL_CERT_FILE=$work/web/root.pem SSL_CERT_DIR=$work/none

check_refused "before there is a DNS server: 3" 3 'no DNS server' appliance web
same "and nothing is stored" '' "$(stored web)"
check "import the DNS server's certificate" import_cert first
present first

# --- by name alone ---

check "join without a code" appliance web
matches "it says what was checked" "system's trust store" "$(cat "$work/out")"
matches "by the EST server's word, for want of SRV-IDs" 'without SRV-ID' \
	"$(cat "$work/out")"
same "the trust is implicit" implicit \
	"$(endpoint web status --json | json 'd["trust"]')"
check "check" endpoint web check --name printer.lab.test --json
same "over DoT and DoH" '[["doh", "ok"], ["domain-s", "ok"]]' "$(json \
	'sorted([r["label"], r["outcome"]] for r in d["resolvers"])' \
	<"$work/out")"

# --- by code as well ---

code=$(new_code main phone --uses 2)
check "join with a code" with_code phone "$code"
same "by the PAKE: a use is counted" 1 "$(uses_left "$code")"
same "and still implicit" '["implicit", null]' "$(json \
	'[d.get("trust"), d.get("root_sha256")]' \
	<"$work/endpoint-phone/networks/main.json")"
check "check passes there, too" endpoint phone check --name printer.lab.test
check_refused "a wrong code joins nothing" 1 'does not know' with_code wrong \
	"$(wrong_secret "$code")"
same "and nothing is stored" '' "$(stored wrong)"
hash=$(openssl x509 -in "$work/main.root.pem" -outform DER |
	openssl dgst -sha256 -binary | basenc --base64url | tr -d '=\n')
other=$(openssl x509 -in "$work/web/root.pem" -outform DER |
	openssl dgst -sha256 -binary | basenc --base64url | tr -d '=\n')
uri="estuary:${code//-/}?n=est.example.test&r="
check_refused "a code that names another root" 1 'root hash' with_code wrong \
	"$uri$other"
same "stores nothing" '' "$(stored wrong)"
same "the code is used up" 0 "$(uses_left "$code")"
code=$(new_code main laptop)
check "the appliance's own QR code" with_code laptop \
	"estuary:${code//-/}?n=est.example.test&r=$hash"

# --- the DNS server's certificate is renewed ---

check "import the renewed one" import_cert second
check "refresh --force brings it" refresh --force
matches "as next" "^DoT .*certificate $(serial_of second) .*added \(next\)" \
	"$(cat "$work/out")"
check "the one before is still right" endpoint web check
present second
check "and so is the renewed one" endpoint web check --name printer.lab.test
check "promote" ctl main dns-server promote dns.example.test
check "refresh --force learns it" refresh --force
matches "the old one is removed" \
	"^DoH .*certificate $(serial_of first) .*removed" "$(cat "$work/out")"
check "check" endpoint web check --name printer.lab.test
check_refused "who has not refreshed does not know it" 1 'security check' \
	endpoint phone check
check "until then" endpoint phone refresh --server "${estuaryd_listen[main]}"
check "and passes" endpoint phone check

# --- what is refused ---

# The draft's match: EQUAL to the one fetched, however valid.
present third
check_refused "another certificate of the same CA and name" 1 \
	'security check' endpoint web check
check "refresh sees it, and learns nothing that would fit" refresh
matches "it says so" '^Fetching anew: certificate match' \
	"$(cat "$work/out")"
check_refused "but cannot learn what was not imported" 1 'security check' \
	endpoint web check
export SSL_CERT_FILE=$work/none
present second
check_refused "without the CA in the store: no join" 1 'path validation' \
	appliance none
check_refused "not with a code either" 1 'path validation' with_code none \
	"$(new_code main none)"
same "nothing is stored" '' "$(stored none)"
check_refused "no check" 1 'security check' endpoint web check
check_refused "no refresh" 1 'path validation' refresh --force
export SSL_CERT_FILE=$work/main.root.pem
check_refused "the appliance's own CA in the store makes no difference" 1 \
	'path validation' appliance none
stop_unbound second
finish
