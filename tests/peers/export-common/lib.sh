# shellcheck shell=bash
# What the tests of `estuary-join export` share: a network to join, an impostor
# of its DNS server, and the question that is asked through the program under
# test. To be sourced by tests/peers/export-*/run, which get the absolute build
# directory as their argument.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/../../system/lib.sh"
# shellcheck source=tests/system/dns_lib.sh
. "$(dirname "$0")/../../system/dns_lib.sh"
# shellcheck source=tests/system/web_lib.sh
. "$(dirname "$0")/../../system/web_lib.sh"

# An appliance, its DNS server, and an endpoint that has joined.
start_network() {
	start_estuaryd main
	issue_dns main dns
	start_unbound dns
	check "join" join phone main "$(new_code main phone)" || finish
}

# The same names from a CA of its own.
issue_impostor() {
	start_estuaryd other
	issue_dns other impostor
}

# It would answer whoever does not look at its certificate.
impostor_takes_over() {
	stop_unbound dns
	start_unbound impostor
	same "the impostor answers" 192.0.2.7 "$(dig +tls +short \
		-p "$dot_port" @127.0.0.1 printer.lab.test A)"
}

real_one_is_back() {
	stop_unbound impostor
	start_unbound dns
}

# export_to FORMAT DIRECTORY: checks that it can be written.
export_to() {
	check "export $1" endpoint phone export "$1" --out "$2"
}

# The same names by certificates of another CA, web: $work/web/root.pem. It is
# in the system's store for the endpoint, and for nobody else. The other DNS
# server must have been stopped.
start_implicit_network() {
	make_web_ca web
	web_cert web est est.lab.test
	web_cert web public dns.lab.test
	start_unbound public
	start_fake_est est public
	check "join by implicit trust" with_store implicit public || finish
}

with_store() {
	SSL_CERT_FILE=$work/web/root.pem SSL_CERT_DIR=$work/none "$@"
}

# export_implicit FORMAT DIRECTORY
export_implicit() {
	check "export $1, of implicit trust" \
		with_store endpoint public export "$1" --out "$2"
}

# resolves SERVER PORT: the network's own name, through the program under test.
resolves() {
	[ "$(dig +short +tries=1 +time=3 "@$1" -p "$2" printer.lab.test A \
		2>/dev/null)" = 192.0.2.7 ]
}

# Not one answer in a few tries: each is a new connection to the server.
never_resolves() {
	! resolves "$1" "$2" && ! resolves "$1" "$2"
}

# start_program LOG COMMAND...: sets program_pid.
start_program() {
	local log=$1

	shift
	"$@" >"$log" 2>&1 </dev/null &
	program_pid=$!
	started_pids+=("$program_pid")
}

stop_program() {
	kill -TERM "$program_pid" 2>/dev/null
	wait "$program_pid" 2>/dev/null
	return 0
}
