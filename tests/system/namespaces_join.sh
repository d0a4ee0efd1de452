#!/usr/bin/env bash
# The main job between hosts on one link: announcing, finding, joining,
# resolving; over IPv4 and IPv6, each alone too; and what other people's
# programs see of it: avahi-browse, kdig, dig, curl.
# Most functions are called by their names, through check.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lab.sh
. "$(dirname "$0")/lab.sh"

netns_lan switch 1 appliance endpoint || exit 1
# A second link of the appliance's, which is not in mdns.interfaces.
netns_add neighbour && netns_link appliance eth1 neighbour eth1 2 || exit 1

milliseconds() {
	echo $(($(date +%s%N) / 1000000))
}

# --- avahi-daemon on the endpoint's host ---

have_avahi=yes
for program in avahi-daemon avahi-browse dbus-daemon unshare nsenter; do
	command -v "$program" >/dev/null || have_avahi=no
done

# A system bus and the daemon in a mount namespace of their own.
start_avahi() {
	cat >"$work/avahi.conf" <<-CONFIG
		[server]
		host-name=endpoint
		allow-interfaces=eth0
		enable-dbus=yes
		[publish]
		publish-workstation=no
		publish-hinfo=no
	CONFIG
	# shellcheck disable=SC2016 # the inner shell expands these
	spawn endpoint "$work/avahi.log" unshare -m --propagation private \
		bash -c 'mount -t tmpfs tmpfs /run && mkdir -p /run/dbus || exit 1
			dbus-daemon --system --nofork --nopidfile &
			until [ -S /run/dbus/system_bus_socket ]; do sleep 0.05; done
			avahi-daemon --no-rlimits --no-drop-root --no-chroot -f "$1" &
			wait' bash "$work/avahi.conf"
	avahi_pid=$spawned
	wait_for 10 in_avahi avahi-browse -pt _none._tcp
}

in_avahi() {
	nsenter -m -n -t "$avahi_pid" "$@"
}

# event REGEX: what the browser that goes on has seen; the fields are
# kind;interface;protocol;instance;...
event() {
	grep -Eq -e "$1" "$work/watch"
}

resolved() {
	in_avahi avahi-browse -rptk _est._tcp 2>/dev/null >"$work/resolved"
}

# within MS REGEX: the event comes, counted from now.
within() {
	local end=$(($(milliseconds) + $1))

	until event "$2"; do
		[ "$(milliseconds)" -lt "$end" ] || return 1
		sleep 0.05
	done
}

if [ "$have_avahi" = yes ]; then
	check "avahi-daemon runs on the endpoint's host" start_avahi
	in_avahi avahi-browse -pk _est._tcp >"$work/watch" 2>/dev/null &
	started_pids+=("$!")
else
	echo "# avahi-daemon, avahi-utils or dbus is missing: without them"
fi

# --- announcing ---

listen_tool=$build/tests/unit/mdns/mdns_listen_tool
if [ -x "$listen_tool" ]; then
	spawn_ready neighbour "$work/neighbour.heard" listening \
		"$listen_tool" eth1 8000
	neighbour_pid=$spawned
fi

start_estuaryd appliance
if [ "$have_avahi" = yes ]; then
	check "it is announced over IPv4 within 3 seconds of its start" \
		within 3000 '^\+;eth0;IPv4;Estuary;_est._tcp;local$'
	check "and over IPv6" \
		within 3000 '^\+;eth0;IPv6;Estuary;_est._tcp;local$'
	check "avahi-browse resolves it" resolved
	host=estuary-$(root_sha256 appliance | cut -c 1-8).local
	address='(10\.77\.1\.1|fd77:1::1)'
	for family in IPv4 IPv6; do
		matches "with its address and port, over $family" \
			"^=;eth0;$family;Estuary;_est._tcp;local;$host;$address;8443;" \
			"$(cat "$work/resolved")"
	done
	for address in 4:10.77.1.1 6:fd77:1::1; do
		matches "its host has the address ${address#*:}" \
			"[[:space:]]${address#*:}\$" \
			"$(in_avahi avahi-resolve "-${address%%:*}" -n "$host")"
	done
	for text in txtvers=1 path=/.well-known/est name=est.home.arpa \
		pake=spake2plus; do
		matches "with TXT $text" "\"$text\"" "$(cat "$work/resolved")"
	done
	same "and with no other TXT" 4 \
		"$(grep '^=;eth0;IPv4;' "$work/resolved" | head -n 1 |
			grep -o '"[^"]*"' | wc -l)"
else
	check "it is announced within 10 seconds" wait_for 10 is_announced appliance
fi

# --- joining and resolving: the DNS server on the appliance's host ---

check "a certificate for the DNS server" \
	issue_dns appliance "$work/dns" 10.77.1.1 fd77:1::1
start_unbound appliance "$work/dns" 10.77.1.1 fd77:1::1
save_root appliance
root=$work/appliance.root.pem

fresh_endpoint
code_for appliance uri
check "the endpoint finds it and joins, with a code's URI" join endpoint
same "it has the appliance's root" "$(root_sha256 appliance)" "$(joined_root)"
check "it resolves a name over DoT and DoH" dns_check endpoint
for line in 'DoT .* A 10.77.1.80 .* AAAA fd77:1::80' \
	'DoH .* A 10.77.1.80 .* AAAA fd77:1::80'; do
	matches "with the right answers: ${line%% *}" "$line" "$(cat "$work/out")"
