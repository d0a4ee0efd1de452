#!/usr/bin/env bash
# 64 guessers on one identity at a time, by PAKE: the server gives exactly as
# many real answers as the budget has guesses, also when it is killed amid them.
# A real answer is one that proves that the server knows the password's record:
# clients with the right password see it, and then do not prove theirs.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

need_python cryptography

# One source makes all attempts here, in Python: that takes its time.
freely=(--set pake.source_burst=1000000 --set pake.total_burst=1000000
	--set pake.backoff_max=0s --set server.handshake_timeout=60s)
budget=10

# guess IDENTITY N [PID]: N at once; prints how many real answers came. With a
# process id that one is killed as soon as some have come.
guess() {
	"$python" -B "$system_dir/guess_budget.py" "${estuaryd_listen[main]}" \
		"$1" "$2" "${3:-}" 2>"$work/guess.err"
}

guesses_left() {
	ctl_json main identity list |
		json "[i for i in d['items'] if i['identity'] == '$1'][0]['guesses_left']"
}

add() {
	ctl main identity add "$1" --uses 1000 --password-stdin \
		<<<"correct horse battery" >/dev/null 2>&1 ||
		not_ok "identity add $1"
}

start_estuaryd main "${freely[@]}"
add steady
same "64 guessers at once get as many real answers as the budget has" \
	"$budget" "$(guess steady 64)"
same "and none is left" 0 "$(guesses_left steady)"
same "nor is there another answer for more" 0 "$(guess steady 12)"

for round in 1 2; do
	add "killed$round"
	before=$(guess "killed$round" 24 "${estuaryd_pid[main]}")
	kill_estuaryd main
	start_estuaryd main "${freely[@]}"
	left=$(guesses_left "killed$round")
	after=$(guess "killed$round" 12)
	echo "# round $round: $before before SIGKILL, $left left, $after after"
	check "round $round: it was killed amid the guesses" \
		[ "$before" -ge 1 ]
	check "round $round: a guess that was answered stays spent" \
		[ "$((before + left))" -le "$budget" ]
	same "round $round: what is left is what is still answered" \
		"$left" "$after"
	same "round $round: and none is left then" 0 \
		"$(guesses_left "killed$round")"
done

# One budget, whichever way the guesses come: a chosen password, then a code.
shared() {
	"$python" -B "$system_dir/guess_shared.py" "$build" "$work" main \
		"${estuaryd_listen[main]}" "$@" ||
		checks_failed=$((checks_failed + 1))
}
stop_estuaryd main
start_estuaryd main "${freely[@]}" --set srp.enabled=yes \
	--set pake.guesses_code=13
save_root main
ctl main identity add shared --uses 1000 --basic --password-stdin \
	<<<"correct horse battery" >/dev/null 2>&1
shared shared "correct horse battery" "$budget" pake,basic
code=$(new_code main phone --uses 1000 --basic | tr -d -)
shared "${code:0:8}" "${code:8:11}" 13 pake,basic,srp
finish
