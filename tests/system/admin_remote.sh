#!/usr/bin/env bash
# Administration from elsewhere: admin.listen, bearer tokens and their scopes.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# The address of admin.listen, as estuaryd says it.
admin_address() {
	sed -n 's/.* admin listen=//p' "$work/$1.log"
}

# new_token NAME [ARGUMENT...]: to $work/NAME.token
# shellcheck disable=SC2317 # called through check
new_token() {
	(umask 077 && ctl main token add "$@" >"$work/$1.token" 2>"$work/err")
}

# remote TOKEN ARGUMENT...
# shellcheck disable=SC2317 # called through check
remote() {
	local token=$1

	shift
	"$build/estuaryctl" --url "$url" --token-file "$work/$token.token" "$@"
}

# status_of TOKEN_OR_HEADER PATH [CURL ARGUMENT...]: the HTTP status; the answer
# is in $work/answer, its header in $work/header.
status_of() {
	local path=$2 header="X-None: 1"

	case $1 in
	-) ;;
	*:*) header=$1 ;;
	*) header="Authorization: Bearer $(cat "$work/$1.token")" ;;
	esac
	shift 2
	curl -s -o "$work/answer" -D "$work/header" -w '%{http_code}' \
		--cacert "$work/main.root.pem" \
		--connect-to "est.lab.test:443:$address" -H "$header" "$@" \
		"https://est.lab.test$path"
}

challenge() {
	tr -d '\r' <"$work/header" | sed -n 's/^WWW-Authenticate: //Ip'
}

start_estuaryd main --set admin.listen=127.0.0.1:0
save_root main
address=$(admin_address main)
url=https://$address
matches "where administrators are served is logged" '^127.0.0.1:[0-9]+$' \
	"$address"
same "and in the status" "[\"$address\"]" \
	"$(ctl_json main status | json 'd["admin_listen"]')"
check "and for people" grep -q "admin on *$address" <(ctl main status)

# --- tokens ---

check "token add, of scope read by itself" new_token viewer
check "of scope operate" new_token ops --scope operate --expires 90d
check "of scope admin" new_token boss --scope admin
matches "the token is all that standard output has" \
	'^estuary_[0-9a-f]{16}\.[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{43}$' \
	"$(cat "$work/boss.token")"
check "token add --json" ctl_json main token add short --expires 1d
same "says all of it" '["expires_at", "id", "name", "scope", "token"]' \
	"$(json 'sorted(d)' <"$work/out")"
same "and the scope" read "$(json 'd["scope"]' <"$work/out")"
ctl main token remove short
check_refused "a name again" 1 'exists' ctl main token add ops
check_refused "a name with a space" 1 'A-Z' ctl main token add 'a b'
check_refused "a scope that is none" 1 'read, operate, admin' \
	ctl main token add x --scope root
check_refused "usage of --expires" 2 'expires' ctl main token add x --expires soon
ctl_json main token list >"$work/list.json"
same "the list has them" '["viewer", "ops", "boss"]' \
	"$(json '[t["name"] for t in d["items"]]' <"$work/list.json")"
same "and their scopes" '["read", "operate", "admin"]' \
	"$(json '[t["scope"] for t in d["items"]]' <"$work/list.json")"
same "and who made them" '["uid '"$(id -u)"'"]' \
	"$(json 'sorted({t["created_by"] for t in d["items"]})' <"$work/list.json")"
same "none was used yet" '[null]' \
	"$(json 'list({t["last_used_at"] for t in d["items"]})' <"$work/list.json")"

# --- what each scope may ---

check "a reader reads the status" remote viewer status
check "and identities" remote viewer identity list
check "and the audit log" remote viewer audit
check "and the root" remote viewer ca show
same "which is the root" "$(cat "$work/main.root.pem")" "$(cat "$work/out")"
check_refused "and changes nothing" 1 'scope operate' \
	remote viewer identity add eve
check_refused "and sees no tokens" 1 'scope admin' remote viewer token list
check "an operator adds an identity" remote ops --json identity add phone
matches "and gets its code" '^([0-9A-Z]{4}-){4}[0-9A-Z]{4}$' \
	"$(json 'd["code"]' <"$work/out")"
