# shellcheck shell=bash
# Hosts on one link, each a network namespace, with the real programs on them:
# to be sourced by tests/system/namespaces_*.sh.
#
#	. "$(dirname "$0")/lab.sh"
#	netns_lan switch 1 appliance endpoint attacker || exit 1
#	start_estuaryd appliance
#
# An appliance's name is also its host's, its directories' and its files'.
# Multicast stays in the namespaces.

# shellcheck source=tests/system/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/lib/netns.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/netns.sh"

lab_cleanup() {
	exec 2>/dev/null # what bash says of each process that it killed
	netns_destroy
	cleanup
}
trap lab_cleanup EXIT

if ! netns_possible; then
	echo "network namespaces are not possible here"
	exit 77
fi

adn=dns.home.arpa
qname=intranet.home.arpa
dot_port=8853
doh_port=8444

# --- commands on a host ---

# ip netns exec makes a mount namespace: $work/HOST.resolv.conf, empty unless
# the test writes one, hides the machine's own there alone.
# shellcheck disable=SC2016 # the inner shell expands these
with_resolv_conf='mount --bind "$0" /etc/resolv.conf && exec "$@"'

resolv_conf() {
	local file=$work/$1.resolv.conf

	[ -f "$file" ] || : >"$file"
	echo "$file"
}

# on HOST COMMAND...
on() {
	local host=$1

	shift
	ip netns exec "$(netns_name "$host")" \
		sh -c "$with_resolv_conf" "$(resolv_conf "$host")" "$@"
}

# spawn HOST LOG COMMAND...: in the background, and $spawned is its process.
spawn() {
	local host=$1 log=$2 file

	shift 2
	file=$(resolv_conf "$host")
	: >"$log" # now: what an earlier one wrote must not be taken for its
	(exec ip netns exec "$(netns_name "$host")" \
		sh -c "$with_resolv_conf" "$file" "$@") \
		>"$log" 2>&1 </dev/null &
	spawned=$!
	started_pids+=("$spawned")
}

# stop PID: SIGTERM, and waits.
stop() {
	kill -TERM "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	return 0
}

# spawn_ready HOST LOG TEXT COMMAND...: waits until the log holds the text.
spawn_ready() {
	local host=$1 log=$2 text=$3

	shift 3
	spawn "$host" "$log" "$@"
	wait_for 20 grep -q "$text" "$log" && return 0
	not_ok "$1 starts on $host"
	tail -n 20 "$log" | show
	finish
}

# --- appliances ---

# lib.sh's, for an appliance on a host of its own.
write_config() {
	cat >"$work/$1.conf" <<-CONFIG
		[server]
		listen = [::]:8443
		name = est.home.arpa
		[ca]
		domain = home.arpa
		[mdns]
		interfaces = eth0
		instance = Estuary
	CONFIG
}

launch_estuaryd() {
	local name=$1

	shift
	[ -f "$work/$name.conf" ] || write_config "$name"
	spawn "$name" "$work/$name.log" "$build/estuaryd" \
		--state "$work/$name" --config "$work/$name.conf" "$@"
	estuaryd_pid[$name]=$spawned
	unset "estuaryd_listen[$name]"
}

root_sha256() {
	ctl_json "$1" status | json 'd["ca"]["root_sha256"]'
}

# is_announced NAME: as it says itself.
is_announced() {
	ctl "$1" status | grep -q "announcing '"
}

# issue_dns NAME DIRECTORY ADDRESS...: a certificate for the DNS server.
issue_dns() {
	local name=$1 out=$2 address ips=()

	shift 2
	for address in "$@"; do
		ips+=(--ip "$address")
	done
	ctl "$name" dns-server issue --name "$adn" \
		--label "domain-s:$dot_port" --label "doh:$doh_port" \
		"${ips[@]}" --out "$out"
}

# --- DNS servers ---

