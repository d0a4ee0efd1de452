#!/usr/bin/env bash
# Who floods the appliance from one address is not in the way of those who come
# from another: connections that end at once, garbage, handshakes that stop half
# way, full ones as fast as they go, readers and writers that hardly move.
# Idle connections and those that give way are in engine_idle.sh.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# part NAME [ARGUMENT...]: an appliance with these settings, and that part.
part() {
	local name=$1

	shift
	start_estuaryd "$name" "$@"
	save_root "$name"
	"$python" -B "$system_dir/crowd_flood.py" "$name" "$build" "$work" \
		"${estuaryd_listen[$name]}" "${estuaryd_pid[$name]}" ||
		checks_failed=$((checks_failed + 1))
	check "estuaryctl still works" ctl "$name" status
	stop_estuaryd "$name"
}

part turns --set server.workers=1
part floods
finish
