# shellcheck shell=bash
# What the tests of other people's DoT and DoH servers share: to be sourced by
# tests/peers/*/run, which get the absolute build directory as their argument
# and define
#
#	start_dns	serves lab.test with $work/served/{key,fullchain}.pem, DoT on
#			$dot_port and DoH on $doh_port of 127.0.0.1, and returns
#			when both answer
#	stop_dns
#	reload_dns	takes the files that are there now, without a restart
#
# and call serve_network.

# shellcheck source=tests/system/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../system/lib.sh"
# shellcheck source=tests/system/dns_lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../system/dns_lib.sh"
# shellcheck source=tests/system/named_lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../system/named_lib.sh"

# The zone that is served.
write_zone() {
	{
		zone_head lab.test
		echo 'dns IN A 127.0.0.1'
		echo 'printer IN A 192.0.2.7'
		echo 'printer IN AAAA 2001:db8::7'
	} >"$work/lab.zone"
}

# deploy DIRECTORY: as docs/operations.md says, new names, then renamed.
deploy() {
	local file

	mkdir -p "$work/served"
	for file in key.pem fullchain.pem; do
		cp "$work/$1/$file" "$work/served/$file.new" &&
			mv "$work/served/$file.new" "$work/served/$file"
	done
}

serial_of() {
	openssl x509 -in "$work/$1/cert.pem" -noout -serial
}

# served_serial PORT: of the certificate that comes in TLS.
served_serial() {
	openssl s_client -connect "127.0.0.1:$1" -servername dns.lab.test \
		</dev/null 2>/dev/null | openssl x509 -noout -serial
}

serves() {
	[ "$(served_serial "$dot_port")" = "$(serial_of "$1")" ] &&
		[ "$(served_serial "$doh_port")" = "$(serial_of "$1")" ]
}

# check_answers NAME: both services, with the right answers.
check_answers() {
	local service

	check "$1" endpoint phone check --name printer.lab.test
	for service in DoT DoH; do
		matches "$1: $service" \
			"^$service .* A 192\\.0\\.2\\.7 .*AAAA 2001:db8::7" \
			"$(cat "$work/out")"
	done
}

# ask_kdig ARGUMENT...: the address, by a client that knows the root alone.
ask_kdig() {
	kdig +short +retry=0 "+tls-ca=$work/main.root.pem" \
		+tls-hostname=dns.lab.test "$@" @127.0.0.1 printer.lab.test A
}

# check_impostor NAME PATTERN: what is served now must not be used.
check_impostor() {
	check "$1: it answers whoever does not look" [ \
		"$(kdig +short +tls -p "$dot_port" @127.0.0.1 \
			printer.lab.test A)" = 192.0.2.7 ]
	check_refused "$1 is refused" 1 'must not be used' \
		endpoint phone check --name printer.lab.test
	same "$1: over DoT and DoH, for the right reason" 2 \
		"$(grep -Ec "^Do[TH] .*REFUSED: $2" "$work/out")"
	same "$1: no answer of it is shown" "" \
		"$(grep -F 192.0.2.7 "$work/out")"
}

serve_network() {
	start_estuaryd main
	save_root main
	issue_dns main first
	write_zone
	deploy first
	start_dns
	check "an endpoint joins" join phone main "$(new_code main phone)"
	check_answers "it resolves over the enrolled certificate"
	same "kdig takes it over DoT" 192.0.2.7 "$(ask_kdig -p "$dot_port")"
	same "and over DoH" 192.0.2.7 \
		"$(ask_kdig +https=/dns-query -p "$doh_port")"

	issue_dns main second
	check "the endpoint fetches the next certificate" endpoint phone \
		refresh --force --server "${estuaryd_listen[main]}"
	deploy second
	check "the server takes it without a restart" reload_dns
	check "it is the one that is served" wait_for 10 serves second
	check_answers "the endpoint accepts the next one"

	issue_dns main third
	deploy third
	check "a certificate that the endpoint has not fetched" reload_dns
	check "is served" wait_for 10 serves third
	check_impostor "a certificate of our CA that was not fetched" \
		'certificate match'

	stop_dns
	start_estuaryd other
	issue_dns other other
	deploy other
	start_dns
	check_impostor "a certificate of another CA" 'certificate match'
	stop_dns
}
