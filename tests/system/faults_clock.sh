#!/usr/bin/env bash
# The clock jumps under a running appliance and its signer, a year ahead and back
# again, then a day back: certificates keep their sense, what was wrong with the
# clock locks nobody out and gives nobody a guess, tokens end and come back, and
# the appliance's own certificate is made anew both ways.
# Some functions are called by their names, through check and wait_for.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/faults_lib.sh
. "$(dirname "$0")/faults_lib.sh"
# shellcheck source=tests/system/fault_lib.sh
. "$(dirname "$0")/fault_lib.sh"

year=31536000
day=86400
fixed=(--set server.listen="127.0.0.1:$(free_port)"
	--set admin.listen="127.0.0.1:$(free_port)"
	--set pake.source_burst=8 --set pake.source_per_minute=1)

# own OPTION: of the certificate that is served now.
own() {
	openssl s_client -connect "${estuaryd_listen[main]}" </dev/null \
		2>/dev/null | openssl x509 -noout "$@"
}

# valid_at SECONDS: the served certificate, for a clock that is so far ahead.
valid_at() {
	"$python" -c 'import ssl, sys, time
start, end = (ssl.cert_time_to_seconds(t) for t in sys.argv[2:4])
sys.exit(not start <= time.time() + int(sys.argv[1]) < end)' "$1" \
		"$(own -startdate | cut -d = -f 2)" \
		"$(own -enddate | cut -d = -f 2)"
}

# issued NAME: a certificate for a DNS server, in $work/NAME.
issued() {
	ctl main dns-server issue --name "$1.lab.test" --label domain-s:853 \
		--out "$work/$1"
}

# starts_at FILE SECONDS: it begins within ten minutes of that clock's now.
starts_at() {
	"$python" -c 'import ssl, sys, time
start = ssl.cert_time_to_seconds(sys.argv[1])
now = time.time() + int(sys.argv[2])
sys.exit(not now - 600 < start <= now)' \
		"$(openssl x509 -in "$1" -noout -startdate | cut -d = -f 2)" "$2"
}

# wrong_code FILE: the same code with another secret, whose check character is
# right.
wrong_code() {
	"$python" - "$(tr -d '\n' <"$1")" <<-'PYTHON'
		import sys
		alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
		text = sys.argv[1].replace("-", "")[:19]
		text = text[:-1] + alphabet[(alphabet.index(text[-1]) + 1) % 32]
		print(text + alphabet[sum(alphabet.index(c) * (2 * i + 1)
		                          for i, c in enumerate(text)) % 32])
	PYTHON
}

# guesses N FILE: so many wrong ones in a row.
guesses() {
	local i

	for ((i = 0; i < $1; i++)); do
		"$build/estuary-join" --state "$work/guesser" join \
			--server "${estuaryd_listen[main]}" \
			--server-name est.lab.test --code-file "$2" \
			>/dev/null 2>&1
	done
}

# left IDENTITY
left() {
	ctl_json main identity list |
		json "[i for i in d['items'] if i['identity'] == '$1'][0]['guesses_left']"
}

by_token() {
	FAULTS_CLOCK=yes "$build/estuaryctl" --url "https://$admin" \
		--token-file "$work/token" status
}

# join_now: with the right code.
join_now() {
	"$build/estuary-join" --state "$work/right" join \
		--server "${estuaryd_listen[main]}" --server-name est.lab.test \
		--code-file "$work/code"
}

start_estuaryd main "${fixed[@]}"
admin=$(sed -n 's/.* admin listen=//p' "$work/main.log")
umask 077
ctl main token add anna --scope read --expires 30d >"$work/token" 2>/dev/null
new_code main phone --uses 5 >"$work/code"
identity=$(tr -d - <"$work/code" | cut -c 1-8)
wrong_code "$work/code" >"$work/wrong"
new_code main other >"$work/other_code"
other=$(tr -d - <"$work/other_code" | cut -c 1-8)
wrong_code "$work/other_code" >"$work/other_wrong"
check "a token works" by_token
check "a certificate" issued before

# --- a year ahead ---

clock_ahead "$year"
check "a year ahead: the appliance's own certificate is made anew" \
	wait_for 25 valid_at "$year"
check "a certificate is of that year" eval \
	"issued ahead && starts_at '$work/ahead/cert.pem' $year"
check_refused "a token that ended is refused" 1 '401|expired|refused' by_token
guesses 5 "$work/wrong"
before=$(left "$identity")
check "wrong guesses were judged until the back-off: $before are left" \
	[ "$before" -ge 995 -a "$before" -le 996 ]

# --- and right again ---

clock_ahead 0
check "right again: the own certificate is valid now" wait_for 25 valid_at 0
check "a certificate is of now" eval \
	"issued again && starts_at '$work/again/cert.pem' 0"
check "the token is good again" by_token
same "no guess came back" "$before" "$(left "$identity")"
check "nobody is locked out for a year" join_now
# The source's bucket is of the monotonic clock: no jump fills it.
guesses 12 "$work/wrong"
now_left=$(left "$identity")
check "a jump gives no attempts: $((before - now_left)) of 12" \
	[ "$((before - now_left))" -lt 8 ]
clock_ahead "$year"
# Of an identity whose back-off has not begun; one a minute comes back.
guesses 4 "$work/other_wrong"
check "nor does the next one: $(left "$other") of 1000 are left" \
	[ "$(left "$other")" -ge 998 ]
clock_ahead 0

# --- a day back, before this CA ---

clock_ahead "-$day"
check_refused "a day back: no certificate from before the CA" 1 \
	'outside the validity of the issuing CA' issued early
check "reads go on" curl -sSfk --max-time 10 -o /dev/null --noproxy '*' \
	"https://${estuaryd_listen[main]}/.well-known/est/cacerts"
check "the log says why there is no own certificate" wait_for 25 \
	logged_more main 'server certificate not renewed .*outside' 0
clock_ahead 0
check "right again: a certificate" issued late
check "the own one is valid" wait_for 25 valid_at 0
check "the audit log is whole" ctl main audit --verify
check "rows are in the order in which they came" eval \
	"ctl_json main audit | json 'all(a[\"id\"] < b[\"id\"]
		for a, b in zip(d[\"items\"], d[\"items\"][1:]))' | grep -qx true"
check "SIGTERM" stop_estuaryd main

# --- across a restart ---

clock_ahead "$year"
start_estuaryd main "${fixed[@]}"
check "a start a year ahead has a certificate of then" valid_at "$year"
kill_estuaryd main
clock_ahead 0
start_estuaryd main "${fixed[@]}"
check "a start in the present has one of now" valid_at 0
check "the audit log is whole" ctl main audit --verify
finish
