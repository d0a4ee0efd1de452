#!/usr/bin/env bash
# Manufacturers that must not be: each refused with the value and the rule, and
# nothing of it is kept.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout "$work/ca.key" -out "$work/ca.pem" -days 30 -subj /CN=ca \
	-addext 'basicConstraints=critical,CA:TRUE' 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout "$work/ee.key" -out "$work/ee.pem" -days 30 -subj /CN=leaf \
	-addext 'basicConstraints=critical,CA:FALSE' 2>/dev/null
head -c 200 "$work/ca.pem" >"$work/cut.pem"
: >"$work/empty.pem"
cat "$work/ca.pem" "$work/ee.key" >"$work/mixed.pem"
printf 'no colon\n' >"$work/credential"
chmod 0600 "$work/mixed.pem" "$work/credential"
printf 'user:password\n' >"$work/open"
chmod 0644 "$work/open"

for line in 'manufacturer add' 'manufacturer add x' 'manufacturer add x y' \
	'manufacturer add x --nosuch' 'manufacturer set x' 'manufacturer set' \
	'manufacturer remove' 'manufacturer show' 'manufacturer list x' \
	'device list x' 'device show' 'device refuse' 'device accept 1 --reason x' \
	'request list x' 'request approve' 'request approve 1 --reason x' \
	'request deny'; do
	# shellcheck disable=SC2086 # the words of one command line
	check_refused "usage: '$line'" 2 . ctl nobody $line
done

start_estuaryd main
ca=(--anchor "$work/ca.pem")

# refused NAME PATTERN ARGUMENT...: of manufacturer add.
refused() {
	local name=$1 pattern=$2

	shift 2
	check_refused "$name" 1 "^estuaryctl: .*($pattern)" \
		ctl main manufacturer add "$@"
}

refused "no such file" 'not found|no such' x --anchor "$work/nothing"
refused "an anchor that is cut off" 'anchors: .*PEM' x --anchor "$work/cut.pem"
refused "an empty anchor" 'anchors: .*no certificate' x \
	--anchor "$work/empty.pem"
refused "an anchor that is no CA" 'anchors: .*not a CA' x \
	--anchor "$work/ee.pem"
refused "a CA and one that is none" 'anchors: .*not a CA' x "${ca[@]}" \
	--anchor "$work/ee.pem"
refused "a MASA's anchor that is no CA" 'masa_tls_anchors: .*not a CA' x \
	"${ca[@]}" --masa-ca "$work/ee.pem"
refused "a voucher's anchor that is cut off" 'voucher_anchors: ' x "${ca[@]}" \
	--voucher-ca "$work/cut.pem"
refused "an empty name" 'name: ' '' "${ca[@]}"
refused "a long name" 'name: ' "$(printf 'x%.0s' {1..65})" "${ca[@]}"
refused "control characters in a name" 'name: ' $'a\tb' "${ca[@]}"
refused "an unknown policy" 'policy: .*allow\|ask' x "${ca[@]}" --policy perhaps
refused "half a policy" 'policy: ' x "${ca[@]}" --policy all
refused "no policy" 'policy: ' x "${ca[@]}" --policy ''
refused "a list without serial numbers" 'no serial number' x "${ca[@]}" \
	--policy list
refused "an unknown source" 'serial_source: ' x "${ca[@]}" --serial-source cn
refused "a pattern without {}" 'serial_pattern: ' x "${ca[@]}" \
	--serial-pattern 'SN:*'
refused "a pattern with two" 'serial_pattern: ' x "${ca[@]}" \
	--serial-pattern '{}{}'
refused "a MASA without TLS" 'MASA URL is not https' x "${ca[@]}" \
	--masa-url http://masa.example
refused "a MASA with a user" 'user information' x "${ca[@]}" \
	--masa-url https://u@masa.example
