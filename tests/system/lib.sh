# shellcheck shell=bash
# What the system tests share: to be sourced by tests/system/*.sh, which get the
# absolute build directory as their argument.
#
#	. "$(dirname "$0")/lib.sh"
#	start_estuaryd main --set eecerts.access=authenticated
#	check "the CA is shown" ctl main ca show
#	check_refused "no such name" 1 'not found' ctl main identity remove nobody
#	finish
#
# Everything is on loopback, in a directory that goes at the end, and only
# processes that were started here are ended.

build=${1:?usage: $0 BUILD_DIRECTORY}
work=$(mktemp -d /tmp/estuary-test.XXXXXX)
# For the tests that source this.
# shellcheck disable=SC2034
system_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=/usr/bin/python3
checks_failed=0
started_pids=()
declare -A estuaryd_pid estuaryd_listen

# With a build that has sanitizers, what they find goes to files that finish()
# shows; nothing happens with any other build.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}log_path=$work/sanitizer"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}print_stacktrace=1:log_path=$work/sanitizer"
export TSAN_OPTIONS="${TSAN_OPTIONS:+$TSAN_OPTIONS:}log_path=$work/sanitizer"

cleanup() {
	local pid

	# A subshell that a signal meets before it is what it will be has this
	# trap too.
	[ "$BASHPID" = "$$" ] || return 0
	for pid in "${started_pids[@]}"; do
		kill -KILL "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

ok() {
	printf 'ok - %s\n' "$*"
}

not_ok() {
	printf 'not ok - %s\n' "$*"
	checks_failed=$((checks_failed + 1))
}

# need PROGRAM...: or the test is skipped.
need() {
	local program

	for program in "$@"; do
		command -v "$program" >/dev/null && continue
		echo "$program is not installed"
		exit 77
	done
}

# need_python MODULE...: or the test is skipped.
need_python() {
	local module

	for module in "$@"; do
		"$python" -c "import $module" 2>/dev/null && continue
		echo "python3-$module is not installed"
		exit 77
	done
}

# need_plain_build WHY: a build with sanitizers is skipped.
need_plain_build() {
	# Not -q: that would end ldd with a signal, and the pipe with it.
	ldd "$build/estuaryd" | grep -E 'lib[a-z]+san\.' >/dev/null || return 0
	echo "built with sanitizers: $1"
	exit 77
}

# Shows what a failed check has to say.
show() {
	sed 's/^/#   /' "$@"
}

# check NAME COMMAND...: the command ends with 0. Its output is in $work/out and
# $work/err.
check() {
	local name=$1 status=0

	shift
	"$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
	if [ "$status" -eq 0 ]; then
		ok "$name"
	else
		not_ok "$name"
		echo "#   exit status $status of: $*"
		tail -n 10 "$work/out" "$work/err" | show
	fi
	return "$status"
}

# check_refused NAME STATUS PATTERN COMMAND...: it ends with that status, and
# one line of what it says on standard error matches the pattern.
check_refused() {
	local name=$1 wanted=$2 pattern=$3 status=0

	shift 3
	"$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
	if [ "$status" -eq "$wanted" ] && grep -Eq -e "$pattern" "$work/err"; then
		ok "$name"
		return 0
	fi
	not_ok "$name"
	echo "#   exit status $status, not $wanted, or nothing like '$pattern': $*"
	tail -n 10 "$work/out" "$work/err" | show
	return 1
}

# same NAME WANTED GOT
same() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		printf '#   wanted: %s\n#   got:    %s\n' "$2" "$3"
	fi
}

# matches NAME PATTERN TEXT
matches() {
	if grep -Eq -e "$2" <<<"$3"; then
		ok "$1"
	else
		not_ok "$1"
		printf "#   nothing like '%s' in: %s\n" "$2" "$3"
	fi
}

