#!/usr/bin/env bash
# An attacker on the endpoint's link, beside the real appliance or in its place:
# other appliances, servers that answer the PAKE in every wrong way, men in the
# middle, and the network's DNS. The endpoint joins the real one or nobody.
# Most functions are called by their names, through check.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lab.sh
. "$(dirname "$0")/lab.sh"

netns_lan switch 1 appliance endpoint attacker rogue2 || exit 1
txt="txtvers=1 path=/.well-known/est name=est.home.arpa pake=spake2plus"
attacker=10.77.1.3

start_estuaryd appliance
issue_dns appliance "$work/dns" 10.77.1.1 fd77:1::1 >/dev/null
wait_for 10 is_announced appliance

# --- nothing but the real server takes part in the PAKE (no discovery) ---

certificate=("$work/self-signed/fullchain.pem" "$work/self-signed/key.pem")
"$python" "$system_dir/attacker_cert.py" "$work/self-signed" est.home.arpa \
	"$attacker" -1 90 || exit 1


# server_refused NAME STATUS PATTERN MODE [ARGUMENT...]: a server of that mode.
server_refused() {
	attacker_server attacker "$4" 9000 1 "${@:5}"
	join_refused "$1" endpoint appliance "$2" "$3" \
		--server "$attacker:9000" --server-name est.home.arpa
	check "it was asked" grep -q '^connection' "$attacker_log"
	same "and got nothing inside TLS" "" "$(grep '^received' "$attacker_log")"
	stop "$attacker_pid"
}

unknown='does not know the code'
no_pake='does not take part in the PAKE'
server_refused "a server that closes is refused" 3 'closed' closes
server_refused "one that answers garbage" 3 'reached' garbage
server_refused "one that answers HTTP in clear text" 3 'reached' http
server_refused "one that answers an alert" 1 "$unknown" alert 40
server_refused "one that answers decrypt_error" 1 "$unknown" alert 51
server_refused "a share that knows no code" 1 "$unknown" share valid
server_refused "a share off the curve" 1 . share off-curve
server_refused "a share that is too short" 1 . share short
server_refused "a share of a scheme that was not offered" 1 . share scheme
server_refused "a ServerHello without a share" 1 "$no_pake" share absent
server_refused "a TLS server without a PAKE" 1 "$no_pake" \
	tls "${certificate[@]}"
server_refused "a man in the middle who terminates TLS" 1 "$no_pake" \
	terminate "${certificate[@]}" 10.77.1.1 8443
server_refused "a man in the middle who changes one bit" 1 . \
	tamper 10.77.1.1 8443

attacker_server attacker relay 9000 1 10.77.1.1 8443
joins_real "one who only passes the bytes on is harmless" endpoint appliance \
	bare --server "$attacker:9000" --server-name est.home.arpa
stop "$attacker_pid"

# --- other appliances announced beside the real one ---

# rogue HOST INSTANCE: an appliance with a CA of its own and the same names.
rogue() {
	write_config "$1"
	sed -i "s/^instance = .*/instance = $2/" "$work/$1.conf"
	start_estuaryd "$1"
	wait_for 15 is_announced "$1"
}

rogue attacker Estuary
matches "a rogue's instance of the same name gets another" \
	"announcing 'Estuary #2'" "$(ctl attacker status)"
for code in uri bare; do
	joins_real "the real one is joined beside it, with a $code code" \
		endpoint appliance "$code"
done
check "the rogue has handed out nothing" \
	test "$(ctl_json attacker status | json 'd["identities"]')" = 0

rogue rogue2 Aardvark
for code in uri bare bare; do
	joins_real "and beside two of them, with a $code code" \
		endpoint appliance "$code"
done

stop_estuaryd rogue2

# --- the network's own DNS is the attacker's ---

printf 'nameserver %s\nsearch home.arpa\n' "$attacker" \
	>"$work/endpoint.resolv.conf"

# dns_says FILE: with the lines of write_instances on standard input.
dns_says() {
	write_instances "$1" home.arpa
	attacker_dns attacker unicast "$attacker" "$1"
}

dns_says denied </dev/null
joins_real "DNS that denies everything: found by mDNS" \
	endpoint appliance bare
check "it was asked for the service" \
	grep -q '^question _est._tcp.home.arpa 12' "$dns_log"
stop "$dns_pid"

dns_says redirected <<<"rogue rogue 8443 $attacker 60 $txt"
joins_real "DNS that names a rogue: the real one is found by mDNS" \
	endpoint appliance uri
check "the rogue was asked for" \
	grep -q '^question rogue._est._tcp.home.arpa 33' "$dns_log"
stop "$dns_pid"

attacker_server attacker share 9000 8 valid
for i in 0 1 2 3 4 5 6 7; do
	echo "rogue$i rogue$i 900$i $attacker 60 $txt"
done | dns_says many
# Beside the rogues of mDNS the real one may or may not come third.
code_for appliance bare
fresh_endpoint
join endpoint >/dev/null 2>&1 || true
same "DNS that names eight rogues: two of them hear of the code" 2 \
	"$(grep -c '^connection' "$attacker_log")"
stop "$attacker_pid"
stop "$dns_pid"

dns_says honest <<<"real real 8443 10.77.1.1,fd77:1::1 60 $txt"
joins_real "DNS that names the real one: joined" endpoint appliance bare
stop "$dns_pid"

echo 'nameserver 10.77.1.99' >"$work/endpoint.resolv.conf"
joins_real "DNS that is silent: joined" endpoint appliance bare
: >"$work/endpoint.resolv.conf"

# --- a rogue in its place ---

# The code is the real one's still.
code_for appliance bare
fresh_endpoint
check "the real one goes" stop_estuaryd appliance
check_refused "with a rogue alone it joins nobody" 1 \
	"$unknown.*; [12] of at most 3" join endpoint
check "and nothing is stored" nothing_stored

finish
