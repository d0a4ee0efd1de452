# shellcheck shell=bash
# shellcheck disable=SC2154 # what lib.sh sets
# Mixed work for an appliance whose address stays the same, whatever becomes of
# it: to be sourced after lib.sh or faults_lib.sh.

need_python cryptography

# shellcheck disable=SC2034 # for the tests that source this
# One source makes all attempts here, many of them wrong.
freely=(--set pake.source_burst=1000000 --set pake.total_burst=1000000
	--set pake.backoff_max=0s --set pake.guesses_password=1000
	--set server.listen="127.0.0.1:$(free_port)")
load_pid=

# start_load NAME [ARGUMENT...]: and waits until a certificate was handed out.
start_load() {
	local name=$1

	shift
	save_root "$name"
	rm -f "$work/stop" "$work/$name.load"
	"$python" -B "$system_dir/fault_load.py" "$build" "$work" "$name" \
		"${estuaryd_listen[$name]}" "$@" >"$work/load.log" 2>&1 </dev/null &
	load_pid=$!
	started_pids+=("$load_pid")
	if ! wait_for 90 answered "$name" enroll 200 2; then
		not_ok "certificates are handed out under load"
		tail -n 20 "$work/load.log" | show
		finish
	fi
}

# stop_load NAME: it lived through all of it.
stop_load() {
	local status=0

	touch "$work/stop"
	wait "$load_pid" || status=$?
	load_pid=
	[ "$status" -eq 0 ] && ! grep -q Traceback "$work/load.log" && return 0
	not_ok "the load on $1 ends by itself (status $status)"
	tail -n 20 "$work/load.log" | show
}

# count_answers NAME KIND STATUS [FROM]: of the lines behind the first FROM.
count_answers() {
	tail -n "+$((${4:-0} + 1))" "$work/$1.load" |
		grep -c "^{\"kind\": \"$2\", \"status\": $3, "
}

# answered NAME KIND STATUS N [FROM]: at least so often.
answered() {
	[ "$(count_answers "$1" "$2" "$3" "${5:-0}")" -ge "$4" ]
}

# How many lines there are.
mark() {
	wc -l <"$work/$1.load"
}

# whole NAME TEXT: nothing that was acknowledged is lost, and all is sound.
whole() {
	if "$python" -B "$system_dir/fault_check.py" "$work" "$1" \
		>"$work/checked" 2>&1; then
		ok "$2: $(tail -n 1 "$work/checked")"
	else
		not_ok "$2"
		show "$work/checked"
	fi
}

# children PID: by whichever thread.
children() {
	cat "/proc/$1"/task/*/children
}

# signer_of NAME: the process that signs for it, a child of its keeper.
signer_of() {
	local keeper pid

	for keeper in $(children "${estuaryd_pid[$1]}"); do
		for pid in $(children "$keeper"); do
			[ "$(cat "/proc/$pid/comm")" != estuary-signer ] ||
				echo "$pid"
		done
	done 2>/dev/null
}

# logged NAME PATTERN: how many lines of its log.
logged() {
	grep -cE -e "$2" "$work/$1.log"
}

# logged_more NAME PATTERN N
logged_more() {
	[ "$(logged "$1" "$2")" -gt "$3" ]
}
