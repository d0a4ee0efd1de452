#!/usr/bin/env bash
# --trust implicit: the EST server and the DNS server have certificates of a CA
# of the system's store, which SSL_CERT_FILE stands for here; no SRV-ID, since
# such CAs issue none.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/dns_lib.sh
. "$(dirname "$0")/dns_lib.sh"
# shellcheck source=tests/system/web_lib.sh
. "$(dirname "$0")/web_lib.sh"

state=$work/endpoint-web/networks/main.json

make_web_ca web
web_cert web est est.lab.test
web_cert web dns dns.lab.test
export SSL_CERT_FILE=$work/web/root.pem SSL_CERT_DIR=$work/none
start_unbound dns
start_fake_est est dns

check "join without a code" implicit web --network main
matches "it says what was checked" "system's trust store" "$(cat "$work/out")"
matches "and what was not" 'without SRV-ID' "$(cat "$work/out")"
same "status knows the trust" implicit \
	"$(endpoint web status --json | json 'd["trust"]')"
same "no root is stored" '[null, false]' "$(json \
	'[d.get("root_sha256"), "root" in d]' <"$state")"
matches "status in words" 'implicit trust' "$(endpoint web status)"
check "check" endpoint web check --name printer.lab.test
check "refresh finds nothing to do" endpoint web refresh --server \
	"127.0.0.1:$est_port"
check "refresh --force verifies the server again" endpoint web refresh \
	--server "127.0.0.1:$est_port" --force
matches "and nothing changed" 'nothing has changed' "$(cat "$work/out")"
check "joining again is no downgrade" implicit web --network main

# --- another certificate of the same CA ---

stop_unbound dns
web_cert web dns2 dns.lab.test
start_unbound dns2
check_refused "another certificate than the one fetched is refused" 1 \
	'security check' endpoint web check
stop_fake_est
start_fake_est est dns2
check "refresh learns it" endpoint web refresh --server "127.0.0.1:$est_port"
check "and then it is accepted" endpoint web check

# --- exports use the system's store ---

check "export unbound" endpoint web export unbound
matches "with the system's CA file" \
	'tls-cert-bundle: "/etc/ssl/certs/ca-certificates.crt"' \
	"$(cat "$work/out")"
for format in systemd-resolved stubby; do
	check "export $format" endpoint web export "$format" --out \
		"$work/$format"
done
same "no root file among them" '' "$(find "$work/systemd-resolved" \
	"$work/stubby" -name '*.crt')"

# --- the store decides, each time ---

export SSL_CERT_FILE=$work/none
check_refused "the CA leaves the store: check refuses" 1 'security check' \
	endpoint web check
check_refused "and refresh" 1 'path validation' endpoint web refresh --server \
	"127.0.0.1:$est_port"

# --- a network with a root of its own ---

unset SSL_CERT_FILE SSL_CERT_DIR
start_estuaryd main
issue_dns main own
check "join with a code" join own main "$(new_code main own)" --network own
cp "$work/endpoint-own/networks/own.json" "$work/copy.json"
export SSL_CERT_FILE=$work/web/root.pem SSL_CERT_DIR=$work/none
check_refused "is not replaced by an implicit one" 1 'anchor of its own' \
	implicit own --network own
check "the state is unchanged" cmp "$work/endpoint-own/networks/own.json" \
	"$work/copy.json"
check "unless --force is given" implicit own --network own --force
check "and a join with a code takes it back" join own main \
	"$(new_code main again)" --network own
same "with its root" explicit \
	"$(endpoint own status --json | json 'd["trust"]')"
finish