# Runs a command until it ends with 0, ten times a second, SECONDS at most, times
# ESTUARY_TIME_FACTOR: for tools that watch the programs, and busy machines.
wait_for() {
	local end=$((SECONDS + $1 * ${ESTUARY_TIME_FACTOR:-1}))

	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

# A TCP port of 127.0.0.1 that nobody uses now.
free_port() {
	"$python" -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# json EXPRESSION: of the document d on standard input; text as it is, the rest
# as JSON.
json() {
	"$python" -c 'import json, sys
d = json.load(sys.stdin)
v = eval(sys.argv[1])
print(v if isinstance(v, str) else json.dumps(v))' "$1"
}

# --- estuaryd ---

# The configuration that a test's appliance begins with.
write_config() {
	cat >"$work/$1.conf" <<-CONFIG
		[server]
		listen = 127.0.0.1:0
		name = est.lab.test
		[ca]
		domain = lab.test
		[mdns]
		enabled = no
	CONFIG
}

# launch_estuaryd NAME [ARGUMENT...]: with state directory $work/NAME and
# configuration $work/NAME.conf, which may be written before. Does not wait.
launch_estuaryd() {
	local name=$1

	shift
	[ -f "$work/$name.conf" ] || write_config "$name"
	rm -f "$work/$name.log"
	"$build/estuaryd" --state "$work/$name" --config "$work/$name.conf" \
		"$@" >"$work/$name.log" 2>&1 </dev/null &
	estuaryd_pid[$name]=$!
	started_pids+=("$!")
	unset "estuaryd_listen[$name]"
}

# True once it serves; its address is then estuaryd_listen[NAME].
estuaryd_is_ready() {
	grep -q '^ready listen=' "$work/$1.log" 2>/dev/null
}

# Waits for it; false when it ends before, or does not begin to serve.
await_estuaryd() {
	local name=$1 end=$((SECONDS + 30 * ${ESTUARY_TIME_FACTOR:-1}))

	until estuaryd_is_ready "$name"; do
		if ! kill -0 "${estuaryd_pid[$name]}" 2>/dev/null ||
			[ "$SECONDS" -ge "$end" ]; then
			echo "# estuaryd $name did not start:"
			show "$work/$name.log"
			return 1
		fi
		sleep 0.05
	done
	# shellcheck disable=SC2034 # for the tests that source this
	estuaryd_listen[$name]=$(sed -n 's/^ready listen=//p' "$work/$name.log")
}

# start_estuaryd NAME [ARGUMENT...]: or the test ends here.
start_estuaryd() {
	launch_estuaryd "$@"
	if ! await_estuaryd "$1"; then
		not_ok "estuaryd $1 starts"
		finish
	fi
}

# Milliseconds since some moment.
now_ms() {
	"$python" -c 'import time; print(int(time.monotonic() * 1000))'
}

# stop_estuaryd NAME: SIGTERM; a check of its own that it ends with 0.
stop_estuaryd() {
	local name=$1 status=0

	kill -TERM "${estuaryd_pid[$name]}"
	wait "${estuaryd_pid[$name]}" || status=$?
	if [ "$status" -ne 0 ]; then
		not_ok "SIGTERM ends estuaryd $name with 0 (status $status)"
		tail -n 10 "$work/$name.log" | show
	fi
	return "$status"
}

# kill_estuaryd NAME: SIGKILL.
kill_estuaryd() {
	kill -KILL "${estuaryd_pid[$1]}" 2>/dev/null
	wait "${estuaryd_pid[$1]}" 2>/dev/null
	return 0
}

# ctl NAME ARGUMENT...: estuaryctl for that appliance.
ctl() {
	local name=$1

	shift
	"$build/estuaryctl" --state "$work/$name" "$@"
}

ctl_json() {
	local name=$1

	shift
	"$build/estuaryctl" --state "$work/$name" --json "$@"
}

# new_code NAME LABEL [ARGUMENT...]: an onboarding code.
new_code() {
	ctl_json "$1" identity add "${@:2}" 2>/dev/null | json 'd["code"]'
}

# The root certificate, as the administrator hands it out: $work/NAME.root.pem
save_root() {
	ctl "$1" ca show >"$work/$1.root.pem"
}

# --- the end ---

# What sanitizers found anywhere is a failure.
check_sanitizers() {
	local file

	for file in "$work"/sanitizer.*; do
		[ -f "$file" ] || continue
		not_ok "no sanitizer has anything to say"
		head -n 60 "$file" | show
	done
}

# Stops what still runs, and ends the test with its result.
finish() {
	local name

	for name in "${!estuaryd_pid[@]}"; do
		if kill -0 "${estuaryd_pid[$name]}" 2>/dev/null; then
			stop_estuaryd "$name"
		fi
	done
	check_sanitizers
	[ "$checks_failed" -eq 0 ] && exit 0
	exit 1
}
