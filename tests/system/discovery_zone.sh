#!/usr/bin/env bash
# The records of `estuaryctl discovery zone` in a real bind9: its zone checker
# takes them, named serves them, and dig and kdig read what was meant.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/named_lib.sh
. "$(dirname "$0")/named_lib.sh"

for program in named named-checkzone dig kdig; do
	if ! command -v "$program" >/dev/null; then
		echo "$program is not installed"
		exit 77
	fi
done

# An instance name with all that a master file takes for something else.
# shellcheck disable=SC2016 # no expansion is meant
instance='Dr. Mueller; "the \ one" ($5) @home'
start_estuaryd main --set "mdns.instance=$instance"
port=${estuaryd_listen[main]##*:}
ctl main dns-server issue --name dns.lab.test --label domain-s:8853 \
	--label doh:8443 --dohpath '/dns-query{?dns}' --ip 10.0.0.53 \
	--ip fd00::53 --ip 10.0.0.54 --out "$work/dns" >/dev/null ||
	not_ok "a certificate for the DNS server"
# Its certificate to be does not make it another server.
ctl main dns-server issue --name dns.lab.test --label domain-s:8853 \
	--ip 10.0.0.53 --out "$work/next" >/dev/null ||
	not_ok "its next certificate"

check "the records for lab.test" ctl main discovery zone lab.test
cp "$work/out" "$work/records"
same "the API says the same" "$(cat "$work/records")" \
	"$(ctl_json main discovery zone LAB.test. | json 'd["zone"]')"
same "of the name in its normal form" lab.test \
	"$(ctl_json main discovery zone LAB.test. | json 'd["domain"]')"

# --- the checker ---

make_zone() { # DOMAIN RECORDS FILE
	{
		zone_head "$1"
		cat "$2"
	} >"$3"
}

# clean_zone DOMAIN FILE: loaded, with nothing said about any record.
# shellcheck disable=SC2317 # called through check
clean_zone() {
	named-checkzone -i local -k fail -m fail -n fail -r fail "$1" "$2" \
		>"$work/checked" 2>&1 || {
		cat "$work/checked"
		return 1
	}
	! grep -vE "^(zone $1/IN: loaded serial 1|OK)\$" "$work/checked"
}

echo 'est.lab.test. IN A 127.0.0.1' >>"$work/records"
make_zone lab.test "$work/records" "$work/lab.zone"
check "named-checkzone loads the zone and has nothing to say" \
	clean_zone lab.test "$work/lab.zone"

# The names of another zone are comments: what remains is clean as well.
ctl main discovery zone other.test >"$work/other"
make_zone other.test "$work/other" "$work/other.zone"
check "a zone that none of the servers is in" clean_zone other.test \
	"$work/other.zone"
matches "has the ADN's records as comments" \
	'^; _dns\.dns\.lab\.test\. [0-9]+ IN SVCB 1 ' "$(cat "$work/other")"

# An instance of full length.
stop_estuaryd main
start_estuaryd main --set "mdns.instance=$(printf '."%.0s' {1..31})\\"
ctl main discovery zone lab.test >"$work/long"
echo 'est.lab.test. IN A 127.0.0.1' >>"$work/long"
make_zone lab.test "$work/long" "$work/long.zone"
check "an instance name of 63 bytes" clean_zone lab.test "$work/long.zone"

# --- the server ---

dns_port=$(free_port)
cat >"$work/named.conf" <<CONFIG
options {
$(named_options "$work")
	listen-on port $dns_port { 127.0.0.1; };
	listen-on-v6 { none; };
};
controls { };
zone "lab.test" { type primary; file "$work/lab.zone"; };
CONFIG
named -g -n 1 -c "$work/named.conf" >"$work/named.log" 2>&1 </dev/null &
started_pids+=("$!")
if ! wait_for 20 named_is_running "$work/named.log"; then
	not_ok "named starts"
	show "$work/named.log"
	finish
fi

ask() {
	dig +short +norecurse +tries=2 +time=5 -p "$dns_port" @127.0.0.1 "$@" |
		LC_ALL=C sort
}

same "b._dns-sd._udp" lab.test. "$(ask b._dns-sd._udp.lab.test PTR)"
same "lb._dns-sd._udp" lab.test. "$(ask lb._dns-sd._udp.lab.test PTR)"
same "_services._dns-sd._udp" \
	"_brski-registrar._tcp.lab.test. _est._tcp.lab.test." \
	"$(ask _services._dns-sd._udp.lab.test PTR | paste -sd ' ')"
registrar=$(ask _brski-registrar._tcp.lab.test PTR)
same "the registrar is at the same place" "0 0 $port est.lab.test." \
	"$(ask "$registrar" SRV)"
same "and its TXT has the variations that are offered" \
	'"est-tls" "jose" "cose"' "$(ask "$registrar" TXT)"
name=$(ask _est._tcp.lab.test PTR)
# The label in the answer's own bytes, whatever a program prints.
label=$("$python" - "$dns_port" <<'PYTHON'
import socket, struct, sys

name = b"".join(bytes([len(x)]) + x for x in (b"_est", b"_tcp", b"lab", b"test"))
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(5)
sock.sendto(struct.pack(">6H", 7, 0, 1, 0, 0, 0) + name + b"\0" +
            struct.pack(">2H", 12, 1), ("127.0.0.1", int(sys.argv[1])))
reply = sock.recv(4096)
at = 12 + len(name) + 1 + 4 + 2 + 2 + 2 + 4 + 2
sys.stdout.buffer.write(reply[at + 1:at + 1 + reply[at]])
PYTHON
)
same "the instance is the configured name, to the byte" "$instance" "$label"
same "its SRV" "0 0 $port est.lab.test." "$(ask "$name" SRV)"
txt=$(ask "$name" TXT)
same "its TXT: what mDNS announces" \
	'"txtvers=1" "path=/.well-known/est" "name=est.lab.test" "pake=spake2plus"' \
	"$txt"
for owner in lab.test dns.lab.test; do
	same "_domain-s._tcp.$owner" "0 0 8853 dns.lab.test." \
		"$(ask "_domain-s._tcp.$owner" SRV)"
done
same "the ADN's addresses" "10.0.0.53
10.0.0.54
fd00::53" "$(ask dns.lab.test A && ask dns.lab.test AAAA)"

# What a record says, in the words of RFC 9460, without the quotes that one
# program writes and another does not.
svcb() {
	"$@" | sed 's/"//g; s/key7=/dohpath=/; s/ *$//' | LC_ALL=C sort
}
wanted='1 dns.lab.test. alpn=dot port=8853 ipv4hint=10.0.0.53,10.0.0.54 ipv6hint=fd00::53
2 dns.lab.test. alpn=h2 port=8443 ipv4hint=10.0.0.53,10.0.0.54 ipv6hint=fd00::53 dohpath=/dns-query{?dns}'
same "dig reads the SVCB records" "$wanted" \
	"$(svcb ask _dns.dns.lab.test TYPE64 | sed 's/^SVCB //')"
same "kdig reads them" "$wanted" "$(svcb kdig +short +retry=2 \
	-p "$dns_port" @127.0.0.1 _dns.dns.lab.test TYPE64)"

# The lines for the resolvers themselves, in a zone of their own.
{
	zone_head resolver.arpa
	sed -n 's/^; \(_dns\.resolver\.arpa\.\)/\1/p' "$work/records"
} >"$work/ddr.zone"
same "the resolver's own two records" 2 \
	"$(grep -c '^_dns' "$work/ddr.zone")"
check "named-checkzone takes them" clean_zone resolver.arpa "$work/ddr.zone"

# --- refused ---

for domain in '' 'a b' 'lab..test' '-x.test' '*.test' 'mü.test' \
	"lab.test
evil" "$(printf 'a%.0s' {1..64}).test"; do
	check_refused "not a domain name: '${domain:0:12}'" 1 'not a domain name' \
		ctl main discovery zone "$domain"
done
check_refused "mDNS's own domain" 1 'RFC 6762' ctl main discovery zone local
check_refused "no room for the records' names" 1 'too long' \
	ctl main discovery zone \
	"$(printf 'a%.0s.' {1..120})test"
check_refused "no domain" 2 'discovery zone DOMAIN' ctl main discovery zone
finish
