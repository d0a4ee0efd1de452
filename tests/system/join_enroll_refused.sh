#!/usr/bin/env bash
# Client certificates that must not be had, or taken: at the join nothing is
# stored, at a renewal the old one stays.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/dns_lib.sh
. "$(dirname "$0")/dns_lib.sh"
# shellcheck source=tests/system/clock_lib.sh
. "$(dirname "$0")/clock_lib.sh"
# shellcheck source=tests/system/web_lib.sh
. "$(dirname "$0")/web_lib.sh"

start_estuaryd main
issue_dns main dns

# --- at the join ---

code=$(ctl_json main identity add resolver --profile dns-server \
	--allow-name dns2.lab.test 2>/dev/null | json 'd["code"]')
check_refused "an identity that is for a DNS server" 1 'wants names' join x \
	main "$code" --enroll
matches "the use of the code is spent, and it says so" 'counted a use' \
	"$(cat "$work/err")"
same "nothing is stored" '' "$(stored x)"
same "no certificate was issued to it" 0 "$(ctl_json main cert list |
	json 'len([c for c in d["items"] if c["profile"] == "endpoint"])')"
printf 'correct horse battery\n' >"$work/code"
"$build/estuaryctl" --state "$work/main" identity add www.example.org \
	--password-stdin <"$work/code" >/dev/null 2>&1 ||
	not_ok "an identity that reads as a domain"
check_refused "a name that the CA may not give: the server's reason" 1 \
	'simpleenroll.*status 403.*www.example.org reads as a domain' \
	endpoint x join --server "${estuaryd_listen[main]}" --identity \
	www.example.org --server-name est.lab.test --code-file "$work/code" \
	--enroll
same "nothing is stored" '' "$(stored x)"

# --- at the renewal: a server with the network's own certificate and bad
# answers ---

check "join --enroll" join phone main "$(new_code main phone)" --network main \
	--enroll
state=$work/endpoint-phone/networks/main.json
stop_estuaryd main
days=$((250 * 86400))
at "$days" start_estuaryd main
at "$days" ctl main dns-server issue --name dns.lab.test --ip 127.0.0.1 \
	--label "domain-s:$dot_port" --label "doh:$doh_port" \
	--out "$work/later" >"$work/issue.log" 2>&1 || not_ok "dns-server issue"
at "$days" ctl main dns-server promote dns.lab.test >>"$work/issue.log" 2>&1
at "$days" join stranger main "$(at "$days" new_code main stranger)" --enroll \
	--network main >/dev/null 2>&1 || not_ok "another endpoint's certificate"
stop_estuaryd main
json 'd["client_certificate"]' <"$work/endpoint-stranger/networks/main.json" \
	>"$work/stranger.pem"
json 'd["client_certificate"]' <"$state" >"$work/old.pem"
cat "$work/old.pem" "$work/stranger.pem" >"$work/two.pem"
mkdir "$work/web" "$work/own"
json 'd["root"]' <"$state" >"$work/web/root.pem"
json 'd["intermediates"]' <"$state" >"$work/web/issuing.pem"
cp "$work/main/server.pem" "$work/own/key.pem"
cp "$work/main/server.pem" "$work/own/fullchain.pem"
certificate() {
	json 'd["client_certificate"] + d["client_key"]' <"$state"
}
before=$(certificate)

# renewal NAME PATTERN [ARGUMENT...]: fake_est.py's answer is not taken.
renewal() {
	fake_est_arguments=("${@:3}")
	start_fake_est own later
	check "$1: refresh itself goes on" at "$days" endpoint phone refresh \
		--server "127.0.0.1:$est_port" --force
	matches "$1: it says why" "NOT renewed.*$2" "$(cat "$work/out")"
	same "$1: the old one stays" "$before" "$(certificate)"
	stop_fake_est
}
renewal "202 for an hour" 'waits for approval.*3600' --reenroll 202: \
	--retry-after 3600
renewal "202 without a time" 'waits for approval' --reenroll 202:
renewal "202 twice for a second, and then a bad one" 'for another key' \
	--pending 2 --retry-after 1 --reenroll "200:$work/stranger.pem"
renewal "no simplereenroll there" 'there is none'
renewal "503" 'status 503' --reenroll 503:
renewal "the certificate of somebody else" 'for another key' \
	--reenroll "200:$work/stranger.pem"
renewal "the old certificate, for the old key" 'for another key' \
	--reenroll "200:$work/old.pem"
renewal "two certificates" 'holds 2 certificates' --reenroll "200:$work/two.pem"
renewal "an answer without any" 'simplereenroll' --reenroll 200:

# --- a state file that was tampered with ---

"$python" - "$state" "$work/endpoint-stranger/networks/main.json" <<'SCRIPT'
import json, sys
state, other = (json.load(open(p)) for p in sys.argv[1:])
state["client_key"] = other["client_key"]
json.dump(state, open(sys.argv[1], "w"))
SCRIPT
check_refused "a certificate with another's key" 1 'not of its key' \
	endpoint phone status
finish