refused "any host" 'masa_hosts: ' x "${ca[@]}" --masa-host '*'
refused "a wildcard within" 'masa_hosts: ' x "${ca[@]}" --masa-host 'a.*.b'
refused "a wildcard address" 'masa_hosts: ' x "${ca[@]}" --masa-host '*.192.0.2.1'
refused "an odd COSE type" 'cose_type: ' x "${ca[@]}" --cose-type text/plain
refused "an odd rule of nonces" 'nonceless: ' x "${ca[@]}" --nonceless maybe
refused "an odd enrollment" 'enrollment: ' x "${ca[@]}" --enrollment never
refused "a domainID that is no base64" 'known_domains: ' x "${ca[@]}" \
	--known-domain '!'
refused "a name pattern that is none" '.' x "${ca[@]}" --allow-name 'a b'
refused "a password without a user" 'masa_credential: ' x "${ca[@]}" \
	--masa-credential-file "$work/credential"
refused "a key of another certificate" 'masa_credential: ' x "${ca[@]}" \
	--masa-client-cert "$work/mixed.pem"
refused "a secret that others may read" '.' x "${ca[@]}" \
	--masa-credential-file "$work/open"
same "nothing was kept" '[]' "$(ctl_json main manufacturer list |
	json 'd["items"]')"

check "one that may be" ctl main manufacturer add Acme "${ca[@]}"
refused "the same name again" 'exists' Acme "${ca[@]}"
check_refused "a change that makes no sense" 1 'no serial number' \
	ctl main manufacturer set Acme --policy list
check_refused "a change of nobody" 1 "no manufacturer 'x'" \
	ctl main manufacturer set x --policy allow
check_refused "nobody to show" 1 "no manufacturer 'x'" \
	ctl main manufacturer show x
check_refused "nobody to remove" 1 "no manufacturer 'x'" \
	ctl main manufacturer remove x
same "it is as it was" ask "$(ctl_json main manufacturer show Acme |
	json 'd["policy"]')"
for id in 1 x -1 99999999999999999999; do
	check_refused "no device $id to show" 1 'no device' \
		ctl main device show "$id"
	check_refused "no device $id to refuse" 1 "no '" ctl main device \
		refuse -- "$id"
	check_refused "no request $id" 1 "no '" ctl main request approve -- "$id"
done

# api METHOD PATH BODY: prints the status; the body is $work/body.
api() {
	curl -sS --max-time 20 --unix-socket "$work/main/admin.sock" \
		-o "$work/body" -w '%{http_code}' -X "$1" --data-binary "$3" \
		"http://estuary/api/v1$2"
}

same "API: no name" 400 "$(api POST /manufacturers '{}')"
same "API: an unknown member" 400 "$(api POST /manufacturers \
	'{"name": "x", "root": true}')"
same "API: another name is no change" 400 "$(api PATCH /manufacturers/Acme \
	'{"name": "Evil"}')"
same "API: text for a flag" 400 "$(api PATCH /manufacturers/Acme \
	'{"masa_private": "yes"}')"
same "API: text for a list" 400 "$(api PATCH /manufacturers/Acme \
	'{"serials": "A"}')"
same "API: a list for text" 400 "$(api PATCH /manufacturers/Acme \
	'{"policy": ["allow"]}')"
same "API: null" 400 "$(api PATCH /manufacturers/Acme '{"anchors": null}')"
same "API: no anchors" 400 "$(api PATCH /manufacturers/Acme '{"anchors": ""}')"
same "API: two lines in an item" 400 "$(api PATCH /manufacturers/Acme \
	'{"masa_hosts": ["a.example\nb.example"]}')"
same "API: an empty item" 400 "$(api PATCH /manufacturers/Acme \
	'{"serials": [""]}')"
same "API: a pattern that is too long" 400 "$(api PATCH /manufacturers/Acme \
	"{\"serials\": [\"$(printf 'x%.0s' {1..300})\"]}")"
same "API: an odd state of requests" 400 "$(curl -sS --max-time 20 \
	--unix-socket "$work/main/admin.sock" -o "$work/body" \
	-w '%{http_code}' 'http://estuary/api/v1/requests?state=maybe')"
same "API: it is still as it was" ask "$(ctl_json main manufacturer show Acme |
	json 'd["policy"]')"
finish
