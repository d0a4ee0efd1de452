#!/usr/bin/env bash
# The signer dies again and again under load: what needs no signature is answered
# meanwhile, the rest is refused with a 503 that says when to come again, it is
# started again after 1, 2 and 4 seconds, and then all is as it was.
# Some functions are called by their names, through check and wait_for.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/fault_lib.sh
. "$(dirname "$0")/fault_lib.sh"

# median_ms KIND FROM: of those that were answered with 200 behind that line.
median_ms() {
	tail -n "+$(($2 + 1))" "$work/main.load" |
		grep "^{\"kind\": \"$1\", \"status\": 200, " |
		sed 's/.*"ms": \([0-9.]*\),.*/\1/' | sort -n |
		awk '{ v[NR] = $1 } END { print NR ? v[int((NR + 1) / 2)] : 0 }'
}

statuses() { # KIND FROM
	tail -n "+$(($2 + 1))" "$work/main.load" |
		sed -n "s/^{\"kind\": \"$1\", \"status\": \\([0-9]*\\), .*/\\1/p" |
		sort -u | tr '\n' ' '
}

started_more() {
	logged_more main ' signer started ' "$1"
}

start_estuaryd main "${freely[@]}"
start_load main
check "certificates before" wait_for 20 answered main enroll 200 20
echo "# before: $(median_ms enroll 0) ms a certificate, $(median_ms read 0) ms" \
	"a read"
begin=$(mark main)
for _ in 1 2 3; do
	starts=$(logged main ' signer started ')
	from=$(mark main)
	kill -KILL "$(signer_of main)" || not_ok "there is a signer"
	check "requests are refused while there is none" wait_for 10 \
		answered main enroll 503 3 "$from"
	check "reads go on" wait_for 10 answered main read 200 5 "$from"
	check "it is started again" wait_for 20 started_more "$starts"
done
from=$(mark main)
check "certificates again" wait_for 20 answered main enroll 200 20 "$from"
same "the delays double" '1s 2s 4s' "$(grep -o 'restart_in=[0-9]*s' \
	"$work/main.log" | cut -d = -f 2 | xargs)"
same "no read failed" '200 ' "$(statuses read "$begin")"
# 0: a connection that was not answered.
same "enrollments were answered, or refused for a while" '200 503 ' \
	"$(statuses enroll "$begin")"
same "each 503 says when to come again" 0 \
	"$(count_answers main 'no Retry-After' 503)"
same "each has a reason" 0 "$(tail -n "+$((begin + 1))" "$work/main.load" |
	grep '"status": 503' | grep -cv '"why": ".*signer')"
echo "# reads meanwhile: $(median_ms read "$begin") ms"
from=$(mark main)
check "no 503 any more" wait_for 20 answered main enroll 200 40 "$from"
same "all are answered" '200 ' "$(statuses enroll "$from")"
echo "# after: $(median_ms enroll "$from") ms a certificate"
stop_load main
whole main "nothing is lost"
check "the audit log is whole" ctl main audit --verify
finish
