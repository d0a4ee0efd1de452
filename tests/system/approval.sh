#!/usr/bin/env bash
# Enrollment that a person approves: 202 until then, the certificate after it,
# 403 with the reason after a denial. [RFC7030 4.2.3]
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

start_estuaryd main
save_root main
port=${estuaryd_listen[main]##*:}

# make_csr NAME: $work/NAME.b64, with a subject that is the identity's.
make_csr() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$work/$1.key" -outform DER -subj / 2>/dev/null |
		base64 >"$work/$1.b64"
}

# enroll USER CSR [CURL ARGUMENT...]: prints the status; $work/body, headers.
enroll() {
	curl -sS --max-time 30 --cacert "$work/main.root.pem" \
		--resolve "est.lab.test:$port:127.0.0.1" \
		-H 'Content-Type: application/pkcs10' -u "$1" \
		--data-binary "@$work/$2.b64" -o "$work/body" \
		-D "$work/headers" -w '%{http_code}' "${@:3}" \
		"https://est.lab.test:$port/.well-known/est/simpleenroll"
}

# requests EXPRESSION [ARGUMENT...]: of those that are listed.
requests() {
	ctl_json main request list "${@:2}" | json "$1"
}

certificates() {
	ctl_json main status | json 'd["certificates"]'
}

printf 'correct horse\n' >"$work/password"
"$build/estuaryctl" --state "$work/main" identity add gate --basic --approval \
	--password-stdin <"$work/password" >"$work/out" ||
	not_ok "an identity that needs approval"
same "an identity that needs approval is listed as one" true "$(ctl_json main identity list |
	json 'd["items"][0]["approval"]')"
user='gate:correct horse'
before=$(certificates)
for name in one two three; do
	make_csr "$name"
done

# --- waiting ---

same "the first time: 202" 202 "$(enroll "$user" one)"
matches "with Retry-After of 30 to 60 seconds" \
	$'^[Rr]etry-[Aa]fter: (3[0-9]|4[0-9]|5[0-9]|60)\r?$' \
	"$(cat "$work/headers")"
matches "in words" "waits for the administrator's approval" \
	"$(cat "$work/body")"
same "the same again: 202" 202 "$(enroll "$user" one)"
openssl req -new -key "$work/one.key" -outform DER -subj / |
	base64 >"$work/one-again.b64"
same "so is the same, signed anew" 202 "$(enroll "$user" one-again)"
same "all are one request" 1 "$(requests 'len(d["items"])')"
id=$(requests 'd["items"][0]["id"]')
same "of its kind, from there, waiting" '["enrollment", "127.0.0.1", "waiting"]' \
	"$(requests '[d["items"][0][k] for k in ("kind", "source", "state")]')"
matches "that says who" 'gate .*profile endpoint' \
	"$(requests 'd["items"][0]["subject"]')"
check "request list" ctl main request list
matches "for people" "^$id +enrollment +waiting .*gate" "$(cat "$work/out")"
same "a request that may not be had waits for nobody" 403 \
	"$(openssl req -new -key "$work/one.key" -outform DER \
		-subj /CN=other.lab.test | base64 >"$work/bad.b64"
	enroll "$user" bad)"
same "and is not listed" 1 "$(requests 'len(d["items"])')"
same "no certificate was made" "$before" "$(certificates)"

# --- approved ---

check "request approve" ctl main request approve "$id"
check "once more" ctl main request approve "$id"
check_refused "not the other way any more" 1 'decided before' \
	ctl main request deny "$id"
stop_estuaryd main
start_estuaryd main
port=${estuaryd_listen[main]##*:}
same "another request is not approved with it" 202 "$(enroll "$user" two)"
same "the approved one, after a restart: 200" 200 "$(enroll "$user" one)"
base64 -d "$work/body" | openssl pkcs7 -inform DER -print_certs \
	-out "$work/one.pem"
same "with the certificate for its key" \
	"$(openssl pkey -in "$work/one.key" -pubout)" \
	"$(openssl x509 -in "$work/one.pem" -noout -pubkey)"
same "one approval is one certificate: 202 again" 202 "$(enroll "$user" one)"
same "one certificate was made" $((before + 1)) "$(certificates)"

# --- denied ---

id=$(requests 'min(r["id"] for r in d["items"])')
check "request deny" ctl main request deny "$id" --reason 'not this box'
same "then 403" 403 "$(enroll "$user" two)"
matches "with the reason" 'denied by the administrator: not this box' \
	"$(cat "$work/body")"
same "again" 403 "$(enroll "$user" two)"
same "it is listed with all" '["denied", "not this box"]' \
	"$(requests "[[r['state'], r['reason']] for r in d['items'] if
	r['id'] == $id][0]" --all)"
same "and not among those that wait" 0 \
	"$(requests "sum(r['id'] == $id for r in d['items'])")"

# --- limits ---

for i in 1 2 3 4 5 6; do
	make_csr "many$i"
	enroll "$user" "many$i" >/dev/null
done
same "one identity has four requests at most" 4 "$(requests 'len(d["items"])')"
check "who is removed" ctl main identity remove gate
same "takes its requests along" 0 "$(requests 'len(d["items"])' --all)"

# --- a code, good for one use ---

ctl_json main identity add lamp --basic --approval >"$work/lamp.json"
code=$(json 'd["code"]' <"$work/lamp.json")
user="${code:0:9}:${code:10}"
same "asking with a code: 202" 202 "$(enroll "$user" three)"
same "again" 202 "$(enroll "$user" three)"
same "takes no use" 1 "$(ctl_json main identity list |
	json 'd["items"][0]["uses_left"]')"
check "approve it" ctl main request approve "$(requests 'd["items"][0]["id"]')"
same "the certificate: 200" 200 "$(enroll "$user" three)"
same "takes the use" 0 "$(ctl_json main identity list |
	json 'd["items"][0]["uses_left"]')"
same "and then the code is spent" 401 "$(enroll "$user" three)"
same "who decided what is in the audit log" \
	'["approval.approve", "approval.approve", "approval.deny"]' \
	"$(ctl_json main audit | json 'sorted(i["event"] for i in d["items"]
	if i["event"] in ("approval.approve", "approval.deny"))')"
finish
