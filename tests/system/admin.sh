#!/usr/bin/env bash
# The administrator's side: estuaryctl and the JSON API on admin.sock.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# --- estuaryctl without a server, and its usage ---

check_refused "no estuaryd there: 3" 3 'is it running' ctl nobody status
for line in '' 'nothing' 'status extra' 'identity' 'identity add' \
	'identity add a b' 'identity add a --uses 0' 'identity add a --uses x' \
	'identity add a --expires 7x' 'identity add a --nosuch' 'identity remove' \
	'dns-server issue --name d.lab.test --out x' \
	'dns-server issue --name d.lab.test --label doh' \
	'dns-server issue --label doh --out x' \
	'dns-server issue --name d.lab.test --label doh:0 --out x' \
	'dns-server issue --name d.lab.test --label doh:65536 --out x' \
	'dns-server issue --name d.lab.test --label doh --out x --csr y' \
	'dns-server issue --name d.lab.test --label domain-s --dohpath /q{?dns} --out x' \
	'dns-server promote' 'dns-server list x' 'cert list --limit x' \
	'cert list --limit -1' 'cert show' 'audit --since yesterday' 'ca show x'; do
	# shellcheck disable=SC2086 # the words of one command line
	check_refused "usage: '$line'" 2 . ctl nobody $line
done
check_refused "no --state: usage" 2 . "$build/estuaryctl" status
check "--help" "$build/estuaryctl" --help
check "--version" "$build/estuaryctl" --version

# Started in the background with job control off, estuaryd has SIGINT ignored;
# only SIGTERM and SIGHUP are used here.
start_estuaryd main

# --- status, CA ---

check "status" ctl main status
check "status --json" ctl_json main status
cp "$work/out" "$work/status.json"
same "status says the server's name" est.lab.test \
	"$(json 'd["server_name"]' <"$work/status.json")"
same "and that the PAKE is offered" true \
	"$(json 'd["pake"]["offered"]' <"$work/status.json")"
same "and where it listens" "[\"${estuaryd_listen[main]}\"]" \
	"$(json 'd["listen"]' <"$work/status.json")"
ctl main ca show >"$work/root.pem"
openssl x509 -in "$work/root.pem" -noout -text >"$work/root.txt"
check "the root constrains names, critically" grep -q \
	'X509v3 Name Constraints: critical' "$work/root.txt"
check "to ca.domain" grep -q 'DNS:lab.test' "$work/root.txt"
matches "a 128-bit random serial" '^serial=[0-9A-F]{30,32}$' \
	"$(openssl x509 -in "$work/root.pem" -noout -serial)"
same "status has the root's SHA-256" "$(openssl x509 -in "$work/root.pem" \
	-outform DER | sha256sum | cut -d' ' -f1)" \
	"$(json 'd["ca"]["root_sha256"]' <"$work/status.json")"

# --- identities ---

check "identity add" ctl main identity add alice
matches "shows a code once" '\b([0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}\b' \
	"$(cat "$work/out")"
matches "and its URI" 'estuary:[0-9A-Z-]{24}\?n=est\.lab\.test&r=[A-Za-z0-9_-]{43}$' \
	"$(cat "$work/out")"