check "disables it" remote ops identity disable phone
check "removes it" remote ops identity remove phone
check "gives a DNS server its certificate, with the key made here" \
	remote ops dns-server issue --name dns.lab.test --label domain-s \
	--ip 127.0.0.1 --out "$work/dns"
check "whose key is a key" openssl pkey -in "$work/dns/key.pem" -noout
check_refused "and makes no tokens" 1 'scope admin' remote ops token add more
check_refused "and removes none" 1 'scope admin' remote ops token remove ops
check "an administrator makes tokens" remote boss --json token add temp
json 'd["token"]' <"$work/out" >"$work/temp.token"
chmod 600 "$work/temp.token"
check "which work" remote temp status
check "and removes them" remote boss token remove temp
check_refused "at once" 1 'removed' remote temp status
check_refused "once" 1 "no 'temp'" remote boss token remove temp

# --- HTTP (RFC 6750) ---

same "curl with the token" 200 "$(status_of viewer /api/v1/status)"
same "the scheme is not case-sensitive" 200 \
	"$(status_of "authorization: bEARER $(cat "$work/viewer.token")" /api/v1/status)"
same "[RFC6750 3] without a token: 401" 401 "$(status_of - /api/v1/status)"
same "and no error code" 'Bearer realm="estuary"' "$(challenge)"
same "a wrong token: 401" 401 \
	"$(status_of "Authorization: Bearer x" /api/v1/status)"
same "[RFC6750 3.1] invalid_token" 'Bearer realm="estuary", error="invalid_token"' \
	"$(challenge)"
same "a removed one too" 401 "$(status_of temp /api/v1/status)"
same "beyond the scope: 403" 403 \
	"$(status_of viewer /api/v1/identities -d '{"name":"eve"}')"
same "[RFC6750 3.1] insufficient_scope, with the scope" \
	'Bearer realm="estuary", error="insufficient_scope", scope="operate"' \
	"$(challenge)"
same "another scheme counts as none: 401" 401 \
	"$(status_of "Authorization: Basic $(printf 'x:%s' \
		"$(cat "$work/viewer.token")" | base64 -w0)" /api/v1/status)"
same "[RFC6750 2.3] not in the query" 401 \
	"$(status_of - "/api/v1/status?access_token=$(cat "$work/viewer.token")")"
same "[RFC6750 2.2] nor in a body" 401 "$(status_of - /api/v1/identities \
	-d "access_token=$(cat "$work/ops.token")")"
same "nor in a cookie" 401 "$(status_of - /api/v1/status \
	-b "token=$(cat "$work/viewer.token")")"
same "GET / is 404" 404 "$(status_of - /)"
same "in plain text" 'no such path' "$(cat "$work/answer")"
same "EST is not served there" 404 "$(status_of boss /.well-known/est/cacerts)"
same "the API is not on the public listener" 404 "$(curl -s -o /dev/null \
	-w '%{http_code}' --cacert "$work/main.root.pem" \
	--connect-to "est.lab.test:443:${estuaryd_listen[main]}" \
	-H "Authorization: Bearer $(cat "$work/boss.token")" \
	https://est.lab.test/api/v1/status)"

# --- neither a code nor a certificate administers ---

new_code main laptop >"$work/code"
check_refused "PAKE is not even offered there" 1 PAKE "$build/estuary-join" \
	--state "$work/join" join --server "$address" --server-name est.lab.test \
	--code-file "$work/code"
same "so the code is not used" 1 "$(ctl_json main identity list |
	json '[i["uses_left"] for i in d["items"] if i["name"] == "laptop"][0]')"
same "a certificate of this CA earns nothing" 401 "$(status_of - /api/v1/status \
	--cert "$work/dns/fullchain.pem" --key "$work/dns/key.pem")"

# --- what is on record ---

ctl_json main audit >"$work/audit.json"
same "changes from elsewhere say whose token and from where" \
	'[["token ops", "127.0.0.1"]]' "$(json \
		'[[r["actor"], r["source"]] for r in d["items"] if r["event"] == "identity.disable"]' \
		<"$work/audit.json")"
same "so do certificates" '["token ops", "127.0.0.1"]' "$(json \
	'[[r["actor"], r["source"]] for r in d["items"] if r["event"] == "certificate.issue"][-1]' \
	<"$work/audit.json")"
