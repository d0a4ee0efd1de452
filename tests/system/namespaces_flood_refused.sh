#!/usr/bin/env bash
# An attacker who announces much: dead ports, servers without a PAKE, servers
# that say nothing; and who speaks for the real appliance's names. What mDNS
# lets anybody deny cannot be forced, so where the real one is not found the
# join has to end in bounded time with nothing stored.
# Most functions are called by their names, through check.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lab.sh
. "$(dirname "$0")/lab.sh"

netns_lan switch 1 appliance endpoint attacker || exit 1
txt="txtvers=1 path=/.well-known/est name=est.home.arpa pake=spake2plus"
attacker=10.77.1.3

start_estuaryd appliance
issue_dns appliance "$work/dns" 10.77.1.1 fd77:1::1 >/dev/null
wait_for 10 is_announced appliance
"$python" "$system_dir/attacker_cert.py" "$work/self-signed" est.home.arpa \
	"$attacker" -1 90 || exit 1
attacker_server attacker tls 9000 20 \
	"$work/self-signed/fullchain.pem" "$work/self-signed/key.pem"
attacker_server attacker tarpit 9100 20
attacker_server attacker trickle 9200 1

# lines TAG FIRST-PORT COUNT: an instance a line.
lines() {
	local i

	for ((i = 0; i < $3; i++)); do
		echo "$1$i $1$i $(($2 + i)) $attacker 120 $txt"
	done
}

# ends_safely NAME MAX_S: joined the real one, or nothing is stored.
ends_safely() {
	local start status=0 took

	fresh_endpoint
	code_for appliance bare
	start=$(now_ms)
	join endpoint >"$work/out" 2>"$work/err" || status=$?
	took=$(($(now_ms) - start))
	echo "# exit status $status after $took ms"
	if [ "$status" = 0 ]; then
		same "$1: joined, with the real root" \
			"$(root_sha256 appliance)" "$(joined_root)"
	else
		show "$work/err"
		matches "$1: not joined" '^[13]$' "$status"
		check "and nothing is stored" nothing_stored
	fi
	check "and it took $2 seconds at most" test "$took" -le "$(($2 * 1000))"
}

# --- servers that are of no use ---

# One tarpit and one trickle at the same time, for the handshake's time-out.
fresh_endpoint
code_for appliance bare
start=$(now_ms)
for port in 9100 9200; do
	join endpoint --server "$attacker:$port" --server-name est.home.arpa \
		2>"$work/$port.err" &
	waiting[port]=$!
done
for port in 9100 9200; do
	status=0
	wait "${waiting[$port]}" || status=$?
	same "port $port, which never ends a handshake: not reachable" 3 "$status"
	matches "and it says why" 'in time' "$(cat "$work/$port.err")"
done
check "and both within 20 seconds" test "$(($(now_ms) - start))" -le 20000
check "and nothing is stored" nothing_stored

# Announced for long by now, so that its answers come at once.
{
	lines plain 9000 4
	lines dead 9300 4
} | write_instances few local
attacker_dns attacker mdns eth0 few
joins_real "eight dead announcements: the real one is joined" \
	endpoint appliance bare
stop "$dns_pid"

{
	lines plain 9000 9
	lines slow 9100 2
	lines dead 9300 9
} | write_instances many local
attacker_dns attacker mdns eth0 many
ends_safely "twenty dead announcements" 60
stop "$dns_pid"

# --- the real one's own names ---

host=estuary-$(root_sha256 appliance | cut -c 1-8)
attacker_server attacker share 8443 1 valid

# From here on the appliance may take other names to get out of the way.
write_instances instance local <<<"Estuary attacker 8443 $attacker 120 $txt"
attacker_dns attacker mdns eth0 instance
ends_safely "its instance, at another host" 30
stop "$dns_pid"

write_instances host local <<<"Other $host 8443 $attacker 120 $txt"
attacker_dns attacker mdns eth0 host
ends_safely "its host's name, at another address" 30
stop "$dns_pid"

write_instances goodbye local <<<"Estuary $host 8443 10.77.1.1 0 $txt"
attacker_dns attacker mdns eth0 goodbye
ends_safely "goodbyes in its name" 30
stop "$dns_pid"

echo "# at the end: $(ctl appliance status | grep announcing)"
wait_for 15 is_announced appliance
joins_real "once the attacker is quiet it is joined again" \
	endpoint appliance bare
finish
