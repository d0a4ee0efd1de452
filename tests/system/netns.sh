# shellcheck shell=bash
# Two network namespaces joined by a veth pair, for system tests: to be sourced.
#
#	. "$(dirname "$0")/netns.sh"
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