code=$(grep -Eo '([0-9A-Z]{4}-){4}[0-9A-Z]{4}' "$work/out" | head -n 1)
bare=${code//-/}
check "identity list" ctl main identity list
ctl_json main identity list >"$work/list.json"
same "it is a list" '["items", "next"]' "$(json 'sorted(d)' <"$work/list.json")"
same "one use is left" 1 "$(json 'd["items"][0]["uses_left"]' <"$work/list.json")"
same "the identity is the code's first 8 characters" "${bare:0:8}" \
	"$(json 'd["items"][0]["identity"]' <"$work/list.json")"
if grep -rqF -e "${bare:8:11}" -e "${code:10:10}" "$work/main" "$work/main.log" \
	"$work/list.json"; then
	not_ok "the secret is nowhere in the state, the log or a list"
else
	ok "the secret is nowhere in the state, the log or a list"
fi
check "a code for several" ctl_json main identity add class --uses 30 \
	--expires 7d --allow-name '*.class.lab.test'
matches "warns that its holders can cheat each other" 'warning' \
	"$(cat "$work/err")"
same "and has that many uses" 30 "$(json 'd["uses_left"]' <"$work/out")"
printf 'correct horse\n' >"$work/password"
add_password() {
	"$build/estuaryctl" --state "$work/main" identity add "$1" \
		--password-stdin <"$work/password"
}
check "a chosen password" add_password bob
check_refused "the same name again" 1 'exists' add_password bob
check_refused "a name with a colon" 1 'colon' add_password 'b:b'
printf 'short\n' >"$work/password"
check_refused "a short password" 1 'shorter' add_password carl
printf 'pass\xc3\xa4word long\n' >"$work/password"
check_refused "a password that is not ASCII" 1 'ASCII|UTF-8|JSON' add_password carl
: >"$work/password"
check_refused "no password" 2 'password' add_password carl
for profile in dns-server est-server nothing; do
	check_refused "the profile $profile is not for identities" 1 'profile' \
		ctl main identity add x --profile "$profile"
done
check_refused "an empty name" 1 'empty' ctl main identity add ''
check_refused "a long name" 1 'longer' ctl main identity add \
	"$(printf 'x%.0s' {1..300})"
check_refused "control characters in a name" 1 'ASCII' ctl main identity add \
	$'a\tb'
check "two of one label" ctl main identity add twin
ctl main identity add twin >/dev/null
check_refused "which then is not enough to name one" 1 'several' \
	ctl main identity remove twin
check "remove by label" ctl main identity remove alice
check "unlock" ctl main identity unlock bob
check_refused "nobody to unlock" 1 "no '" ctl main identity unlock nobody
check_refused "nobody to remove" 1 "no '" ctl main identity remove alice
for name in 'a/b' 'a?b' 'a%2Fb' 'a b&c' 'a#b' '..' 'ü'; do
	# The last is refused when it is added, and then has nothing to remove.
	ctl main identity add "$name" >/dev/null 2>&1 || continue
	check "what was added as '$name' can be removed" \
		ctl main identity remove "$name"
done
printf 'correct horse\n' >"$work/password"
add_password sam >/dev/null
ctl main identity add sam >/dev/null
check "an identity goes before another's label" ctl main identity remove sam

# --- DNS servers ---

# shellcheck disable=SC2317 # called through check
issue() {
	ctl main dns-server issue "$@"
}

check "dns-server issue --out" issue --name dns.lab.test --label domain-s:8853 \
	--label doh:8443 --ip 127.0.0.1 --out "$work/dns"
same "key.pem is for its owner alone" 600 "$(stat -c %a "$work/dns/key.pem")"
same "cert.pem is not secret" 644 "$(stat -c %a "$work/dns/cert.pem")"
same "nothing else is left there" 'cert.pem fullchain.pem key.pem' \
	"$(cd "$work/dns" && echo *)"
check "the key is the certificate's" cmp -s \
	<(openssl pkey -in "$work/dns/key.pem" -pubout) \
	<(openssl x509 -in "$work/dns/cert.pem" -noout -pubkey)
same "fullchain.pem is the leaf and the issuing CA" 2 \
	"$(grep -c BEGIN "$work/dns/fullchain.pem")"
openssl x509 -in "$work/dns/cert.pem" -noout -text >"$work/dns.txt"
for name in 'DNS:dns.lab.test' 'IP Address:127.0.0.1' \
	'TLS Web Server Authentication' 'TLS Web Client Authentication'; do
	check "the certificate has $name" grep -q "$name" "$work/dns.txt"
done
openssl x509 -in "$work/dns/cert.pem" -outform DER -out "$work/dns.der"
for name in _domain-s.dns.lab.test _doh.dns.lab.test; do
	check "the SRV-ID $name" grep -aqF "$name" "$work/dns.der"
done
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout \
	"$work/own.key" -out "$work/own.csr" -subj / 2>/dev/null
check "dns-server issue --csr" issue --name dns.lab.test --label domain-s:8853 \
	--label doh:8443 --ip 127.0.0.1 --csr "$work/own.csr"
mv "$work/out" "$work/next.pem"
check "prints a certificate for the CSR's key" cmp -s \
	<(openssl x509 -in "$work/next.pem" -noout -pubkey) \
	<(openssl pkey -in "$work/own.key" -pubout)
next=$(openssl x509 -in "$work/next.pem" -noout -serial | cut -d= -f2 | tr A-F a-f)
openssl req -new -key "$work/own.key" -subj /CN=two.lab.test -out "$work/own.csr" \
	-addext 'subjectAltName=DNS:two.lab.test'
check "a CSR that asks for what is its own" issue --name two.lab.test \
	--label doh --csr "$work/own.csr"
openssl req -in "$work/own.csr" -outform DER -out "$work/own.der"
check_refused "a CSR in DER is refused in clear words" 1 'PEM|CSR' issue \
	--name three.lab.test --label doh --csr "$work/own.der"
check_refused "no such CSR" 1 nowhere.csr issue --name three.lab.test \
	--label doh --csr "$work/nowhere.csr"

# The published certificates' serials as "state:serial ...", for one label.
port=${estuaryd_listen[main]##*:}
public() {
	curl -sk --max-time 20 "https://127.0.0.1:$port$1"
}
states() {
	public /resolvers.json | json '" ".join(r["adn"] + "/" + r["label"] + ":" +
		r["state"] for r in sorted(d["resolvers"],
		key=lambda r: (r["adn"], r["label"], r["state"])))'
}
n_published() {
	public "/.well-known/est/eecerts/$1" | base64 -d |
		openssl pkcs7 -inform DER -print_certs | grep -c BEGIN
}
same "a later certificate is next" "dns.lab.test/doh:current \
dns.lab.test/doh:next dns.lab.test/domain-s:current dns.lab.test/domain-s:next \
two.lab.test/doh:current" "$(states)"
same "current and next are both published" 2 "$(n_published domain-s)"
check "promote one label" ctl main dns-server promote dns.lab.test --label doh
same "for that label the next one is current" "dns.lab.test/doh:current \
dns.lab.test/domain-s:current dns.lab.test/domain-s:next two.lab.test/doh:current" \
	"$(states)"
check "promote the rest" ctl main dns-server promote DNS.lab.test
same "the retired one is published no more" 1 "$(n_published domain-s)"
public /.well-known/est/eecerts/domain-s | base64 -d |
	openssl pkcs7 -inform DER -print_certs >"$work/now.pem"
same "what is published is the one that was next" "$next" \
	"$(openssl x509 -in "$work/now.pem" -noout -serial | cut -d= -f2 |
		tr A-F a-f)"
