#!/usr/bin/env bash
# Clients that take their time, or vanish, are in nobody's way, and nothing of
# them stays.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

start_estuaryd main --set server.idle_timeout=4s \
	--set server.handshake_timeout=4s --set server.max_connections=500
save_root main
ctl main dns-server issue --name dns.lab.test --label doh --out "$work/dns" \
	>/dev/null || not_ok "dns-server issue"

"$python" -B "$system_dir/idle_clients.py" "${estuaryd_listen[main]}" \
	"$work/main" "$work/main.root.pem" "${estuaryd_pid[main]}" ||
	checks_failed=$((checks_failed + 1))
check "estuaryctl still works" ctl main status
same "and counts no connection but its own" 1 \
	"$(ctl_json main status | json 'd["connections"]')"
finish
