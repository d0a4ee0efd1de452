#!/usr/bin/env bash
# Mutated handshakes: whatever is done to a ClientHello, with and without a PAKE,
# first or after a HelloRetryRequest, the appliance goes on serving, nobody is
# authenticated, and guesses are counted: one for each that was answered, and none
# for what carries no well formed pake.
# ESTUARY_MUTATION_SECONDS and ESTUARY_MUTATION_SEED: longer, and the same again.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

need_python cryptography
seconds=${ESTUARY_MUTATION_SECONDS:-16}
seed=${ESTUARY_MUTATION_SEED:-$RANDOM}
budget=1000000

authenticated() {
	ctl_json main audit | grep -c '"pake.authenticated"'
}

start_estuaryd main --set pake.guesses_code="$budget" \
	--set pake.source_burst=1000000 --set pake.total_burst=1000000 \
	--set pake.backoff_max=0s --set server.handshake_timeout=60s
save_root main
code=$(new_code main phone --uses 1)
echo "# seed $seed"
"$python" -B "$system_dir/handshake_mutations.py" "${estuaryd_listen[main]}" \
	"$work/main" "$work/main.root.pem" "${estuaryd_pid[main]}" "$code" \
	"$seconds" "$seed" >"$work/mutations" || checks_failed=$((checks_failed + 1))
grep -v '^spent ' "$work/mutations"
read -r _ at_least at_most < <(grep '^spent ' "$work/mutations")

identity=$(ctl_json main identity list | json 'd["items"][0]')
spent=$((budget - $(json 'd["guesses_left"]' <<<"$identity")))
echo "# $spent guesses spent; $at_least answered, $at_most well formed"
check "each answer cost a guess" [ "${at_least:-1}" -le "$spent" ]
check "and nothing else but a well formed pake did" \
	[ "$spent" -le "${at_most:-0}" ]
same "nobody used the code" 1 "$(json 'd["uses_left"]' <<<"$identity")"
same "nobody is in the audit log as authenticated" 0 "$(authenticated)"
check "the code's own holder joins" "$python" -B \
	"$system_dir/../peers/pake-client/pake_client.py" --server-name est.lab.test \
	--connect "${estuaryd_listen[main]}" --code "$code"
same "and is in the audit log" 1 "$(authenticated)"
same "nothing was an error" "" "$(grep '^error' "$work/main.log")"
finish
