#!/usr/bin/env bash
# join --enroll: a client certificate over the PAKE connection; refresh shows it
# to a server that hands eecerts to the authenticated only, and renews it.
# Most functions are called by their names, through check.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/dns_lib.sh
. "$(dirname "$0")/dns_lib.sh"
# shellcheck source=tests/system/clock_lib.sh
. "$(dirname "$0")/clock_lib.sh"

state=$work/endpoint-phone/networks/main.json

refresh() {
	endpoint phone refresh --server "${estuaryd_listen[main]}" "$@"
}

# own EXPRESSION: of the client certificate as status has it, c.
own() {
	endpoint phone status --json | json "(lambda c: $1)(d['client_certificate'])"
}

# The stored key or certificate, as a file of its own.
take_out() {
	json "d['$1']" <"$state" >"$work/$2"
}

public_key() {
	openssl pkey -in "$1" -pubout
}

start_estuaryd main --set eecerts.access=authenticated \
	--set est.channel_binding=required
issue_dns main dns
start_unbound dns
code=$(new_code main phone)
identity=${code:0:4}${code:5:4}
check "join --enroll, where channel binding is required" join phone main \
	"$code" --network main --enroll
matches "it shows the certificate" "^Client +CN=$identity " "$(cat "$work/out")"
same "one use was enough" 0 "$(ctl_json main identity list |
	json 'd["items"][0]["uses_left"]')"
same "the certificate is in the state file" networks/main.json "$(stored phone)"
same "which nobody else may read" 600 "$(stat -c %a "$state")"
same "status has its subject" "CN=$identity" "$(own 'c["subject"]')"
serial=$(own 'c["serial"]')
same "the appliance knows it" "$identity endpoint" "$(ctl_json main cert show \
	"$serial" | json 'd["identity"] + " " + d["profile"]')"
take_out client_key key.pem
take_out client_certificate cert.pem
same "the key is the certificate's" "$(public_key "$work/key.pem")" \
	"$(openssl x509 -in "$work/cert.pem" -noout -pubkey)"
matches "on P-256" 'prime256v1|P-256' \
	"$(openssl pkey -in "$work/key.pem" -noout -text)"
check "check" endpoint phone check --name printer.lab.test

# --- the code is used up; the certificate opens eecerts ---

check "refresh shows the certificate" refresh --force
same "and keeps it" "$serial" "$(own 'c["serial"]')"
join other main "$(new_code main other)" >/dev/null 2>&1 ||
	not_ok "a join without --enroll"
check_refused "without one it is refused" 1 'status 401' endpoint other \
	refresh --server "${estuaryd_listen[main]}" --force
same "status without one says so" null \
	"$(endpoint other status --json | json 'd["client_certificate"]')"

# --- two thirds of its life are over ---

stop_estuaryd main
days=$((250 * 86400))
at "$days" start_estuaryd main --set eecerts.access=authenticated
at "$days" ctl main dns-server issue --name dns.lab.test --ip 127.0.0.1 \
	--label "domain-s:$dot_port" --out "$work/later" >"$work/issue.log" 2>&1 ||
	not_ok "dns-server issue, later"
at "$days" ctl main dns-server promote dns.lab.test >>"$work/issue.log" 2>&1
check "later it is renewed" at "$days" refresh
matches "and refresh says so" 'client certificate was renewed' \
	"$(cat "$work/out")"
same "another certificate" renewed \
	"$([ "$(own 'c["serial"]')" = "$serial" ] && echo same || echo renewed)"
same "of the same subject" "CN=$identity" "$(own 'c["subject"]')"
take_out client_key renewed.pem
same "with another key" differ \
	"$(cmp -s "$work/key.pem" "$work/renewed.pem" && echo same || echo differ)"
serial=$(own 'c["serial"]')
check "and is shown from then on" at "$days" refresh --force
same "and kept" "$serial" "$(own 'c["serial"]')"

# --- the identity goes: when it is time again, nothing renews it ---

ctl main identity disable phone >/dev/null 2>&1 || not_ok "identity disable"
cp "$state" "$work/copy.json"
check_refused "a disabled identity: the refusal is shown" 1 \
	'status 403.*disabled' at "$days" refresh --force
check "the state is unchanged" cmp "$state" "$work/copy.json"
stop_estuaryd main
days=$((500 * 86400))
at "$days" start_estuaryd main
at "$days" ctl main dns-server issue --name dns.lab.test --ip 127.0.0.1 \
	--label "domain-s:$dot_port" --out "$work/last" >"$work/issue.log" 2>&1 ||
	not_ok "dns-server issue, at last"
at "$days" ctl main dns-server promote dns.lab.test >>"$work/issue.log" 2>&1
check "not renewed: no failure while it is valid" at "$days" refresh
matches "it is kept, and refresh says why" 'NOT renewed.*status 403.*the identity' \
	"$(cat "$work/out")"
same "it is the old one" "$serial" "$(own 'c["serial"]')"
ctl main identity enable phone >/dev/null 2>&1 || not_ok "identity enable"
days=$((630 * 86400))
stop_estuaryd main
at "$days" start_estuaryd main
at "$days" ctl main dns-server issue --name dns.lab.test --ip 127.0.0.1 \
	--label "domain-s:$dot_port" --out "$work/over" >"$work/issue.log" 2>&1 ||
	not_ok "dns-server issue, at the very last"
at "$days" ctl main dns-server promote dns.lab.test >>"$work/issue.log" 2>&1
check "expired: eecerts for everybody still refreshes" at "$days" refresh
matches "and it says what is left to do" 'has expired' "$(cat "$work/out")"

check "forget" endpoint phone forget --network main
same "nothing is left, the key included" '' "$(stored phone)"
finish