# start_unbound HOST CERTIFICATE_DIRECTORY ADDRESS...: sets unbound_pid.
start_unbound() {
	local host=$1 certificate=$2 address port

	shift 2
	{
		cat <<-CONFIG
			server:
			  directory: "$work"
			  username: ""
			  chroot: ""
			  pidfile: ""
			  do-daemonize: no
			  use-syslog: no
			  logfile: ""
			  num-threads: 1
			  module-config: "iterator"
			  access-control: 0.0.0.0/0 allow
			  access-control: ::/0 allow
			  tls-port: $dot_port
			  https-port: $doh_port
			  tls-service-key: "$certificate/key.pem"
			  tls-service-pem: "$certificate/fullchain.pem"
			  local-zone: "home.arpa." static
			  local-data: "$qname. A 10.77.1.80"
			  local-data: "$qname. AAAA fd77:1::80"
		CONFIG
		for address in "$@"; do
			for port in "$dot_port" "$doh_port"; do
				echo "  interface: $address@$port"
			done
			case $address in
			*:*) echo "  local-data: \"est.home.arpa. AAAA $address\"" ;;
			*) echo "  local-data: \"est.home.arpa. A $address\"" ;;
			esac
		done
	} >"$work/$host.unbound.conf"
	spawn_ready "$host" "$work/$host.unbound.log" "start of service" \
		"$(command -v unbound || echo /usr/sbin/unbound)" \
		-c "$work/$host.unbound.conf"
	# shellcheck disable=SC2034 # for the tests that source this
	unbound_pid=$spawned
}

# --- endpoints ---

# A fresh state directory for each join: $endpoint_state.
endpoint_number=0
fresh_endpoint() {
	endpoint_number=$((endpoint_number + 1))
	endpoint_state=$work/endpoint$endpoint_number
}

# code_for NAME uri|bare: a new onboarding code, in $work/code.
code_for() {
	local key=code

	[ "$2" = bare ] || key=uri
	ctl_json "$1" identity add laptop 2>/dev/null |
		json "d[\"$key\"]" >"$work/code"
}

# join HOST [ARGUMENT...]: with $work/code and the state $endpoint_state.
join() {
	local host=$1

	shift
	on "$host" "$build/estuary-join" --state "$endpoint_state" join \
		--network lab --interface eth0 --code-file "$work/code" "$@"
}

dns_check() {
	on "$1" "$build/estuary-join" --state "$endpoint_state" check \
		--name "$qname" "${@:2}"
}

# joined_root: the root's hash in the endpoint's state.
joined_root() {
	"$build/estuary-join" --state "$endpoint_state" status --json |
		json 'd["root_sha256"]'
}

nothing_stored() {
	[ -z "$(find "$endpoint_state" -type f 2>/dev/null)" ]
}

# joins_real NAME HOST APPLIANCE CODE [ARGUMENT...]: a fresh endpoint joins,
# and what it stored is this appliance's. CODE: uri or bare.
joins_real() {
	local name=$1 host=$2 real=$3 start

	fresh_endpoint
	code_for "$real" "$4"
	start=$(now_ms)
	check "$name" join "$host" "${@:5}" || return 1
	echo "# it took $(($(now_ms) - start)) ms"
	same "with the root of $real alone" "$(root_sha256 "$real")" \
		"$(joined_root)"
}

# join_refused NAME HOST APPLIANCE STATUS PATTERN [ARGUMENT...]: a fresh
# endpoint with a good bare code does not join, and stores nothing.
join_refused() {
	local name=$1

	fresh_endpoint
	code_for "$3" bare
	check_refused "$name" "$4" "$5" join "$2" "${@:6}"
	check "and nothing is stored" nothing_stored
}

# --- the attacker ---

# attacker_server HOST MODE FIRST-PORT COUNT [ARGUMENT...]: attacker_server.py on
# every address of the host; sets attacker_pid and attacker_log.
attacker_server() {
	attacker_log=$work/attacker-$2-$3.log
	spawn_ready "$1" "$attacker_log" ready "$python" \
		"$system_dir/attacker_server.py" "$2" :: "${@:3}"
	# shellcheck disable=SC2034 # for the tests that source this
	attacker_pid=$spawned
}

# write_instances FILE DOMAIN: attacker_dns.py's, from lines on standard input:
# NAME HOST PORT ADDRESS,... TTL TXT...
write_instances() {
	"$python" -c 'import json, sys
def instance(name, host, port, addresses, ttl, *txt):
    return {"name": name, "host": host, "port": int(port),
            "addresses": addresses.split(","), "ttl": int(ttl), "txt": txt}
print(json.dumps({"domain": sys.argv[1], "instances": [
    instance(*line.split()) for line in sys.stdin]}))' "$2" >"$work/$1.json"
}

# attacker_dns HOST mdns|unicast WHERE FILE: sets dns_pid and dns_log.
attacker_dns() {
	dns_log=$work/attacker-$4.log
	spawn_ready "$1" "$dns_log" ready "$python" \
		"$system_dir/attacker_dns.py" "$2" "$3" "$work/$4.json"
	# shellcheck disable=SC2034 # for the tests that source this
	dns_pid=$spawned
}