same "changes from here say who" "[\"uid $(id -u)\", \"\"]" "$(json \
	'[[r["actor"], r["source"]] for r in d["items"] if r["event"] == "token.add"][0]' \
	<"$work/audit.json")"
same "who overreached is counted" '["ops", "viewer"]' "$(json \
	'sorted({r["subject"] for r in d["items"] if r["event"] == "admin.refused" and "scope" in r["detail"]})' \
	<"$work/audit.json")"
matches "and so are wrong tokens" '^[1-9]' "$(json \
	'sum(r["count"] for r in d["items"] if r["event"] == "admin.refused" and r["detail"] == "wrong token")' \
	<"$work/audit.json")"
matches "the last use is on record" '^20.*Z$' "$(ctl_json main token list |
	json '[t["last_used_at"] for t in d["items"] if t["name"] == "boss"][0]')"

# --- expiry ---

check "a token for a second" new_token brief --expires 1s
# shellcheck disable=SC2317 # called through check
expired() {
	! remote brief status
}
wait_for 10 expired
check_refused "is over after it" 1 'expired' remote brief status
same "and is listed as such" expired "$(ctl_json main token list |
	json '[t["state"] for t in d["items"] if t["name"] == "brief"][0]')"

# --- a guesser is held back; whoever has a token is not ---

for _ in {1..60}; do
	echo 'url = "https://est.lab.test/api/v1/status"'
done >"$work/many"
curl -s --cacert "$work/main.root.pem" --connect-to "est.lab.test:443:$address" \
	-H 'Authorization: Bearer guess' -w '%{http_code}\n' -K "$work/many" |
	grep -Eo '[0-9]{3}$' | sort | uniq -c >"$work/guesses"
check "many wrong tokens are answered with 429 in the end" \
	grep -q ' 429$' "$work/guesses"
check "a right one still works from there" remote viewer status
lines=$(grep -c 'administration refused' "$work/main.log")
check "and the log did not grow with each guess ($lines lines)" \
	test "$lines" -le 35

# --- restart and removal ---

stop_estuaryd main
cp "$work/main.log" "$work/main.log.1"
start_estuaryd main --set "admin.listen=$address"
check "after a restart tokens are good" remote ops status
check "token remove" ctl main token remove ops
check_refused "ends it" 1 'removed' remote ops status
stop_estuaryd main
cat "$work/main.log" >>"$work/main.log.1"
found=no
for token in viewer ops boss temp brief; do
	secret=$(cut -d. -f2 "$work/$token.token")
	plain=$(printf '%s=' "$secret" | tr '_-' '/+')
	hex=$(base64 -d <<<"$plain" | od -An -v -tx1 | tr -d ' \n')
	[ "${#hex}" -eq 64 ] || found="$token is not 32 bytes"
	grep -rqaF -e "$secret" -e "$plain" -e "$hex" \
		"$work/main" "$work/main.log.1" && found=$token
	"$python" - "$hex" "$work"/main/estuary.db* <<-'PYTHON' || found=$token
		import sys
		secret = bytes.fromhex(sys.argv[1])
		sys.exit(any(secret in open(f, "rb").read() for f in sys.argv[2:]))
	PYTHON
done
same "no secret of a token is in the state or the log" no "$found"

start_estuaryd main
same "without admin.listen nobody is served" "" "$(admin_address main)"
check_refused "so nothing answers" 3 'no estuaryd' remote boss status
printf '[admin]\nlisten = %s\n' "$address" >>"$work/main.conf"
kill -HUP "${estuaryd_pid[main]}"
check "SIGHUP: it takes effect after a restart" wait_for 10 \
	grep -q 'takes effect after a restart key=admin.listen' "$work/main.log"
check_refused "and not before" 3 'no estuaryd' remote boss status
stop_estuaryd main
launch_estuaryd main --set "server.listen=${estuaryd_listen[main]}" \
	--set "admin.listen=${estuaryd_listen[main]}"
if await_estuaryd main >/dev/null; then
	not_ok "administrators are not served on the public listener's address"
else
	check "administrators are not served on the public listener's address" \
		grep -q 'cannot listen on' "$work/main.log"
fi
finish