check_refused "nothing is next any more" 1 'no next' \
	ctl main dns-server promote dns.lab.test
check "retire" ctl main dns-server retire dns.lab.test
same "then it is gone from resolvers.json" two.lab.test/doh:current "$(states)"
same "and its label is 404" 404 "$(curl -sk --max-time 20 -o /dev/null -w \
	'%{http_code}' "https://127.0.0.1:$port/.well-known/est/eecerts/domain-s")"
check_refused "retire twice" 1 "no '" ctl main dns-server retire dns.lab.test
check_refused "retire a stranger" 1 "no '" ctl main dns-server retire x.lab.test
check "the list shows every state" ctl main dns-server list
same "as JSON too" '["current", "retired"]' "$(ctl_json main dns-server list |
	json 'sorted({i["state"] for i in d["items"]})')"

# --- certificates ---

ctl_json main cert list >"$work/certs.json"
check "a certificate has its fields" "$python" -c '
import datetime, json, re, sys
d = json.load(open(sys.argv[1]))
assert set(d) == {"items", "next"} and d["next"] is None
assert len({c["serial"] for c in d["items"]}) == len(d["items"])
for c in d["items"]:
    assert {"serial", "subject", "profile", "identity", "not_before",
            "not_after", "state", "pem"} <= set(c), c
    assert re.fullmatch("[0-9a-f]+", c["serial"])
    for k in "not_before", "not_after":
        assert datetime.datetime.fromisoformat(c[k].replace("Z", "+00:00"))
    assert c["state"] == "valid" and c["pem"].startswith("-----BEGIN CERT")
