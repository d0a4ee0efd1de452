# shellcheck shell=bash
# For a program whose configuration has one place on a machine: the test runs
# again in a mount and a network namespace of its own, and nothing of the
# machine's is touched. To be sourced before lib.sh.
#
#	enter_namespaces "$0" "$@"
#	own_directory /etc/chromium

# shellcheck disable=SC2154 # work and python are lib.sh's

# Returns within the namespaces only; skips where they are not possible.
enter_namespaces() {
	[ -z "${ESTUARY_TEST_INSIDE:-}" ] || {
		bring_up_links
		return
	}
	if ! unshare -m -n true 2>/dev/null; then
		echo "namespaces are not possible here"
		exit 77
	fi
	local status=0

	ESTUARY_TEST_INSIDE=yes unshare -m -n --propagation private "$@" ||
		status=$?
	exit "$status"
}

# Some programs think that they are off line with loopback alone. The address of
# printer.lab.test is here, too.
bring_up_links() {
	ip link set lo up
	ip addr add 192.0.2.7/32 dev lo
	ip link add veth0 type veth peer name veth1
	ip addr add 10.77.9.1/24 dev veth0
	ip link set veth0 up
	ip link set veth1 up
	ip route add default via 10.77.9.2
}

# own_directory PATH: a copy of that directory in its place, to write to.
own_directory() {
	local upper

	upper=$(mktemp -d "$work/own.XXXXXX")
	mkdir "$upper/upper" "$upper/work"
	mount -t overlay overlay -o \
		"lowerdir=$1,upperdir=$upper/upper,workdir=$upper/work" "$1"
}

# A web server at printer.lab.test, and what it was asked for in $work/web.log.
start_web_server() {
	mkdir "$work/web"
	echo '<p>estuary test page</p>' >"$work/web/index.html"
	"$python" -u -m http.server --bind 192.0.2.7 \
		--directory "$work/web" 80 >"$work/web.log" 2>&1 </dev/null &
	started_pids+=("$!")
	wait_for 10 grep -q Serving "$work/web.log"
}
