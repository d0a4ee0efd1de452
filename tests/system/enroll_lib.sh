# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # lib.sh's variables, and for the tests
# What the tests of enrollment share: to be sourced after lib.sh.

need_python cryptography

# One source makes all attempts here, many of them wrong.
freely=(--set pake.source_burst=1000000 --set pake.total_burst=1000000
	--set pake.backoff_max=0s)

# part NAME APPLIANCE [ARGUMENT...]
part() {
	local name=$1 appliance=$2

	shift 2
	"$python" -B "$system_dir/$name.py" "$build" "$work" "$appliance" \
		"${estuaryd_listen[$appliance]}" "$@" ||
		checks_failed=$((checks_failed + 1))
}
