#!/usr/bin/env bash
# server.cert and server.key: the appliance with another CA's certificate, its
# renewal while it runs, and joining.
# shellcheck disable=SC2317 # functions that checks call
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/dns_lib.sh
. "$(dirname "$0")/dns_lib.sh"
# shellcheck source=tests/system/foreign_ca.sh
. "$(dirname "$0")/foreign_ca.sh"

check "a foreign CA" foreign_ca
check "its certificate" server_cert first DNS:est.public.test
server_cert second DNS:est.public.test
server_cert other DNS:est.elsewhere.test

pair=$work/pair
mkdir "$pair"

# What an ACME client does: each file is replaced at once, one after the other.
put_cert() {
	cp "$fca/$1.chain" "$pair/cert.tmp" && mv "$pair/cert.tmp" "$pair/cert.pem"
}
put_key() {
	cp "$fca/$1.key" "$pair/key.tmp" && chmod 0400 "$pair/key.tmp" &&
		mv -f "$pair/key.tmp" "$pair/key.pem"
}

put_cert first
put_key first
cat >"$work/main.conf" <<-CONFIG
	[server]
	listen = 127.0.0.1:0
	name = est.public.test
	cert = $pair/cert.pem
	key = $pair/key.pem
	[ca]
	domain = lab.test
	[mdns]
	enabled = no
CONFIG
check "--check judges the pair" "$build/estuaryd" --state "$work/none" \
	--config "$work/main.conf" --check
start_estuaryd main
port=${estuaryd_listen[main]##*:}

# The serial number of what is served.
served() {
	openssl s_client -connect "127.0.0.1:$port" -servername est.public.test \
		</dev/null 2>/dev/null | openssl x509 -noout -serial |
		sed 's/serial=//; s/.*/\L&/'
}
serves() {
	[ "$(served)" = "$(serial_of "$fca/$1.pem")" ]
}
shown() {
	ctl_json main status | json "d['server_certificate'].get('$1', '')"
}
public_curl() {
	curl -sS --fail --cacert "$fca/root.pem" --connect-to \
		"est.public.test:443:127.0.0.1:$port" "$@"
}

check "it is served" serves first
check "with its chain: the foreign root alone is enough for curl" \
	public_curl -o "$work/cacerts" https://est.public.test/.well-known/est/cacerts
save_root main
same "cacerts stay those of the embedded CA" \
	"$(openssl x509 -in "$work/main.root.pem" -noout -fingerprint -sha256)" \
	"$(base64 -d "$work/cacerts" | openssl pkcs7 -inform DER -print_certs |
		openssl x509 -noout -fingerprint -sha256)"
same "the status says whose it is" server.cert "$(shown source)"
same "and which" "$(serial_of "$fca/first.pem")" "$(shown serial)"
same "and who issued it" CN=sub "$(shown issuer)"
matches "for people too, with its end" 'certificate .*until 20.*server.cert' \
	"$(ctl main status)"
same "the embedded CA issued none for this server" '[]' \
	"$(ctl_json main cert list | json '[c["profile"] for c in d["items"]]')"

# --- renewal ---

# How often the log says that a pair was refused.
refusals() {
	grep -c 'server certificate not reloaded' "$work/main.log"
}
refused_times() {
	[ "$(refusals)" -ge "$1" ]
}
hup() {
	kill -HUP "${estuaryd_pid[main]}"
}

# A connection that is there before, and is asked again after the renewal.
coproc OLD {
	openssl s_client -quiet -connect "127.0.0.1:$port" -servername \
		est.public.test -verify_quiet 2>/dev/null
}
started_pids+=("$OLD_PID")
ask_old() {
	local line

	printf 'GET /.well-known/est/cacerts HTTP/1.1\r\nHost: est.public.test\r\n\r\n' \
		>&"${OLD[1]}"
	IFS= read -r -t 20 line <&"${OLD[0]}" || return 1
	[ "$line" = $'HTTP/1.1 200 OK\r' ] || return 1
	# To the end of the body, which is one line.
	while IFS= read -r -t 20 line <&"${OLD[0]}" && [ "$line" != $'\r' ]; do :; done
	IFS= read -r -t 20 line <&"${OLD[0]}"
}
check "a connection with the first certificate" ask_old

put_cert second
hup
check "a new certificate beside the old key is refused" wait_for 20 refused_times 1
check "and says why" grep -q \
	'not reloaded.*private key is not that of the certificate' "$work/main.log"
check "the pair before is still served" serves first
matches "the status says so" 'private key is not that' "$(shown refused)"
put_key second
check "once the key has come, too, the files are noticed by themselves" \
	wait_for 40 serves second
check "the old connection lives on" ask_old
same "the status has nothing to complain about" '' "$(shown refused)"
same "the half of a renewal was logged once" 1 "$(refusals)"

# bad_renewal NAME PATTERN: what the files hold now is not taken.
bad_renewal() {
	local before
	before=$(refusals)
	hup
	check "$1: refused" wait_for 20 refused_times $((before + 1))
	matches "$1: why" "$2" "$(shown refused)"
	check "$1: the pair before is served" serves second
}
put_cert other
put_key other
bad_renewal "another name" 'est.public.test is not among'
dated_cert old DNS:est.public.test "$(days_off -9)" "$(days_off -1)"
put_cert old
put_key old
bad_renewal "an expired one" 'expired at'
dated_cert early DNS:est.public.test "$(days_off 1)" "$(days_off 9)"
put_cert early
put_key early
bad_renewal "one from the future" 'not valid before'
put_cert first
put_key first
chmod 0444 "$pair/key.pem"
bad_renewal "a key that everybody reads" 'lets others read a secret'
rm "$pair/cert.pem"
bad_renewal "no certificate" 'server.cert .*not found'
put_cert first
put_key first
hup
check "SIGHUP takes a pair that fits" wait_for 20 serves first
same "and nothing is left to complain about" '' "$(shown refused)"
matches "of 10 days, 10 left are no matter" '^0$' \
	"$(grep -c 'expires soon' "$work/main.log")"
dated_cert late DNS:est.public.test "$(days_off -80)" "$(days_off 9)"
put_cert late
put_key late
check "one that has 9 of 89 days left is served" wait_for 40 serves late
check "with a warning" wait_for 30 grep -q 'server certificate expires soon' \
	"$work/main.log"

# --- enrolling and joining ---

code=$(new_code main laptop --uses 5)
# The PAKE authenticates this server, whoever certified it.
if "$python" -c 'import cryptography' 2>/dev/null; then
	check "an independent client's PAKE with that certificate" "$python" -B \
		"$system_dir/../peers/pake-client/pake_client.py" --connect \
		"127.0.0.1:$port" --server-name est.public.test --code "$code"
fi
ctl main dns-server issue --name dns.lab.test --label domain-s --ip 127.0.0.1 \
	--out "$work/dns" >/dev/null
# [RFC7030 3.6.1] the explicit anchor did not issue it.
check_refused "an explicit anchor does not vouch for a foreign certificate" 1 \
	"path validation of the EST server's certificate" join a main "$code" \
	--server-name est.public.test
same "and nothing is kept" "" "$(stored a)"

stop_estuaryd main
finish
