# shellcheck shell=bash
# Network namespaces joined by a veth pair or by a bridge, as hosts of their own
# for the system tests and the quickstart: to be sourced.
#
#	. "$root/scripts/lib/netns.sh"
#	netns_possible || exit 77
#	trap netns_destroy EXIT
#	netns_create a b 1
#	netns_exec a ip address
#
# Names are short words of the caller's; the namespaces' own names carry the
# shell's process id, so that tests can run side by side.

netns_created=()

# The namespace's real name.
netns_name() {
	echo "estuary-$$-$1"
}

# True if namespaces can be made here. It leaves none behind.
netns_possible() {
	local probe="estuary-$$-probe"

	ip netns add "$probe" 2>/dev/null || return 1
	ip netns exec "$probe" ip link set lo up 2>/dev/null
	local possible=$?
	ip netns del "$probe" 2>/dev/null
	return "$possible"
}

# netns_add A: a namespace with its loopback up.
netns_add() {
	ip netns add "$(netns_name "$1")" || return 1
	netns_created+=("$1")
	ip -n "$(netns_name "$1")" link set lo up
}

# netns_link A IF_A B IF_B N: joins two namespaces by a veth pair. A has
# 10.77.N.1/24 and fd77:N::1/64, B the same with .2 and ::2.
netns_link() {
	local a b

	a=$(netns_name "$1")
	b=$(netns_name "$3")
	ip -n "$a" link add "$2" type veth peer name "$4" netns "$b" &&
		ip -n "$a" addr add "10.77.$5.1/24" dev "$2" &&
		ip -n "$b" addr add "10.77.$5.2/24" dev "$4" &&
		ip -n "$a" addr add "fd77:$5::1/64" dev "$2" nodad &&
		ip -n "$b" addr add "fd77:$5::2/64" dev "$4" nodad &&
		ip -n "$a" link set "$2" up &&
		ip -n "$b" link set "$4" up
}

# netns_create A B [N]: two namespaces joined by eth0 at both ends; N is 1 to
# 254 and 1 by default.
netns_create() {
	netns_add "$1" && netns_add "$2" && netns_link "$1" eth0 "$2" eth0 "${3:-1}"
}

# netns_lan SWITCH N HOST...: a namespace SWITCH that holds nothing but a bridge,
# and one for each HOST, with eth0 on it: the first has 10.77.N.1/24 and
# fd77:N::1/64, the next .2 and ::2, and so on.
netns_lan() {
	local switch number=$2 host i=0

	switch=$(netns_name "$1")
	netns_add "$1" || return 1
	# Every port gets every multicast, as on a plain switch.
	ip -n "$switch" link add br0 type bridge mcast_snooping 0 &&
		ip -n "$switch" link set br0 up || return 1
	shift 2
	for host in "$@"; do
		i=$((i + 1))
		netns_add "$host" &&
			netns_plug "$host" "$switch" "port$i" "$number" "$i" ||
			return 1
	done
}

# netns_plug HOST SWITCH PORT N I: netns_lan()'s.
netns_plug() {
	local name

	name=$(netns_name "$1")
	ip -n "$name" link add eth0 type veth peer name "$3" netns "$2" &&
		ip -n "$2" link set "$3" master br0 up &&
		ip -n "$name" addr add "10.77.$4.$5/24" dev eth0 &&
		ip -n "$name" addr add "fd77:$4::$5/64" dev eth0 nodad &&
		ip -n "$name" link set eth0 up
}

# netns_exec A COMMAND...
netns_exec() {
	local name

	name=$(netns_name "$1")
	shift
	ip netns exec "$name" "$@"
}

# Ends what still runs in our namespaces, and removes them. May be called more
# than once, and from a trap.
netns_destroy() {
	local a name pid

	for a in "${netns_created[@]}"; do
		name=$(netns_name "$a")
		for pid in $(ip netns pids "$name" 2>/dev/null); do
			kill -KILL "$pid" 2>/dev/null
		done
		ip netns del "$name" 2>/dev/null
	done
	netns_created=()
}
