#!/usr/bin/env bash
# After the join: an attacker in the place of the network's DNS server. The
# endpoint refuses each one within the handshake: no question reaches it, and
# none is asked in clear text instead.
# Most functions are called by their names, through check.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lab.sh
. "$(dirname "$0")/lab.sh"

netns_lan switch 1 appliance endpoint attacker dns || exit 1
server=10.77.1.4
server6=fd77:1::4
# Where the real one is reached while the attacker has its address; of another
# prefix, so that it does not go with the first.
elsewhere=10.77.1.14
ip -n "$(netns_name dns)" addr add "$elsewhere/25" dev eth0 || exit 1

start_estuaryd appliance
start_estuaryd attacker
issue_dns appliance "$work/real" "$server" "$server6" >/dev/null
start_unbound dns "$work/real" "$server" "$server6" "$elsewhere"
save_root appliance

# The attacker is the system's resolver too, and hears what is asked of it.
echo "nameserver 10.77.1.3" >"$work/endpoint.resolv.conf"
write_instances deny local </dev/null
attacker_dns attacker unicast 10.77.1.3 deny

fresh_endpoint
code_for appliance uri
check "the endpoint joins" join endpoint --server 10.77.1.1:8443

# --- nothing in clear text while all is well ---

spawn_ready endpoint "$work/sniffed" ready \
	"$python" "$system_dir/sniff.py" "$qname"
sniff_pid=$spawned

# in_clear: what went over the wire in clear text since it was asked last.
in_clear() {
	sleep 0.2 # until the watcher has read what it was sent
	grep -v '^ready' "$work/sniffed"
	: >"$work/sniffed"
}

on endpoint dig @10.77.1.3 "$qname" +tries=1 >"$work/out"
clear=$(in_clear)
matches "the watcher sees a question in clear text" '^name udp .* 53$' "$clear"
matches "and the attacker hears it" "^question $qname" "$(cat "$dns_log")"
: >"$dns_log"

check "the real server is accepted" dns_check endpoint
same "and nothing was asked in clear text" "" "$(in_clear)"

# --- the attacker takes the server's addresses ---

# move_addresses FROM TO
move_addresses() {
	local from to

	from=$(netns_name "$1")
	to=$(netns_name "$2")
	ip -n "$from" addr del "$server/24" dev eth0 &&
		ip -n "$from" addr del "$server6/64" dev eth0 &&
		ip -n "$to" addr add "$server/24" dev eth0 &&
		ip -n "$to" addr add "$server6/64" dev eth0 nodad || exit 1
	ip -n "$(netns_name endpoint)" neigh flush dev eth0
}
move_addresses dns attacker

# impostor_refused NAME CERTIFICATE_DIRECTORY PATTERN
impostor_refused() {
	local port pids=() logs=()

	for port in "$dot_port" "$doh_port"; do
		attacker_server attacker tls "$port" 1 \
			"$2/fullchain.pem" "$2/key.pem"
		pids+=("$attacker_pid")
		logs+=("$attacker_log")
	done
	check_refused "$1 is refused" 1 'must not be used' dns_check endpoint
	for port in DoT DoH; do
		matches "$1: $port, for the right reason" \
			"^$port .*REFUSED: $3" "$(cat "$work/out")"
	done
	for port in 0 1; do
		matches "$1: it was connected to (${logs[$port]##*-})" \
			'^connection' "$(cat "${logs[$port]}")"
		same "$1: and got nothing inside TLS (${logs[$port]##*-})" "" \
			"$(grep '^received' "${logs[$port]}")"
		stop "${pids[$port]}"
	done
	same "$1: and nothing was asked in clear text" "" "$(in_clear)"
	same "$1: nor of the attacker's DNS" "" "$(grep '^question' "$dns_log")"
}

self_signed() {
	"$python" "$system_dir/attacker_cert.py" "$work/$1" "$adn" "$server" \
		"$2" "$3" || exit 1
}
match='certificate match: '
self_signed self-signed -1 90
attacker_server attacker tls "$doh_port" 1 "$work/self-signed/fullchain.pem" \
	"$work/self-signed/key.pem"
on endpoint curl -sk --max-time 1 "https://$server:$doh_port/" >"$work/out"
matches "a client that takes any certificate is heard inside TLS" \
	'^received' "$(cat "$attacker_log")"
stop "$attacker_pid"
impostor_refused "a self-signed certificate" "$work/self-signed" "$match"
self_signed expired -90 -1
impostor_refused "an expired one" "$work/expired" "$match"
issue_dns attacker "$work/other-ca" "$server" "$server6" >/dev/null
impostor_refused "another CA's" "$work/other-ca" "$match"
issue_dns appliance "$work/next" "$server" "$server6" >/dev/null
impostor_refused "one by the same CA that was not fetched" "$work/next" "$match"

# answers_nothing NAME MODE [ARGUMENT...]: not reachable, and no other way is
# tried.
answers_nothing() {
	local port pids=()

	for port in "$dot_port" "$doh_port"; do
		attacker_server attacker "$2" "$port" 1 "${@:3}"
		pids+=("$attacker_pid")
	done
	dns_check endpoint >"$work/out" 2>"$work/err"
	matches "$1: not accepted" '^[13]$' "$?"
	same "$1: neither service" 0 "$(grep -c 'certificate matches' "$work/out")"
	stop "${pids[0]}"
	stop "${pids[1]}"
	same "$1: and nothing was asked in clear text" "" "$(in_clear)"
	same "$1: nor of the attacker's DNS" "" "$(grep '^question' "$dns_log")"
}
answers_nothing "a server that closes" closes
answers_nothing "garbage" garbage
answers_nothing "a refusal by alert" alert 40
dns_check endpoint >"$work/out" 2>"$work/err"
same "nobody there: not reachable" 3 "$?"
same "and nothing was asked in clear text" "" "$(in_clear)"

# --- who only passes the bytes on is harmless ---

attacker_server attacker relay "$dot_port" 1 "$elsewhere" "$dot_port"
attacker_server attacker relay "$doh_port" 1 "$elsewhere" "$doh_port"
check "the real server behind the attacker's relay is accepted" \
	dns_check endpoint
same "and nothing was asked in clear text" "" "$(in_clear)"
stop "$sniff_pid"
finish
