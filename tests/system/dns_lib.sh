# shellcheck shell=bash
# A real DNS server and an endpoint, for the tests that join: to be sourced
# after lib.sh.
# shellcheck disable=SC2154 # what lib.sh sets

declare -A unbound_pid

# The ports of the network's DNS server.
dot_port=$(free_port)
doh_port=$(free_port)
while [ "$doh_port" = "$dot_port" ]; do
	doh_port=$(free_port)
done

# issue_dns NAME DIRECTORY [ARGUMENT...]: a certificate for dns.lab.test, served
# at the two ports of 127.0.0.1.
issue_dns() {
	ctl "$1" dns-server issue --name dns.lab.test --ip 127.0.0.1 \
		--label "domain-s:$dot_port" --label "doh:$doh_port" \
		--out "$work/$2" "${@:3}" >"$work/issue.log" 2>&1 ||
		not_ok "dns-server issue for dns.lab.test"
}

# start_unbound DIRECTORY: with the certificate there; answers for lab.test.
start_unbound() {
	local dir=$work/$1

	cat >"$dir/unbound.conf" <<-CONFIG
		server:
		    interface: 127.0.0.1@$dot_port
		    interface: 127.0.0.1@$doh_port
		    tls-port: $dot_port
		    https-port: $doh_port
		    tls-service-key: "$dir/key.pem"
		    tls-service-pem: "$dir/fullchain.pem"
		    module-config: "iterator"
		    username: ""
		    chroot: ""
		    directory: "$dir"
		    pidfile: ""
		    do-daemonize: no
		    use-syslog: no
		    do-udp: no
		    num-threads: 1
		    local-zone: "lab.test." static
		    local-data: "dns.lab.test. A 127.0.0.1"
		    local-data: "printer.lab.test. A 192.0.2.7"
		    local-data: "printer.lab.test. AAAA 2001:db8::7"
		remote-control:
		    control-enable: no
	CONFIG
	unbound -d -c "$dir/unbound.conf" >"$dir/unbound.log" 2>&1 </dev/null &
	unbound_pid[$1]=$!
	started_pids+=("$!")
	if ! wait_for 20 port_is_open "$dot_port" ||
		! wait_for 20 port_is_open "$doh_port"; then
		not_ok "unbound starts"
		show "$dir/unbound.log"
	fi
}

stop_unbound() {
	kill -TERM "${unbound_pid[$1]}"
	wait "${unbound_pid[$1]}" 2>/dev/null
	return 0
}

port_is_open() {
	(: </dev/tcp/127.0.0.1/"$1") 2>/dev/null
}

# endpoint NAME ARGUMENT...: estuary-join with a state directory of its own.
endpoint() {
	"$build/estuary-join" --state "$work/endpoint-$1" "${@:2}"
}

# join ENDPOINT APPLIANCE CODE [ARGUMENT...]
join() {
	printf '%s\n' "$3" >"$work/code"
	endpoint "$1" join --server "${estuaryd_listen[$2]}" --code-file \
		"$work/code" "${@:4}"
}

# stored ENDPOINT: what the endpoint has kept, as file names.
stored() {
	find "$work/endpoint-$1" -type f -printf '%P\n' 2>/dev/null
}

# recode CODE SED-EXPRESSION: the code changed, with a check character that
# fits. Its characters come as one line of 19 to sed.
recode() {
	"$python" -c 'import sys
a = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
t = sys.argv[1].strip()
t += a[sum(a.index(c) * (2 * i + 1) for i, c in enumerate(t)) % 32]
print("-".join(t[i:i + 4] for i in range(0, 20, 4)))' \
		"$(tr -d '\n-' <<<"$1" | cut -c 1-19 | sed -e "$2")"
}

# wrong_secret CODE: its last but one character is another.
wrong_secret() {
	recode "$1" 's/A$/B/; t; s/.$/A/'
}

# start_relay ARGUMENT...: see relay.py. Its port is relay_port, its process
# relay_pid.
start_relay() {
	: >"$work/relay"
	"$python" "$system_dir/relay.py" "$@" >"$work/relay" 2>&1 </dev/null &
	relay_pid=$!
	started_pids+=("$!")
	wait_for 10 test -s "$work/relay" || not_ok "the relay starts"
	# shellcheck disable=SC2034 # for the tests that source this
	relay_port=$(cat "$work/relay")
}

stop_relay() {
	kill -KILL "$relay_pid"
	wait "$relay_pid" 2>/dev/null
	return 0
}
