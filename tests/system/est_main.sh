#!/usr/bin/env bash
# The EST paths of the main job as other people's programs see them: curl,
# openssl, gnutls-cli.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

start_estuaryd main
save_root main
port=${estuaryd_listen[main]##*:}
base=https://est.lab.test:$port
est=$base/.well-known/est

# fetch ARGUMENT... URL: by curl, which trusts the root alone.
fetch() {
	curl -sS --max-time 20 --cacert "$work/main.root.pem" \
		--resolve "est.lab.test:$port:127.0.0.1" "$@"
}

status_of() {
	fetch -o "$work/body" -D "$work/headers" -w '%{http_code}' "$@"
}

header() {
	sed -n "s/^$1: *//Ip" "$work/headers" | tr -d '\r'
}

# The certificates in $work/body: one-line base64 of certs-only CMS.
body_certs() {
	base64 -d "$work/body" | openssl pkcs7 -inform DER -print_certs
}

n_certs() {
	body_certs | grep -c 'BEGIN CERTIFICATE'
}

# one_line_and_lf FILE
one_line_and_lf() {
	[ "$(wc -l <"$1")" -eq 1 ] && [ "$(tail -c 1 "$1" | od -An -tx1)" = " 0a" ]
}

# --- cacerts ---

same "cacerts answers 200" 200 "$(status_of "$est/cacerts")"
matches "cacerts has RFC 7030's content type" \
	'^application/pkcs7-mime(; smime-type=certs-only)?$' "$(header content-type)"
# [RFC8951 3.1]
check "cacerts is base64 on one line and LF" one_line_and_lf "$work/body"
same "cacerts has the root and the issuing CA" 2 "$(n_certs)"
body_certs >"$work/cacerts.pem"
check "cacerts holds the very root that the administrator shows" \
	"$python" -c 'import re, sys
pem = re.compile("-----BEGIN.*?-----END CERTIFICATE-----", re.S)
shown = pem.findall(open(sys.argv[1]).read())
served = pem.findall(open(sys.argv[2]).read())
assert len(shown) == 1 and shown[0] in served' \
	"$work/main.root.pem" "$work/cacerts.pem"
cp "$work/body" "$work/cacerts.b64"
same "cacerts under a CA label answers 200" 200 \
	"$(status_of "$est/anylabel/cacerts")"
check "cacerts under a CA label is the same" cmp -s "$work/body" \
	"$work/cacerts.b64"
for label in eecerts cacerts simpleenroll domain-s doh; do
	same "'$label' is no CA label" 404 "$(status_of "$est/$label/cacerts")"
done
status_of -A libest/3.0 "$est/cacerts" >/dev/null
same "lines of 64 for libest, which reads no longer ones" 64 \
	"$(awk '{ if (length > n) n = length } END { print n }' "$work/body")"
check "libest's is the same otherwise" \
	cmp -s <(tr -d '\n' <"$work/body") <(tr -d '\n' <"$work/cacerts.b64")

# --- the server's own certificate ---

openssl s_client -connect "127.0.0.1:$port" -showcerts </dev/null \
	2>/dev/null >"$work/handshake"
awk '/BEGIN CERTIFICATE/ { n++ } n && /BEGIN/,/END/ { print > dir "/chain" n ".pem" }' \
	dir="$work" "$work/handshake"
check "openssl verifies the server's certificate with the root" \
	openssl verify -x509_strict -purpose sslserver -CAfile \
	"$work/main.root.pem" -untrusted "$work/chain2.pem" \
	-verify_hostname est.lab.test "$work/chain1.pem"
check_refused "and refuses another name" 2 'ostname mismatch' openssl verify \
	-CAfile "$work/main.root.pem" -untrusted "$work/chain2.pem" \
	-verify_hostname dns.lab.test "$work/chain1.pem"
check_refused "and another root" 2 'unable to get' openssl verify \
	-untrusted "$work/chain2.pem" "$work/chain1.pem"
same "the chain is the leaf and the issuing CA" no \
	"$([ -e "$work/chain3.pem" ] && echo yes || echo no)"

# --- eecerts ---

same "eecerts without a DNS server is 404" 404 "$(status_of "$est/eecerts")"
matches "and says why" . "$(cat "$work/body")"
same "resolvers.json without a DNS server is 404" 404 \
	"$(status_of "$base/resolvers.json")"
ctl main dns-server issue --name DNS.lab.test --label domain-s:8853 \
	--label doh:8443 --dohpath '/q{?dns}' --ip 127.0.0.1 --ip fd00::1 \
	--out "$work/dns" >/dev/null || not_ok "a DNS server's certificate"
ctl main dns-server issue --name dns2.lab.test --label domain-s --out \
	"$work/dns2" >/dev/null || not_ok "another one"

# eecerts_are NAME URL CERTIFICATE...: these alone, in whatever order.
eecerts_are() {
	local name=$1 status

	status=$(status_of "$2")
	shift 2
	if [ "$status" = 200 ] && one_line_and_lf "$work/body"; then
		body_certs >"$work/ee.pem"
		check "$name" "$python" -c 'import re, sys
pem = re.compile("-----BEGIN.*?-----END CERTIFICATE-----", re.S)
got = pem.findall(open(sys.argv[1]).read())
want = [pem.findall(open(f).read())[0] for f in sys.argv[2:]]
assert sorted(got) == sorted(want), (len(got), len(want))' "$work/ee.pem" "$@"
	else
		not_ok "$name (status $status)"
	fi
}

both=("$work/dns/cert.pem" "$work/dns2/cert.pem")
eecerts_are "eecerts has all DNS servers' certificates, and nothing else" \
	"$est/eecerts" "${both[@]}"
eecerts_are "eecerts/domain-s" "$est/eecerts/domain-s" "${both[@]}"
eecerts_are "domain-s/eecerts" "$est/domain-s/eecerts" "${both[@]}"
eecerts_are "eecerts/doh" "$est/eecerts/doh" "${both[0]}"
eecerts_are "doh/eecerts" "$est/doh/eecerts" "${both[0]}"
eecerts_are "labels are read case-blind" "$est/eecerts/Domain-S" "${both[@]}"
for path in eecerts/nosuch nosuch/eecerts eecerts/_doh eecerts/ /eecerts \
	eecerts/doh/ eecerts/doh/x 'eecerts/%00' 'eecerts/domain-s%00' \
	'eecerts/..%2Fcacerts' "eecerts/$(printf 'x%.0s' {1..400})"; do
	same "unknown label: ${path:0:40}" 404 \
		"$(status_of --path-as-is "$est/$path")"
done
check "openssl verifies the DNS server's certificate with the root" \
	openssl verify -x509_strict -purpose sslserver -CAfile \
	"$work/main.root.pem" -untrusted "$work/chain2.pem" \
	-verify_hostname dns.lab.test -verify_ip 127.0.0.1 "$work/dns/cert.pem"

same "resolvers.json answers 200" 200 "$(status_of "$base/resolvers.json")"
same "as JSON" application/json "$(header content-type)"
check "resolvers.json says where each one is" "$python" -c '
import hashlib, json, ssl, sys
sha = {}
for name, path in (("dns.lab.test", sys.argv[2]), ("dns2.lab.test", sys.argv[3])):
    der = ssl.PEM_cert_to_DER_cert(open(path).read())
    sha[name] = hashlib.sha256(der).hexdigest()
rows = json.load(open(sys.argv[1]))["resolvers"]
want = [
    {"adn": "dns.lab.test", "label": "domain-s", "port": 8853, "alpn": ["dot"],
     "addresses": ["127.0.0.1", "fd00::1"], "state": "current",
     "sha256": sha["dns.lab.test"]},
    {"adn": "dns.lab.test", "label": "doh", "port": 8443, "alpn": ["h2"],
     "addresses": ["127.0.0.1", "fd00::1"], "state": "current",
     "dohpath": "/q{?dns}", "sha256": sha["dns.lab.test"]},
    {"adn": "dns2.lab.test", "label": "domain-s", "port": 853, "alpn": ["dot"],
     "addresses": [], "state": "current", "sha256": sha["dns2.lab.test"]}]
key = lambda r: (r["adn"], r["label"])
rows = [{k: v for k, v in r.items() if not (k == "dohpath" and not v)}
        for r in rows]
assert sorted(rows, key=key) == sorted(want, key=key), rows' \
	"$work/body" "${both[@]}"

# --- methods, paths, bodies ---

same "HEAD answers 200" 200 "$(status_of -I "$est/cacerts")"
length=$(header content-length)
same "HEAD has GET's length" "$(wc -c <"$work/cacerts.b64")" "$length"
same "HEAD of an unknown path" 404 "$(status_of -I "$base/nothing")"
for path in / /.well-known/est /.well-known/est/ /api/v1/status /admin \
	/.well-known/est/cacerts/ //.well-known/est/cacerts \
	/.well-known/../.well-known/est/cacerts; do
	same "no such path: $path" 404 "$(status_of --path-as-is "$base$path")"
	matches "and says so: $path" . "$(cat "$work/body")"
done
same "OPTIONS * is no path either" 404 \
	"$(status_of -X OPTIONS --request-target '*' "$base/")"
for method in POST PUT DELETE PATCH OPTIONS TRACE gEt; do
	same "$method of cacerts is refused" 405 \
		"$(status_of -X "$method" "$est/cacerts")"
	matches "and told what is allowed" '\bGET\b' "$(header allow)"
done
same "a body where none belongs is 413" 413 \
	"$(status_of -X GET --data-binary hello "$est/cacerts")"
head -c 3000000 /dev/zero >"$work/zeros"
same "a large one too" 413 "$(status_of -X GET --data-binary \
	"@$work/zeros" "$est/cacerts")"
same "a chunked one too" 413 "$(status_of -X GET -H 'Transfer-Encoding: chunked' \
	--data-binary hello "$est/cacerts")"
same "the server is well after that" 200 "$(status_of "$est/cacerts")"
same "nobody's cache keeps it" no-store "$(header cache-control)"

# --- TLS ---

for version in 1.2 1.3; do
	same "TLS $version by curl" 200 "$(status_of --tlsv"$version" \
		--tls-max "$version" "$est/cacerts")"
	printf 'GET /.well-known/est/cacerts HTTP/1.0\r\n\r\n' |
		openssl s_client -quiet "-tls${version/./_}" \
		-verify_return_error -CAfile "$work/main.root.pem" \
		-verify_hostname est.lab.test -connect "127.0.0.1:$port" \
		>"$work/said" 2>&1
	matches "TLS $version by openssl" '^HTTP/1\.[01] 200' "$(cat "$work/said")"
	printf 'GET /.well-known/est/cacerts HTTP/1.0\r\n\r\n' |
		gnutls-cli --x509cafile "$work/main.root.pem" \
		--priority "NORMAL:-VERS-ALL:+VERS-TLS$version" \
		--verify-hostname est.lab.test -p "$port" 127.0.0.1 \
		>"$work/said" 2>&1
	matches "TLS $version by gnutls-cli" '^HTTP/1\.[01] 200' \
		"$(cat "$work/said")"
done
first='^(Server|Peer) Temp Key: X25519,'
if openssl list -kem-algorithms | grep X25519MLKEM768 >/dev/null; then
	first='^Negotiated TLS1.3 group: X25519MLKEM768$'
fi
check "the client's first choice of group" grep -Eq "$first" "$work/handshake"
for version in 1 1_1; do
	openssl s_client "-tls$version" -cipher 'ALL:@SECLEVEL=0' -connect \
		"127.0.0.1:$port" </dev/null >"$work/said" 2>&1
	check "TLS ${version/_/.} is refused by an alert" \
		grep -q 'alert protocol version' "$work/said"
done
for cipher in 'aRSA' 'PSK' 'aNULL:@SECLEVEL=0' 'kRSA' '3DES:@SECLEVEL=0' 'SRP'; do
	openssl s_client -tls1_2 -cipher "$cipher" -connect "127.0.0.1:$port" \
		</dev/null >"$work/said" 2>&1
	check "the cipher suites $cipher are refused" \
		grep -Eq 'handshake failure|no cipher|NONE' "$work/said"
done
openssl s_client -alpn h2,http/1.1 -connect "127.0.0.1:$port" </dev/null \
	>"$work/said" 2>/dev/null
check "ALPN: http/1.1, though h2 is offered first" \
	grep -q '^ALPN protocol: http/1.1' "$work/said"
openssl s_client -tls1_2 -alpn h2 -connect "127.0.0.1:$port" </dev/null \
	>"$work/said" 2>&1
same "ALPN: h2 alone is never agreed to" 0 \
	"$(grep -c '^ALPN protocol: h2' "$work/said")"
same "curl speaks HTTP/1.1 although it offers HTTP/2" 1.1 \
	"$(fetch --http2 -o /dev/null -w '%{http_version}' "$est/cacerts")"
(printf 'R\n' && sleep 1) | openssl s_client -tls1_2 -connect \
	"127.0.0.1:$port" >"$work/said" 2>&1
check "renegotiation is refused" grep -Eqi \
	'no renegotiation|handshake failure|:error:' "$work/said"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-keyout "$work/own.key" -out "$work/own.pem" -subj '/CN=est.lab.test' \
	2>/dev/null
for version in 1.2 1.3; do
	same "a client certificate of its own making is nobody: TLS $version" \
		200 "$(status_of --tlsv$version --tls-max $version \
		--cert "$work/own.pem" --key "$work/own.key" "$est/cacerts")"
done

"$python" "$system_dir/est_engine.py" 127.0.0.1 "$port" \
	"$work/main.root.pem" || checks_failed=$((checks_failed + 1))

# --- IPv4 and IPv6 alike ---

stop_estuaryd main
kill -0 "${estuaryd_pid[main]}" 2>/dev/null && not_ok "estuaryd has ended"
start_estuaryd main --set 'server.listen=[::]:0'
port=${estuaryd_listen[main]##*:}
for host in 127.0.0.1 '[::1]'; do
	same "[::] serves $host" 200 "$(curl -sS -o /dev/null -w '%{http_code}' \
		--cacert "$work/main.root.pem" --max-time 20 --connect-to \
		"::$host:" "https://est.lab.test:$port/.well-known/est/cacerts")"
done
stop_estuaryd main
port=$(free_port)
start_estuaryd main --set "server.listen=127.0.0.1:$port, [::1]:$port"
for host in 127.0.0.1 '[::1]'; do
	same "both listeners serve: $host" 200 "$(curl -sS -o /dev/null -w \
		'%{http_code}' --cacert "$work/main.root.pem" --max-time 20 \
		--connect-to "::$host:" \
		"https://est.lab.test:$port/.well-known/est/eecerts")"
done
finish
