#!/bin/bash
# Announcing and browsing by mDNS between network namespaces, alone and next to
# avahi-daemon. Usage: mdns_namespaces.sh BUILD-DIRECTORY
# Exit status: 0 all held, 1 something did not, 77 not possible here.
# Needs avahi-daemon, avahi-utils and dbus for the parts with a daemon.

# Most functions are called by their names, through check and within.
# shellcheck disable=SC2317

set -u

if [ $# -ne 1 ] || [ ! -x "$1/tests/unit/mdns/mdns_announce_tool" ]; then
	echo "usage: $0 BUILD-DIRECTORY (with the test tools built)" >&2
	exit 1
fi
tools=$(cd "$1/tests/unit/mdns" && pwd)
# shellcheck source=scripts/lib/netns.sh
. "$(dirname "$0")/../../scripts/lib/netns.sh"

if ! netns_possible; then
	echo "skip - network namespaces are not possible here"
	exit 77
fi

dir=$(mktemp -d)
failed=0
declare -A input pid

finish() {
	netns_destroy
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' INT TERM

# check TEXT COMMAND...
check() {
	local text=$1

	shift
	if "$@"; then
		echo "ok - $text"
	else
		echo "not ok - $text"
		failed=1
	fi
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

# within MS COMMAND...: tries until it succeeds or the time is over.
within() {
	local end=$(($(now_ms) + $1))

	shift
	until "$@"; do
		[ "$(now_ms)" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# announce TAG NAMESPACE HOST INSTANCE PORT INTERFACES [TXT...]
announce() {
	local tag=$1 namespace=$2 fd

	shift 2
	mkfifo "$dir/$tag.in"
	netns_exec "$namespace" "$tools/mdns_announce_tool" "$@" \
		<"$dir/$tag.in" >"$dir/$tag.out" 2>"$dir/$tag.err" &
	pid[$tag]=$!
	exec {fd}>"$dir/$tag.in"
	input[$tag]=$fd
}

tell() {
	echo "$2" >&"${input[$1]}"
}

# state_is TAG TEXT: asks, and looks at the newest answer.
state_is() {
	tell "$1" state
	sleep 0.05
	[ "$(tail -n 1 "$dir/$1.out")" = "$2" ]
}

# True if it ended with success (with a sanitizer's build: without a leak).
stop() {
	tell "$1" stop
	wait "${pid[$1]}"
	local status=$? fd=${input[$1]}

	exec {fd}>&-
	rm "$dir/$1.in"
	[ "$status" -eq 0 ] || cat "$dir/$1.err"
	return "$status"
}

# browse NAMESPACE INTERFACES TIMEOUT-MS: into $dir/seen.
browse() {
	netns_exec "$1" "$tools/mdns_browse_tool" "$2" "$3" 400 \
		>"$dir/seen" 2>"$dir/seen.err" && return 0
	cat "$dir/seen.err"
	return 1
}

seen() {
	grep -qxF -e "$1" "$dir/seen"
}

# sees NAMESPACE LINE: browses shortly and looks for the line.
sees() {
	browse "$1" eth0 700 && seen "$2"
}

sees_none() {
	browse "$1" "$2" 1200 && seen_none
}

seen_none() {
	grep -q '^found 0 ' "$dir/seen"
}

# listen TAG NAMESPACE INTERFACE MS, and what came of it.
listen() {
	netns_exec "$2" "$tools/mdns_listen_tool" "$3" "$4" \
		>"$dir/listen-$1" &
	pid[listen-$1]=$!
	within 5000 grep -q listening "$dir/listen-$1"
}

heard() {
	wait "${pid[listen-$1]}"
	grep -qE "$2" "$dir/listen-$1"
}

# A system bus and avahi-daemon, in a mount namespace of their own.
start_daemon() {
	cat >"$dir/avahi-$1.conf" <<-END
		[server]
		host-name=daemon-$1
		allow-interfaces=eth0
		enable-dbus=yes
		[publish]
		publish-workstation=no
		publish-hinfo=no
	END
	# shellcheck disable=SC2016 # the inner shell expands these
	netns_exec "$1" unshare -m --propagation private bash -c '
		mount -t tmpfs tmpfs /run && mkdir -p /run/dbus || exit 1
		echo $$ >"$1/daemon-$2.pid"
		dbus-daemon --system --nofork --nopidfile &
		until [ -S /run/dbus/system_bus_socket ]; do sleep 0.05; done
		avahi-daemon --no-rlimits --no-drop-root --no-chroot \
			-f "$1/avahi-$2.conf" &
		wait' bash "$dir" "$1" >"$dir/daemon-$1.log" 2>&1 &
	within 10000 in_daemon "$1" avahi-browse -pt _none._tcp 2>/dev/null
}

# in_daemon NAMESPACE COMMAND...
in_daemon() {
	local inside

	inside=$(cat "$dir/daemon-$1.pid" 2>/dev/null) || return 1
	shift
	nsenter -m -n -t "$inside" "$@"
}

# daemon_sees NAMESPACE PATTERN
daemon_sees() {
	in_daemon "$1" avahi-browse -rptk _est._tcp 2>/dev/null |
		grep -qE -e "$2"
}

netns_create a b 1 && netns_link a eth1 b eth1 2 || exit 1

# What the peer's cache holds is asked of a daemon; without one these are left
# out.
have_daemon=yes
for program in avahi-daemon avahi-browse dbus-daemon unshare nsenter; do
	command -v "$program" >/dev/null || have_daemon=no
done

# --- alone on both hosts ------------------------------------------------------

listen browser b eth0 2500
listen browser-off b eth1 2500
check "nothing is found where nothing is announced" sees_none a eth0
check "browsing asks, and publishes nothing" \
	heard browser '^packets [1-9][0-9]* responses 0$'
check "browsing keeps to the interfaces in the list" \
	heard browser-off '^packets 0 responses 0$'

listen announcer b eth0 4000
listen announcer-off b eth1 4000
start=$(now_ms)
announce one a host-a Estuary 8443 eth0 txtvers=1 path=/first name=a=b
check "found from the other host" within 6000 sees b "Estuary: host host-a.local"
echo "# visible after $(($(now_ms) - start)) ms"
check "found with its IPv4 address and port" \
	sees b "Estuary: address 10.77.1.1:8443"
check "found with its IPv6 address and port" \
	sees b "Estuary: address [fd77:1::1]:8443"
check "found with its TXT strings, in their order" \
	test "$(grep -F ': txt ' "$dir/seen" | tr '\n' ' ')" = \
	"Estuary: txt txtvers=1 Estuary: txt path=/first Estuary: txt name=a=b "
check "no address of an interface outside the list" \
	test -z "$(grep -F '10.77.2.' "$dir/seen")"
check "announcing is heard on the interface in the list" \
	heard announcer 'responses [1-9]'
check "and nothing at all on the other one" \
	heard announcer-off '^packets 0 responses 0$'
check "not found over an interface outside the list" sees_none b eth1
check "the state is told" \
	state_is one "announcing 'Estuary' as host-a.local"

tell one "txt txtvers=1 path=/second"
check "an update is seen within 3 seconds" \
	within 3000 sees b "Estuary: txt path=/second"

announce two b host-a Estuary 8444 eth0 txtvers=1
check "a second one with the same names takes others" \
	within 15000 state_is two "announcing 'Estuary #2' as host-a-2.local"
check "and the first one keeps its own" \
	state_is one "announcing 'Estuary' as host-a.local"
check "the second one ends cleanly" stop two

check "ends cleanly" stop one
check "no longer found" sees_none b eth0

announce none a host-a "No text" 8443 eth0
check "a service without TXT strings is found" \
	within 6000 sees b "No text: address 10.77.1.1:8443"
check "and ends cleanly" stop none

long=$(printf 'x%.0s' {1..63})
announce one a "$long" "$long" 8443 eth0
within 6000 sees b "$long: host $long.local"
announce two b "$long" "$long" 8444 eth0
check "names of 63 bytes are shortened for their alternative" \
	within 15000 state_is two \
	"announcing '${long:0:60} #2' as ${long:0:61}-2.local"
check "both end cleanly" eval 'stop one && stop two'

# --- next to avahi-daemon -----------------------------------------------------

if [ "$have_daemon" = no ]; then
	echo "skip - avahi-daemon, avahi-utils or dbus-daemon is not installed"
	exit "$failed"
fi
check "avahi-daemon runs on the second host" start_daemon b
check "browsing works next to it" sees_none b eth0

in_daemon b avahi-browse -pk _est._tcp >"$dir/watch" 2>/dev/null &
announce one a host-a Estuary 8443 eth0 txtvers=1 path=/first
check "avahi-daemon finds it over IPv4" within 6000 daemon_sees b \
	'^=;eth0;IPv4;Estuary;_est._tcp;local;host-a.local;.*;8443;'
check "avahi-daemon finds it over IPv6" within 6000 daemon_sees b \
	'^=;eth0;IPv6;Estuary;_est._tcp;local;host-a.local;.*;8443;'
within 3000 grep -q '^+;eth0;IPv4;Estuary;' "$dir/watch"
tell one "txt txtvers=1 path=/second"
check "it sees an update within 3 seconds" \
	within 3000 daemon_sees b '"path=/second"'
within 3000 daemon_sees b '^=;eth0;IPv6;Estuary;'
: >"$dir/watch"
check "ends cleanly" stop one
check "the goodbye is received within 3 seconds, over IPv4" \
	within 3000 grep -q '^-;eth0;IPv4;Estuary;' "$dir/watch"
check "and over IPv6" \
	within 3000 grep -q '^-;eth0;IPv6;Estuary;' "$dir/watch"

check "avahi-daemon runs on the first host too" start_daemon a
listen shared-off b eth1 8000
announce one a host-a Estuary 8443 eth0 txtvers=1 path=/shared
check "found on a host that runs avahi-daemon" \
	within 8000 sees b "Estuary: address 10.77.1.1:8443"
check "by the other host's daemon, over IPv4" within 6000 daemon_sees b \
	'^=;eth0;IPv4;Estuary;_est._tcp;local;host-a.local;10.77.1.1;8443;'
check "and over IPv6" within 6000 daemon_sees b \
	'^=;eth0;IPv6;Estuary;_est._tcp;local;host-a.local;.*;8443;'
check "with its IPv6 address" within 3000 \
	sees b "Estuary: address [fd77:1::1]:8443"
check "and by the daemon on the same host" within 6000 daemon_sees a \
	'^=;eth0;IPv4;Estuary;_est._tcp;local;host-a.local;10.77.1.1;8443;'
check "and by browsing on the same host" within 6000 \
	sees a "Estuary: address 10.77.1.1:8443"
tell one "txt txtvers=1 path=/other"
check "an update is seen" within 4000 sees b "Estuary: txt path=/other"
announce two b host-a Estuary 8444 eth0 txtvers=1
check "names that are taken are left there too" \
	within 20000 state_is two "announcing 'Estuary #2' as host-a-2.local"
check "the second one ends cleanly" stop two
check "nothing was sent on the interface outside the list" \
	heard shared-off '^packets 0 responses 0$'
ip -n "$(netns_name a)" addr del 10.77.1.1/24 dev eth0
ip -n "$(netns_name a)" addr add 10.77.1.9/24 dev eth0
check "a new address is announced within 15 seconds" \
	within 15000 sees b "Estuary: address 10.77.1.9:8443"
: >"$dir/watch"
check "ends cleanly" stop one
check "the goodbye is received" \
	within 3000 grep -q '^-;eth0;IPv4;Estuary;' "$dir/watch"

exit "$failed"
