#!/usr/bin/env bash
# Connections that idle are in nobody's way: when there are too many of one
# source, or of all, the oldest idle one gives way, and what is busy never does.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

need_python cryptography

# part NAME [ARGUMENT...]: an appliance with these settings, and that part.
part() {
	local name=$1

	shift
	start_estuaryd "$name" "$@"
	save_root "$name"
	"$python" -B "$system_dir/engine_idle.py" "$name" "$build" "$work" \
		"${estuaryd_listen[$name]}" "${estuaryd_pid[$name]}" ||
		checks_failed=$((checks_failed + 1))
	stop_estuaryd "$name"
}

part crowded
part oldest --set server.max_per_source=50 --set server.workers=1
part busy --set server.max_per_source=4 --set server.workers=1 \
	--set server.idle_timeout=60s
part workers --set server.max_per_source=4 --set server.workers=4
part full --set server.max_connections=16 --set server.workers=1
matches "the operator is told" \
	' too many connections gave_way=[1-9][0-9]* refused=0 ' \
	"$(cat "$work/full.log")"
# Once when it began, and once at the end.
check "in a line a minute" [ \
	"$(grep -c 'too many connections' "$work/full.log")" -le 2 ]

# Whoever is let in finds a descriptor for its request.
ulimit -n 400
part descriptors
matches "the start says what the descriptors are enough for" \
	' server.max_connections lowered to=[0-9]+ ' "$(cat "$work/descriptors.log")"
finish
