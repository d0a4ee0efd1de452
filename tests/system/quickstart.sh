#!/usr/bin/env bash
# scripts/quickstart: its steps hold in all three modes, it says what it does,
# what it prints to try works, and it leaves nothing behind, however it ends. It
# serves on ports of the machine, and looks at all of the machine's interfaces.
# alone
# Most functions are called by their names, through check.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lab.sh
. "$(dirname "$0")/lab.sh"

root=$(cd "$system_dir/../.." && pwd)
pid=

# One that is interrupted is given the time to clear up after itself.
quickstart_cleanup() {
	if [ -n "$pid" ]; then
		kill -TERM "$pid"
		wait "$pid"
	fi
	lab_cleanup
}
trap quickstart_cleanup EXIT

interfaces_of() {
	ip -o link show | sed 's/^[0-9]*: \([^:@]*\).*/\1/' | sort
}

# begin NAME [--before WORD]... [ARGUMENT...]: starts it in a process group of
# its own, with SIGINT as on a terminal; the words are a command that starts it.
# Sets $pid, $tmp and $said.
begin() {
	local before=()

	said=$work/$1.out
	tmp=$work/$1.tmp
	shift
	while [ "${1:-}" = --before ]; do
		before+=("$2")
		shift 2
	done
	mkdir "$tmp"
	interfaces=$(interfaces_of)
	TMPDIR=$tmp setsid env --default-signal=INT "${before[@]}" \
		"$root/scripts/quickstart" --build "$build" "$@" \
		>"$said" 2>&1 </dev/null &
	pid=$!
	started_pids+=("$pid")
}

# says TEXT: on a line, beginning or not.
says() {
	grep -qF -e "$1" "$said"
}

check_says() {
	local text

	for text in "$@"; do
		check "it says: $text" says "$text"
	done
}

# Its processes: each has the temporary directory among its words.
no_process_left() {
	echo "$tmp/estuary-quickstart" >"$work/mark" # not among grep's words
	! grep -qsF -f "$work/mark" /proc/[0-9]*/cmdline
}

namespaces_left() {
	ip netns list | grep -e "^estuary-$pid-" || true
}

# ends_with NAME STATUS: waits for it, and looks at what is left.
ends_with() {
	local status=0

	wait "$pid" || status=$?
	same "$1: exit status" "$2" "$status"
	[ "$status" = "$2" ] || tail -n 25 "$said" | show
	check "$1: no process is left" wait_for 2 no_process_left
	same "$1: no namespace" "" "$(namespaces_left)"
	pid=
	same "$1: no interface" "$interfaces" "$(interfaces_of)"
	same "$1: no temporary file" "" "$(ls -A "$tmp")"
}

# What every mode says.
check_steps() {
	check_says '[12/12]' 'Good for 1 use.' \
		'Joined. The EST server proved that it knows the code' \
		'intranet.home.arpa A 10.77.1.80' \
		'REFUSED: certificate match' \
		'Refused, as it must be: nothing was asked of it.' \
		'made: ACMELAMPS-0001' \
		'estuaryctl manufacturer add "Acme Lamps" --policy allow' \
		"Onboarded. The manufacturer's voucher is for this device" \
		'serialNumber=ACMELAMPS-0001  certificate' \
		'Acme Lamps ACMELAMPS-0001: enrolled' \
		'good proximity, with the nonce' \
		'enroll-status  good over TLS with its LDevID' \
		"the device's manufacturer is not known to this network" \
		'Refused, as it must be: it got no voucher and no certificate.' \
		'The real device still resolves.' 'Every step held.'
	same "both resolve over DoT and DoH" 4 "$(grep -c \
		'^ *Do[TH] .* certificate matches .* AAAA fd77:1::80$' "$said")"
	matches "the counterfeit is told all of the reason" \
		'HTTP status 403.*: unable to get local issuer certificate$' \
		"$(grep 'requestvoucher refused' "$said")"
	same "it says of nothing that it failed" "" "$(grep FAILED "$said")"
}

# --- once ---

begin once --once
ends_with "--once" 0
check_says "announcing 'Estuary home.arpa'" 'namespace estuary-'
check_steps

# --- serving, the commands that it prints, and Ctrl-C ---

# printed COMMAND-END: what it prints to try, with that end.
printed() {
	sed -n "s|^    \\(.*$build.*$1\\)\$|\\1|p" "$said"
}

tries() {
	bash -c "$(printed "$1")"
}

begin serving
check "it serves until Ctrl-C" wait_for 60 says 'until you press Ctrl-C'
check "the watch for its processes sees them" eval '! no_process_left'
check "the status that it prints to try" tries ' status'
check "the DNS check that it prints to try" \
	tries 'estuary-join .* check --name intranet.home.arpa'
matches "which resolves" 'certificate matches' "$(cat "$work/out")"
check "the device's that it prints to try" \
	tries 'estuary-pledge .* check --name intranet.home.arpa'
matches "which resolves too" 'certificate matches' "$(cat "$work/out")"
check "the device is made to forget" tries 'estuary-pledge .* forget'
check "and comes back" tries 'estuary-pledge .* onboard .*'
matches "with a voucher" '^Onboarded' "$(cat "$work/out")"
check "the appliance's list of devices" tries ' device list'
matches "which has it" ' enrolled .* ACMELAMPS-0001' "$(cat "$work/out")"
check "what anybody on the network sees" \
	bash -c "$(sed -n 's/^ *\(.*curl .*\)$/\1/p' "$said")"
matches "which is the DNS server" '"adn": *"dns.home.arpa"' \
	"$(cat "$work/out")"
kill -INT -- "-$pid"
ends_with "Ctrl-C while it serves" 130

begin early
check "it comes to its fifth step" wait_for 60 says '[5/12]'
kill -INT -- "-$pid"
ends_with "Ctrl-C before that" 130

begin term --once
check "it comes to its seventh step" wait_for 60 says '[7/12]'
kill -TERM "$pid"
ends_with "SIGTERM" 143

# --- without namespaces, and on a real network: both on a host of ours ---

netns_create house street 9 || exit 1
house=(--before ip --before netns --before exec --before "$(netns_name house)")
confined=(--before setpriv --before --bounding-set --before -sys_admin)

begin loopback "${house[@]}" "${confined[@]}" --once
ends_with "without namespaces" 3
check_says 'Network namespaces are not allowed here' 'on loopback'
check_steps

begin lan "${house[@]}" --lan --once
ends_with "--lan" 0
check_says "Serving on this machine's real network" \
	'this machine is both: 10.77.9.1 fd77:9::1'
check_steps

ip -n "$(netns_name house)" -6 addr flush dev lo
begin loopback4 "${house[@]}" "${confined[@]}" --once
ends_with "without namespaces and IPv6" 3
ip -n "$(netns_name house)" -4 addr flush dev eth0
begin lan6 "${house[@]}" --lan --once
ends_with "--lan with IPv6 alone" 0

# --- usage ---

usage_status() {
	"$root/scripts/quickstart" "$@"
}
check_refused "an unknown option" 2 '^usage: ' usage_status --wrong
check_refused "--build without a directory" 2 '^usage: ' usage_status --build
finish
