#!/usr/bin/env bash
# What the appliance takes of the memory, idle and for each idle connection.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

need_plain_build "they have a heap of their own"
start_estuaryd main --set server.max_per_source=1000
pid=${estuaryd_pid[main]}
read -r -a others <"/proc/$pid/task/$pid/children"
same "it has one child, the keeper" 1 "${#others[@]}"
read -r -a signers <"/proc/${others[0]}/task/${others[0]}/children"
same "and that has one, the signer" 1 "${#signers[@]}"
"$python" -B "$system_dir/memory.py" "${estuaryd_listen[main]##*:}" "$pid" \
	"${others[@]}" "${signers[@]}" || checks_failed=$((checks_failed + 1))
finish
