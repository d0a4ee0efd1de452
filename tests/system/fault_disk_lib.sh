# shellcheck shell=bash
# What faults_disk.sh and faults_sync.sh share: to be sourced after fault_lib.sh.
# shellcheck disable=SC2154 # what those set

# now: of the clock that the load's lines have.
now() {
	"$python" -c 'import time; print(time.monotonic())'
}

# between FROM TO EXPRESSION: how many answers a to what was asked for and
# answered between the two.
between() {
	"$python" -c 'import json, sys
since, until = map(float, sys.argv[2:4])
answers = (json.loads(line) for line in open(sys.argv[1]) if line[-1] == "\n")
print(sum(1 for a in answers if a["at"] > since and
          a["at"] + a["ms"] / 1000 < until and eval("(" + sys.argv[4] + ")")))' \
		"$work/main.load" "$@"
}

refused_by_now() {
	[ "$(between "$1" "$(now)" 'a["kind"] == "enroll" and
		a["status"] >= 500')" -ge "$2" ]
}

# suffers NAME LOG-PATTERN: what is wrong begins now, and is known.
suffers() {
	local name=$1 pattern=$2 from to pid=${estuaryd_pid[main]}

	from=$(now)
	check "$name: certificates are refused" wait_for 20 \
		refused_by_now "$from" 5
	check "$name: reads go on" wait_for 20 answered main read 200 5 \
		"$(mark main)"
	to=$(now)
	same "$name: nothing is handed out" 0 "$(between "$from" "$to" \
		'a["kind"] in ("enroll", "reenroll", "basic", "dns") and
		a["status"] == 200')"
	same "$name: each refusal is a 503 with a reason" 0 \
		"$(between "$from" "$to" 'a["kind"] in ("enroll", "reenroll") and
		(a["status"] not in (0, 503) or a["status"] and
		not a["why"].startswith("nothing can be stored"))')"
	same "$name: which says when to come again" 0 \
		"$(count_answers main 'no Retry-After' 503)"
	same "$name: no read fails" 0 "$(between "$from" "$to" \
		'a["kind"] == "read" and a["status"] != 200')"
	matches "$name: the log says what is wrong" "$pattern" \
		"$(tail -n 300 "$work/main.log")"
	check "$name: it runs on" kill -0 "$pid"
}

# recovers NAME: what was wrong has ended.
recovers() {
	check "$1: certificates again, without a restart" wait_for 20 \
		answered main enroll 200 5 "$(mark main)"
	whole main "$1: nothing is lost"
}

killed_and_started() {
	kill_estuaryd main
	faults none both
	whole main "$1: SIGKILL amid it"
	start_estuaryd main "${freely[@]}"
	check "$1: the next start verifies the log" ctl main audit --verify
	check "$1: and gives certificates" wait_for 20 \
		answered main enroll 200 2 "$(mark main)"
}
