#!/usr/bin/env bash
# refresh: what an endpoint does when it meets a network again. The DNS server's
# certificate is renewed, the EST server's too, and others take their places.
# Most functions are called by their names, through check.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/dns_lib.sh
. "$(dirname "$0")/dns_lib.sh"

state=$work/endpoint-phone/networks/main.json

# refresh APPLIANCE [ARGUMENT...]
refresh() {
	endpoint phone refresh --server "${estuaryd_listen[$1]}" "${@:2}"
}

# The last command's output says this.
said() {
	matches "$1" "$2" "$(cat "$work/out")"
}

serial_of() {
	openssl x509 -in "$work/$1/cert.pem" -noout -serial |
		sed 's/.*=//' | tr 'A-F' 'a-f'
}

# present DIRECTORY: the DNS server restarts with the certificate there.
presented=
present() {
	[ -z "$presented" ] || stop_unbound "$presented"
	start_unbound "$1"
	presented=$1
}

# unchanged NAME: the state file is what keep_copy saw, byte for byte.
keep_copy() {
	cp "$state" "$work/copy.json"
}

unchanged() {
	check "$1: the state is unchanged" cmp "$state" "$work/copy.json"
}

start_estuaryd main
issue_dns main first
present first
check_refused "before any join" 2 'no network' endpoint phone refresh
check "join" join phone main "$(new_code main phone)" --network main
keep_copy

# --- nothing to do ---

check "while all is valid nothing is fetched" refresh main
said "it says so" 'nothing was fetched'
unchanged "kept"
check "--force fetches" refresh main --force
said "nothing has changed" '^nothing has changed'
unchanged "fetched, the same"

# --- the next certificate, fetched in time ---

issue_dns main second
check "--force brings the next certificate" refresh main --force
said "as an addition" "^DoT .*certificate $(serial_of second) .*added \(next\)"
present second
check "the renewed DNS server is accepted" endpoint phone check
ctl main dns-server promote dns.lab.test >"$work/promote.log" 2>&1 ||
	not_ok "promote"
keep_copy
check "nothing speaks against the certificates" refresh main
unchanged "kept"
check "--force learns that one was retired" refresh main --force
said "the old one is removed" "^DoT .*certificate $(serial_of first) .*removed"
said "the next one is current" "^DoT .*$(serial_of second) .*was next, is current"
present first
check_refused "the retired certificate is refused" 1 'refused' \
	endpoint phone check
present second

# --- a certificate issued after the join ---

issue_dns main third
ctl main dns-server promote dns.lab.test >"$work/promote.log" 2>&1
present third
check_refused "an unknown certificate is refused" 1 'refused' \
	endpoint phone check
keep_copy
check_refused "no EST server: 3" 3 'not reachable' \
	endpoint phone refresh --server 127.0.0.1:1
unchanged "no EST server"
check "refresh notices, and fetches" refresh main
said "it says why" '^Fetching anew: certificate match'
said "a certificate was replaced" \
	"^DoT .*$(serial_of second) .*replaced by certificate $(serial_of third)"
said "for each service" "^DoH .*$(serial_of second) .*replaced by"
check "then it is accepted" endpoint phone check --name printer.lab.test
check "file permissions" test "$(stat -c %a "$state")" = 600
same "nothing else is left" networks/main.json "$(stored phone)"

# --- other servers ---

keep_copy
start_estuaryd other
check_refused "the same name, another CA" 1 'path validation' \
	refresh other --force
unchanged "another CA"
check_refused "the other's DNS server" 1 'nothing was changed' \
	refresh other --force

stop_estuaryd main
check_refused "it is gone" 3 'not reachable' refresh main --force
unchanged "it is gone"
stop_unbound third
check "DNS server gone as well: nothing speaks against it" refresh main
said "it says so" 'could not be asked'
unchanged "DNS server gone"
start_unbound third

sed -i 's/^name = .*/name = other.lab.test/' "$work/main.conf"
start_estuaryd main
check_refused "the same CA, another name" 1 'no DNS-ID est.lab.test' \
	refresh main --force
unchanged "another name"
stop_estuaryd main

# --- the EST server's own certificate renewed ---

sed -i 's/^name = .*/name = est.lab.test/' "$work/main.conf"
start_estuaryd main
check "a renewed EST server is accepted" refresh main --force
unchanged "EST server renewed"

# --- another DNS server in its place ---

ctl main dns-server retire dns.lab.test >"$work/retire.log" 2>&1 ||
	not_ok "retire"
check_refused "no DNS server's certificate: nothing to learn" 3 'no DNS server' \
	refresh main --force
unchanged "no certificate"
ctl main dns-server issue --name dns2.lab.test --ip 127.0.0.1 \
	--label "domain-s:$dot_port" --out "$work/fourth" >"$work/issue.log" 2>&1
present fourth
check "another DNS server" refresh main
said "the old ADN is gone" '^DoT  dns.lab.test .*removed'
said "the new one is there" '^DoT  dns2.lab.test .*added'
check "and is accepted" endpoint phone check --name printer.lab.test
keep_copy

# --- fetching not allowed ---

stop_estuaryd main
start_estuaryd main --set eecerts.access=authenticated
check_refused "/eecerts for the authenticated only" 1 'status 401' \
	refresh main --force
unchanged "not allowed"

finish