profiles = [c["profile"] for c in d["items"]]
assert sorted(profiles) == ["dns-server"] * 3 + ["est-server"], profiles' \
	"$work/certs.json"
paged=
cursor=0
while [ "$cursor" != null ]; do
	ctl_json main cert list --limit 1 --cursor "$cursor" >"$work/page.json" ||
		break
	paged+="$(json '[c["serial"] for c in d["items"]]' <"$work/page.json")"
	cursor=$(json 'd["next"]' <"$work/page.json")
done
same "pages of one come to the same" \
	"$(json '"".join(json.dumps([c["serial"]]) for c in d["items"])' \
		<"$work/certs.json")" "$paged"
check_refused "pages of none" 1 'limit' ctl main cert list --limit 0
check_refused "pages of too many" 1 'limit' ctl main cert list --limit 1001
serial=$(json 'd["items"][1]["serial"]' <"$work/certs.json")
check "cert show" ctl main cert show "$serial"
same "in upper case too" "$serial" \
	"$(ctl_json main cert show "${serial^^}" | json 'd["serial"]')"
for wrong in 00 "$serial"0 zz '../status' "$(printf '1%.0s' {1..100})" "' OR 1=1"; do
	check_refused "no such serial: ${wrong:0:20}" 1 . ctl main cert show \
		"$wrong"
done

# --- the API itself ---

# api METHOD PATH [CURL ARGUMENT...]: prints the status; the body is $work/body.
api() {
	curl -sS --max-time 20 --unix-socket "$work/main/admin.sock" \
		-o "$work/body" -D "$work/headers" -w '%{http_code}' -X "$1" \
		"${@:3}" "http://estuary/api/v1$2"
}

# api_refused NAME STATUS METHOD PATH [CURL ARGUMENT...]
api_refused() {
	local name=$1 wanted=$2 status

	shift 2
	status=$(api "$@")
	if [ "$status" = "$wanted" ] &&
		grep -qi '^content-type: application/problem+json' \
			"$work/headers" &&
		[ "$(json '[d["status"], bool(d["detail"])]' <"$work/body")" \
			= "[$wanted, true]" ]; then
		ok "API: $name: $wanted"
	else
		not_ok "API: $name: $wanted"
		echo "#   got $status: $(head -c 300 "$work/body")"
	fi
}

# try NAME STATUS BODY: of POST /identities.
try() {
	api_refused "$1" "$2" POST /identities --data-binary "$3"
}