done
check_refused "the code was good for one use" 1 'does not know the code' \
	join endpoint
fresh_endpoint
code_for appliance bare
check "it joins with a bare code" join endpoint
same "with the same root" "$(root_sha256 appliance)" "$(joined_root)"

# --- other people's programs, with the root that the administrator shows ---

# answers COMMAND...: it ends with 0 and prints the address.
answers() {
	on endpoint "$@" >"$work/answer" 2>&1 &&
		grep -q '10\.77\.1\.80' "$work/answer"
}

# answers_not COMMAND...: it has no answer to give.
answers_not() {
	on endpoint "$@" >"$work/answer" 2>&1
	! grep -q '10\.77\.1\.80' "$work/answer"
}

kdig_dot=(kdig @10.77.1.1 -p "$dot_port" "$qname" A +retry=0 "+tls-ca=$root")
dig_dot=(dig @10.77.1.1 -p "$dot_port" "$qname" A +tries=1 +tls
	"+tls-ca=$root")
dig_doh=(dig @10.77.1.1 -p "$doh_port" "$qname" A +tries=1
	+https=/dns-query "+tls-ca=$root")
if command -v kdig >/dev/null; then
	check "kdig over DoT" answers "${kdig_dot[@]}" "+tls-hostname=$adn"
	check "kdig over DoT and IPv6" answers kdig @fd77:1::1 \
		"${kdig_dot[@]:2}" "+tls-hostname=$adn"
	check "kdig refuses another name" \
		answers_not "${kdig_dot[@]}" +tls-hostname=dns2.home.arpa
fi
if dig +tls -v >/dev/null 2>&1; then
	check "dig over DoT" answers "${dig_dot[@]}" "+tls-hostname=$adn"
	check "dig refuses another name over DoT" \
		answers_not "${dig_dot[@]}" +tls-hostname=dns2.home.arpa
	check "dig over DoH" answers "${dig_doh[@]}" "+tls-hostname=$adn"
	check "dig refuses another name over DoH" \
		answers_not "${dig_doh[@]}" +tls-hostname=dns2.home.arpa
fi

# curl_doh NAME: the EST server's name is resolved over DoH from the server of
# that name, and its certificate checked with the same root.
curl_doh() {
	on endpoint curl -sS --max-time 10 --cacert "$root" \
		--resolve "$1:$doh_port:10.77.1.1" \
		--doh-url "https://$1:$doh_port/dns-query" \
		https://est.home.arpa:8443/.well-known/est/cacerts
}
check "curl over DoH" curl_doh "$adn"
check_refused "curl refuses another name over DoH" 6 'SSL|resolve' \
	curl_doh dns2.home.arpa

# --- changing and ending ---

if [ "$have_avahi" = yes ]; then
	sed -i 's/^instance = .*/instance = Front desk/' "$work/appliance.conf"
	kill -HUP "${estuaryd_pid[appliance]}"
	check "after SIGHUP the new instance is seen within 3 seconds" \
		within 3000 '^\+;eth0;IPv4;Front\\032desk;'
	check "and the old one is gone" within 3000 '^-;eth0;IPv4;Estuary;'
	within 3000 '^\+;eth0;IPv6;Front\\032desk;'
	: >"$work/watch"
fi
check "SIGTERM ends it" stop_estuaryd appliance
if [ "$have_avahi" = yes ]; then
	check "the goodbye is received within 3 seconds, over IPv4" \
		within 3000 '^-;eth0;IPv4;Front\\032desk;'
	check "and over IPv6" within 3000 '^-;eth0;IPv6;Front\\032desk;'
	stop "$avahi_pid"
fi
if [ -x "$listen_tool" ]; then
	wait "$neighbour_pid"
	same "nothing was announced on an interface not in mdns.interfaces" \
		"packets 0 responses 0" "$(tail -n 1 "$work/neighbour.heard")"
fi

# --- a link with one family alone, the DNS server a host of its own ---

# only_family FAMILY N APPLIANCE DNS ENDPOINT LISTEN ADDRESS
only_family() {
	local other=6 host

	[ "$1" = 4 ] || other=4
	netns_lan "switch$1" "$2" "$3" "$4" "$5" || exit 1
	for host in "$3" "$4" "$5"; do
		ip -n "$(netns_name "$host")" "-$other" addr flush dev eth0
	done
	start_estuaryd "$3" --set "server.listen=$6"
	check "IPv$1 alone: a certificate for the DNS server" \
		issue_dns "$3" "$work/dns$1" "$7"
	start_unbound "$4" "$work/dns$1" "$7"
	fresh_endpoint
	code_for "$3" bare
	check "IPv$1 alone: the endpoint finds the appliance and joins" join "$5"
	check "IPv$1 alone: it resolves over DoT and DoH" dns_check "$5"
	same "IPv$1 alone: over both, at the other host's address" 2 \
		"$(grep -cF "@ $8:" "$work/out")"
	check "IPv$1 alone: SIGTERM ends it" stop_estuaryd "$3"
}

only_family 6 3 appliance6 dns6 endpoint6 '[::]:8443' fd77:3::2 '[fd77:3::2]'
only_family 4 4 appliance4 dns4 endpoint4 0.0.0.0:8443 10.77.4.2 10.77.4.2

finish
