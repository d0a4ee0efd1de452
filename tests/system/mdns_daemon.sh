#!/usr/bin/env bash
# Announcing through avahi-daemon, and what becomes of it when that, or D-Bus,
# is stopped, killed or started again: seen by another host's avahi-browse.
# Usage: mdns_daemon.sh BUILD-DIRECTORY; 77: not possible here.
# Most functions are called by their names, through check.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lab.sh
. "$(dirname "$0")/lab.sh"
# shellcheck source=tests/system/avahi_lib.sh
. "$(dirname "$0")/avahi_lib.sh"

netns_lan switch 1 appliance other || exit 1
# A second link of the appliance's, which is not in mdns.interfaces.
netns_add neighbour && netns_link appliance eth1 neighbour eth1 2 || exit 1

state() {
	ctl_json appliance status | json 'd["mdns"]'
}

state_is() {
	# shellcheck disable=SC2053 # a pattern
	[[ $(state) == $1 ]]
}

via_daemon="announcing '*' through avahi-daemon as estuary-*.local"
via_embedded="announcing 'Estuary' as estuary-*.local"

resolve() {
	inside other avahi-browse -rptk _est._tcp >"$work/resolved" 2>/dev/null
}

# seen PATTERN: the other host resolves such an instance over IPv4.
seen() {
	resolve && grep -Eq -e "^=;eth0;IPv4;$1" "$work/resolved"
}

# one_instance NAME: that one and no other, over IPv4 and IPv6.
one_instance() {
	resolve && [ "$(grep '^=;' "$work/resolved" | cut -d ';' -f 4 | sort -u)" = \
		"$1" ] && [ "$(grep -c '^=;eth0;IPv4;' "$work/resolved")" -eq 1 ]
}

none_seen() {
	resolve && ! grep -q '^=;' "$work/resolved"
}

logged() {
	grep -cF -e "$1" "$work/appliance.log"
}

check "a host with D-Bus and avahi-daemon" \
	eval 'own_run other && start_dbus other'
start_avahi other eth0
check "its daemon answers" avahi_answers other
own_run appliance

# --- through the daemon ---

check "the appliance's D-Bus" start_dbus appliance
start_avahi appliance eth0,eth1
check "the appliance's daemon answers" avahi_answers appliance

start_estuaryd appliance
check "auto announces through the daemon that runs" \
	wait_for 10 state_is "$via_daemon"
host=estuary-$(root_sha256 appliance | cut -c 1-8).local
found="Estuary;_est._tcp;local;$host;(10\\.77\\.1\\.1|fd77:1::1);8443;"
check "the other host sees it, with host, address and port" \
	wait_for 10 seen "$found"
same "with the TXT strings" \
	'"name=est.home.arpa" "pake=spake2plus" "path=/.well-known/est" "txtvers=1"' \
	"$(grep '^=;eth0;IPv4;' "$work/resolved" | head -n 1 | grep -o '"[^"]*"' |
		sort | xargs -d '\n')"
for address in 4:10.77.1.1 6:fd77:1::1; do
	matches "its host has the address ${address#*:}" \
		"[[:space:]]${address#*:}\$" "$(inside other avahi-resolve \
			"-${address%%:*}" -n "$host")"
done
# One stack holds the port: the daemon's, with a socket for each family.
udp_owners() {
	inside appliance ss -Hulpn 'sport = :5353' | grep -o 'pid=[0-9]*' | sort -u
}
same "and no second mDNS stack is opened" "pid=${avahi_pid[appliance]}" \
	"$(udp_owners)"
own_seen() {
	inside appliance avahi-browse -rptk _est._tcp 2>/dev/null
}
matches "announced on the interface in the list" '^=;eth0;' "$(own_seen)"
same "and on no other" 0 "$(own_seen | grep -c '^=;eth1;')"

# --- the daemon goes and comes ---

kill_it "${avahi_pid[appliance]}"
check "killed: announced by itself within 8 seconds" \
	wait_for 8 state_is "$via_embedded"
check "the other host sees it" wait_for 8 seen "$found"
check "exactly once" wait_for 8 one_instance Estuary
start_avahi appliance eth0
check "started again: through the daemon within 15 seconds" \
	wait_for 15 state_is "$via_daemon"
check "exactly one instance" wait_for 8 one_instance Estuary
same "under the same host name" "$host" \
	"$(grep '^=;eth0;IPv4;' "$work/resolved" | cut -d ';' -f 7)"
same "and the embedded core is closed" "pid=${avahi_pid[appliance]}" \
	"$(udp_owners)"

before=$(logged 'backend=embedded')
kill_it "${avahi_pid[appliance]}"
start_avahi appliance eth0
check "restarted at once: through the daemon again" \
	wait_for 15 eval "[ \$(logged 'backend=daemon') -ge 3 ]"
