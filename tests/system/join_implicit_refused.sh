#!/usr/bin/env bash
# --trust implicit where it must fail: exit 1, the check by its name, and nothing
# stored.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/dns_lib.sh
. "$(dirname "$0")/dns_lib.sh"
# shellcheck source=tests/system/web_lib.sh
. "$(dirname "$0")/web_lib.sh"

make_web_ca web
make_web_ca other
web_cert web est est.lab.test
web_cert web dns dns.lab.test
web_cert other est-other est.lab.test
web_cert other dns-other dns.lab.test
web_cert web est-name attacker.test
web_cert web est-wild '*.lab.test'
web_cert web dns-name attacker.test
export SSL_CERT_FILE=$work/web/root.pem SSL_CERT_DIR=$work/none

# refused NAME STATUS PATTERN EST DNS [CA]
refused() {
	start_fake_est "$4" "$5" "${6:-web}"
	check_refused "$1" "$2" "$3" implicit x
	same "$1: nothing is stored" '' "$(stored x)"
	stop_fake_est
}

refused "another name" 1 'no DNS-ID est.lab.test' est-name dns
refused "a wildcard is no DNS-ID" 1 'no DNS-ID est.lab.test' est-wild dns
refused "another root" 1 'path validation of the EST server' est-other dns
refused "another root, which it hands out itself" 1 \
	'path validation of the EST server' est-other dns-other other
refused "a DNS server's certificate of another root" 1 \
	'none is a DNS server|no DNS server certificate' est dns-other
refused "that, with its CA in /cacerts" 1 \
	'none is a DNS server|no DNS server certificate' est dns-other other
refused "a DNS server's certificate for another name" 1 \
	'none is a DNS server|no DNS server certificate' est dns-name

# A certificate that signed itself.
mkdir "$work/self"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-keyout "$work/self/key.pem" -out "$work/self/cert.pem" \
	-subj /CN=est.lab.test -addext subjectAltName=DNS:est.lab.test 2>/dev/null
cp "$work/self/cert.pem" "$work/self/fullchain.pem"
refused "self-signed" 1 'path validation of the EST server' self dns

# An intermediate in the store is no anchor.
(
	export SSL_CERT_FILE=$work/web/issuing.pem
	start_fake_est est dns
	check_refused "an intermediate alone in the store" 1 'path validation' \
		implicit x
	stop_fake_est
	[ "$checks_failed" -eq 0 ]
) || not_ok "an intermediate is no anchor"

# --- an appliance with a CA of its own ---

start_estuaryd main
issue_dns main own
est_port=${estuaryd_listen[main]##*:}
check_refused "an appliance with its own CA" 1 'path validation' implicit x
code=$(new_code main code --uses 2)
check_refused "also when it knows the code" 1 'path validation of the EST' \
	join x main "$code" --trust implicit
matches "the use of the code is spent, and it says so" 'counted a use' \
	"$(cat "$work/err")"
same "it is" 1 "$(ctl_json main identity list |
	json 'd["items"][0]["uses_left"]')"
check_refused "a wrong code is no matter of certificates" 1 'does not know' \
	join x main "$(wrong_secret "$code")" --trust implicit
same "nothing is stored" '' "$(stored x)"
check_refused "without a name" 2 'server-name' endpoint x join --trust \
	implicit --server "127.0.0.1:$est_port"
check_refused "with --enroll" 2 'explicit' join x main "$code" --trust \
	implicit --enroll
check_refused "nobody there" 3 reach endpoint x join --trust implicit \
	--server "127.0.0.1:$(free_port)" --server-name est.lab.test
finish