same "API: status" 200 "$(api GET /status)"
api_refused "unknown path" 404 GET /nothing
api_refused "the root" 404 GET ''
api_refused "wrong method" 405 PUT /identities -d '{}'
matches "API: and says what is allowed" '^Allow: .*POST' "$(cat "$work/headers")"
try "not JSON" 400 '{'
try "half a document" 400 '{"name": "x"'
try "two documents" 400 '{"name": "x"} {}'
try "a list" 400 '["name"]'
try "a string" 400 '"name"'
try "no name" 400 '{}'
try "no body" 400 ''
try "an unknown member" 400 '{"name": "x", "admin": true}'
try "a duplicate member" 400 '{"name": "x", "name": "y"}'
try "a number for a name" 400 '{"name": 7}'
try "null for a name" 400 '{"name": null}'
try "text for a number" 400 '{"name": "x", "uses": "3"}'
try "a fraction of uses" 400 '{"name": "x", "uses": 1.5}'
try "no uses" 400 '{"name": "x", "uses": 0}'
try "less than none" 400 '{"name": "x", "uses": -1}'
try "a number past 64 bits" 400 '{"name": "x", "uses": 99999999999999999999}'
try "a password that is no text" 400 '{"name": "x", "password": 12345678}'
try "patterns that are no list" 400 '{"name": "x", "allow_names": "y"}'
try "a pattern of two lines" 400 '{"name": "x", "allow_names": ["a\nb"]}'
try "NUL in a name" 400 '{"name": "a\u0000b"}'
try "half a surrogate pair" 400 '{"name": "\ud800"}'
try "not UTF-8" 400 $'{"name": "\xff"}'
try "nested 3,000 deep" 400 "$("$python" -c 'print("[" * 3000)')"
head -c 70000 /dev/zero | tr '\0' ' ' >"$work/large"
try "too large" 413 "@$work/large"
api_refused "too large and chunked" 413 POST /identities -H \
	'Transfer-Encoding: chunked' --data-binary "@$work/large"
api_refused "a body for GET" 413 GET /status -d '{}'
printf '{"name":"x.lab.test","labels":[{"label":"doh"}],"csr":"%s"}' 'no CSR' \
	>"$work/body.json"
api_refused "something else for a CSR" 400 POST /dns-servers -d \
	"@$work/body.json"
api_refused "labels that are no list" 400 POST /dns-servers \
	-d '{"name": "x.lab.test", "labels": {}, "csr": ""}'
api_refused "no labels" 400 POST /dns-servers \
	-d '{"name": "x.lab.test", "labels": [], "csr": ""}'
api_refused "a port that is none" 400 POST /dns-servers -d \
	'{"name": "x.lab.test", "labels": [{"label": "doh", "port": 65536}], "csr": ""}'
api_refused "an address that is none" 400 POST /dns-servers -d \
	'{"name": "x.lab.test", "labels": [{"label": "doh"}], "addresses": ["1.2.3"], "csr": ""}'
api_refused "a cursor that is none" 400 GET '/certificates?cursor=x'
api_refused "since never" 400 GET '/audit?since=never'
api_refused "a hundred thousand letters for a name" 400 POST /identities \
	--data-binary "{\"name\": \"$(printf 'x%.0s' {1..60000})\"}"
same "API: a good one still works" 201 "$(api POST /identities -d \
	'{"name": "last"}')"

# Somebody else, though every permission lets them in.
if [ "$(id -u)" -eq 0 ]; then
	chmod 0711 "$work" "$work/main"
	chmod 0666 "$work/main/admin.sock"
	as_nobody() {
		setpriv --reuid=65534 --regid=65534 --clear-groups \
			curl -sS --max-time 20 --unix-socket \
			"$work/main/admin.sock" -w '%{http_code}' "$@"
	}
	matches "another user is refused: 403" '^\{.*403$' \
		"$(as_nobody http://estuary/api/v1/status)"
	matches "a change too" '^\{.*403$' "$(as_nobody -d '{"name": "mallory"}' \
		http://estuary/api/v1/identities)"
	chmod 0700 "$work" "$work/main"
	chmod 0600 "$work/main/admin.sock"
	same "and nothing was changed" 0 "$(ctl main identity list |
		grep -c mallory)"
else
	ok "another user is refused: 403 # not tried, since this is not root"
fi
same "admin.sock is for its owner alone" 600 \
	"$(stat -c %a "$work/main/admin.sock")"

# --- audit ---

check "audit" ctl main audit
ctl_json main audit >"$work/audit.json"
check "every change has its row, and who made it" "$python" -c '
import collections, json, os, sys
d = json.load(open(sys.argv[1]))
assert set(d) == {"items", "next"}
n = collections.Counter(i["event"] for i in d["items"])
certs = [i for i in d["items"] if i["event"].startswith("certificate")]
assert len(certs) == 4, n
want = {"dns-server.add": 5, "dns-server.promote": 2, "dns-server.retire": 1,
        "identity.unlock": 1}
assert all(n[k] == v for k, v in want.items()), n
assert n["identity.add"] >= 8 and n["identity.remove"] >= 2, n
actor = "uid %d" % os.getuid()
assert all(i["actor"] in (actor, "estuaryd") for i in d["items"])' \
	"$work/audit.json"
same "since an hour from now: nothing" '[]' \
	"$(ctl_json main audit --since 2099-01-01T00:00:00Z | json 'd["items"]')"
same "since an hour ago: everything" "$(json 'len(d["items"])' \
	<"$work/audit.json")" "$(ctl_json main audit --since 1h |
	json 'len(d["items"])')"
if grep -qF "${bare:8:11}" "$work/audit.json" "$work/main.log"; then
	not_ok "no secret in the audit log"
else
	ok "no secret in the audit log"
fi
finish
