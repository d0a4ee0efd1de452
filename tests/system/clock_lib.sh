# shellcheck shell=bash
# Programs whose clock is ahead: to be sourced after lib.sh.
# shellcheck disable=SC2154 # what lib.sh sets

"${CC:-cc}" -shared -fPIC -o "$work/shift_clock.so" "$system_dir/shift_clock.c" ||
	not_ok "shift_clock.c compiles"

# at SECONDS COMMAND...: with a clock that is so many seconds ahead.
at() {
	local seconds=$1 status=0
	# A sanitizer's runtime wants to be the first.
	local asan="${ASAN_OPTIONS:-}"

	shift
	export ASAN_OPTIONS="${asan:+$asan:}verify_asan_link_order=0"
	export LD_PRELOAD=$work/shift_clock.so TEST_CLOCK_OFFSET=$seconds
	"$@" || status=$?
	unset LD_PRELOAD TEST_CLOCK_OFFSET
	export ASAN_OPTIONS=$asan
	return "$status"
}
