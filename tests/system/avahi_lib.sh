# shellcheck shell=bash
# Hosts with a D-Bus and an avahi-daemon of their own, which may be killed: to be
# sourced after lab.sh.
# shellcheck disable=SC2154 # what lab.sh sets
# shellcheck disable=SC2034,SC2004 # for the tests that source this; NAME is a key

for program in avahi-daemon avahi-browse dbus-daemon unshare nsenter; do
	if ! command -v "$program" >/dev/null; then
		echo "$program is not installed"
		exit 77
	fi
done

# --- hosts with a /run of their own ---

declare -A host_pid dbus_pid avahi_pid

# own_run HOST: what inside() runs on it has a private /run.
own_run() {
	# shellcheck disable=SC2016 # the inner shell expands these
	spawn "$1" "$work/$1.run.log" unshare -m --propagation private \
		bash -c 'mount -t tmpfs tmpfs /run && mkdir -p /run/dbus &&
			touch /run/mounted && exec sleep infinity'
	host_pid[$1]=$spawned
	wait_for 10 inside "$1" test -e /run/mounted
}

# inside HOST COMMAND...
inside() {
	local host=$1

	shift
	nsenter -m -n -t "${host_pid[$host]}" "$@"
}

# spawn_inside HOST LOG COMMAND...: as spawn.
spawn_inside() {
	local host=$1 log=$2

	shift 2
	(exec nsenter -m -n -t "${host_pid[$host]}" "$@") \
		>>"$log" 2>&1 </dev/null &
	spawned=$!
	started_pids+=("$spawned")
}

start_dbus() {
	inside "$1" rm -f /run/dbus/system_bus_socket
	spawn_inside "$1" "$work/$1.dbus.log" \
		dbus-daemon --system --nofork --nopidfile
	dbus_pid[$1]=$spawned
	wait_for 10 inside "$1" test -S /run/dbus/system_bus_socket
}

# start_avahi HOST INTERFACE,... [LINE]: LINE goes into [publish].
start_avahi() {
	cat >"$work/$1.avahi.conf" <<-CONFIG
		[server]
		host-name=$1
		allow-interfaces=$2
		enable-dbus=yes
		ratelimit-burst=1000
		[publish]
		publish-workstation=no
		publish-hinfo=no
		${3:-}
	CONFIG
	inside "$1" rm -f /run/avahi-daemon/pid
	spawn_inside "$1" "$work/$1.avahi.log" avahi-daemon --no-rlimits \
		--no-drop-root --no-chroot -f "$work/$1.avahi.conf"
	avahi_pid[$1]=$spawned
}

avahi_answers() {
	wait_for 10 inside "$1" avahi-browse -pt _none._tcp
}

# kill_it PID: SIGKILL, and it is gone.
kill_it() {
	kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	return 0
}

# estuaryd runs inside too.
launch_estuaryd() {
	local name=$1

	shift
	[ -f "$work/$name.conf" ] || write_config "$name"
	: >"$work/$name.log"
	spawn_inside appliance "$work/$name.log" "$build/estuaryd" \
		--state "$work/$name" --config "$work/$name.conf" "$@"
	estuaryd_pid[$name]=$spawned
	unset "estuaryd_listen[$name]"
}