check "the state says so" wait_for 10 state_is "$via_daemon"
same "without the embedded core in between" "$before" \
	"$(logged 'backend=embedded')"

kill_it "${dbus_pid[appliance]}"
check "D-Bus killed: announced by itself within 8 seconds" \
	wait_for 8 state_is "$via_embedded"
check "estuaryd lives, and is seen" wait_for 8 one_instance Estuary
wait "${avahi_pid[appliance]}" 2>/dev/null
start_dbus appliance
start_avahi appliance eth0
check "D-Bus started again: through the daemon within 30 seconds" \
	wait_for 30 state_is "$via_daemon"
check "exactly one instance" wait_for 8 one_instance Estuary

kill -STOP "${avahi_pid[appliance]}"
sed -i 's/^instance = .*/instance = Renamed/' "$work/appliance.conf"
start=$(now_ms)
kill -HUP "${estuaryd_pid[appliance]}"
check "a daemon that does not answer: by itself within 25 seconds" \
	wait_for 25 state_is "announcing 'Renamed' as estuary-*.local"
echo "# it took $(($(now_ms) - start)) ms"
kill -CONT "${avahi_pid[appliance]}"
check "and is seen under its new name alone" wait_for 15 one_instance Renamed

# --- configuration ---

# reconfigure KEY VALUE: by SIGHUP.
reconfigure() {
	sed -i "/^$1 = /d; s/^\\[mdns\\]/&\\n$1 = $2/" "$work/appliance.conf"
	kill -HUP "${estuaryd_pid[appliance]}"
}

reconfigure instance Estuary
reconfigure backend embedded
check "embedded beside a daemon announces by itself" \
	wait_for 15 state_is "$via_embedded"
check "and is seen once" wait_for 10 one_instance Estuary
collisions() {
	grep -ciE 'host name conflict|collision' "$work/appliance.avahi.log"
}
same "the daemon has no host name collision" 0 "$(collisions)"
same "and neither have we" 0 "$(logged 'mDNS name taken')"

kill_it "${avahi_pid[appliance]}"
reconfigure backend daemon
check "daemon without a daemon waits" \
	wait_for 10 state_is 'waiting for avahi-daemon: *'
check "and serves" inside appliance curl -sSfk --max-time 5 -o /dev/null \
	--noproxy '*' https://127.0.0.1:8443/.well-known/est/cacerts
check "nothing is announced" wait_for 10 none_seen
same "which is logged once" 1 "$(logged 'mDNS waits for avahi-daemon')"

# --- name collision: another host has the name ---

spawn_inside other "$work/publish.log" \
	avahi-publish -s Estuary _est._tcp 9 txtvers=1
publish_pid=$spawned
check "another host announces the same name" \
	wait_for 10 grep -q Established "$work/publish.log"
start_avahi appliance eth0
check "the daemon comes: announced through it, under another name" wait_for 20 \
	state_is "announcing 'Estuary #2'* through avahi-daemon as estuary-*.local"
check "the other host sees it" \
	wait_for 10 seen 'Estuary\\032\\0352;_est._tcp;local;estuary-'
kill_it "$publish_pid"

# --- the end ---

spawn_inside other "$work/watch" avahi-browse -pk _est._tcp
check "a browser on the other host" \
	wait_for 10 grep -q '^+;eth0;IPv4;Estuary\\032' "$work/watch"
check "SIGTERM ends it" stop_estuaryd appliance
check "the goodbye is received" \
	wait_for 3 grep -q '^-;eth0;IPv4;Estuary\\032\\0352;' "$work/watch"

# --- a bus in another network namespace: its interfaces are not ours ---

# Until it said which backend it took: on standard error, in $work/err.
elsewhere() {
	{
		wait_for 10 grep -q backend= "$work/err"
		echo stop
	} | timeout 20 nsenter \
		"--mount=/proc/${host_pid[appliance]}/ns/mnt" \
		"--net=/proc/${host_pid[other]}/ns/net" \
		"$build/tests/unit/mdns/mdns_announce_tool" \
		elsewhere Elsewhere 9 eth0
}
check "a bus of another network namespace is no failure" elsewhere
matches "but is not used" \
	'backend=embedded reason="avahi-daemon: it is in another network namespace"' \
	"$(cat "$work/err")"

# --- a daemon that takes nothing ---

kill_it "${avahi_pid[appliance]}"
start_avahi appliance eth0 disable-user-service-publishing=yes
check "a daemon that publishes for nobody" avahi_answers appliance
sed -i '/^backend = /d' "$work/appliance.conf"
start_estuaryd appliance
check "auto: announced by itself" wait_for 15 state_is "$via_embedded"
check "seen once" wait_for 10 one_instance Estuary
check "SIGTERM ends it too" stop_estuaryd appliance

finish
