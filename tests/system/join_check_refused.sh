#!/usr/bin/env bash
# DNS servers that an endpoint must not use: estuary-join check names the check
# that failed, and asks nothing in clear.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/dns_lib.sh
. "$(dirname "$0")/dns_lib.sh"
# shellcheck source=tests/system/clock_lib.sh
. "$(dirname "$0")/clock_lib.sh"

start_estuaryd main
issue_dns main dns
join phone main "$(new_code main phone)" >/dev/null 2>&1 ||
	not_ok "the endpoint joins"

# check_dns NAME STATUS PATTERN [ENDPOINT]: both services, in that way, and no
# answer is shown.
check_dns() {
	local status=0

	timeout 60 "$build/estuary-join" --state "$work/endpoint-${4:-phone}" \
		check --name printer.lab.test >"$work/out" 2>"$work/err" \
		</dev/null || status=$?
	if [ "$status" -ne "$2" ] || grep -q 192.0.2.7 "$work/out" ||
		[ "$(grep -Ec -e "$3" "$work/out")" -ne 2 ]; then
		not_ok "$1"
		echo "#   exit status $status, not $2, or not two of '$3':"
		show "$work/out" "$work/err"
	else
		ok "$1"
	fi
}

# --- not reachable is not refused ---

check_dns "nobody there: 3" 3 '^Do[TH] .*not reachable'
for mode in close mute answer http; do
	# Whoever answers in another way than TLS is refused for it.
	case $mode in
	close | mute) status=3 said='not reachable' ;;
	*) status=1 said='REFUSED: TLS' ;;
	esac
	pids=()
	for port in "$dot_port" "$doh_port"; do
		: >"$work/received.$port"
		"$python" "$system_dir/plain_dns.py" "$port" \
			"$work/received.$port" "$mode" >"$work/plain.$port" &
		pids+=("$!")
		started_pids+=("$!")
		wait_for 10 grep -q ready "$work/plain.$port" ||
			not_ok "a server that is none starts"
	done
	start=$(now_ms)
	check_dns "no TLS there ($mode): $status, never an answer" "$status" \
		"^Do[TH] .*$said"
	took=$(($(now_ms) - start))
	check "and not for long ($took ms)" [ "$took" -lt 30000 ]
	if cat "$work/received.$dot_port" "$work/received.$doh_port" |
		grep -aqi printer; then
		not_ok "nothing is asked in clear ($mode)"
	else
		ok "nothing is asked in clear ($mode)"
	fi
	kill -KILL "${pids[@]}"
	wait "${pids[@]}" 2>/dev/null
done

# --- the real one, then impostors ---

start_unbound dns
check "the real one" endpoint phone check --name printer.lab.test
stop_unbound dns
refused='^Do[TH] .*REFUSED: certificate match'

issue_dns main next
start_unbound next
check_dns "same name, same CA, another key, not known to the endpoint: 1" 1 \
	"$refused"
check "whoever joins now knows it as next" join later main \
	"$(new_code main later)"
check "and accepts it" endpoint later check --name printer.lab.test
stop_unbound next
start_unbound dns
check "as well as the current one" endpoint later check
stop_unbound dns
ctl main dns-server promote dns.lab.test || not_ok "promote"
check "whoever joins then knows the one that is current now" join latest main \
	"$(new_code main latest)"
start_unbound dns
check_dns "the retired one is refused: 1" 1 "$refused" latest
stop_unbound dns
ctl main dns-server retire dns.lab.test || not_ok "retire"

mkdir "$work/self"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-keyout "$work/self/key.pem" -out "$work/self/cert.pem" \
	-subj /CN=dns.lab.test -addext subjectAltName=DNS:dns.lab.test 2>/dev/null
cp "$work/self/cert.pem" "$work/self/fullchain.pem"
start_unbound self
check_dns "a certificate of its own making: 1" 1 "$refused"
stop_unbound self
start_estuaryd other
issue_dns other other-dns
start_unbound other-dns
check_dns "another network's appliance's: 1" 1 "$refused"
stop_unbound other-dns
stop_estuaryd other
mkdir "$work/est"
cp "$work/main/server.pem" "$work/est/key.pem"
cp "$work/main/server.pem" "$work/est/fullchain.pem"
start_unbound est
check_dns "the appliance's own certificate: 1" 1 "$refused"
stop_unbound est
ctl main dns-server issue --name dns2.lab.test --label "domain-s:$dot_port" \
	--label "doh:$doh_port" --ip 127.0.0.1 --out "$work/two" >/dev/null
issue_dns main dns
join both main "$(new_code main both)" >/dev/null 2>&1 || not_ok "join again"
start_unbound two
"$build/estuary-join" --state "$work/endpoint-both" check --name \
	printer.lab.test >"$work/out" 2>&1
same "one DNS server is not taken for the other of the same network" 2 \
	"$(grep -Ec '^Do[TH] .*dns\.lab\.test .*REFUSED: certificate' "$work/out")"
stop_unbound two
ctl main dns-server retire dns2.lab.test
ctl main dns-server retire dns.lab.test

# One certificate for each service: the one's is not the other's.
for label in "domain-s:$dot_port" "doh:$doh_port"; do
	ctl main dns-server issue --name dns.lab.test --label "$label" --ip \
		127.0.0.1 --out "$work/only-${label%%:*}" >/dev/null ||
		not_ok "dns-server issue for $label"
done
join apart main "$(new_code main apart)" >/dev/null 2>&1 || not_ok "join apart"
start_unbound only-doh
"$build/estuary-join" --state "$work/endpoint-apart" check >"$work/out" 2>&1
matches "DoH's certificate is refused for DoT" '^DoT .*REFUSED' \
	"$(cat "$work/out")"
matches "and accepted for DoH" '^DoH .*matches' "$(cat "$work/out")"
stop_unbound only-doh
ctl main dns-server retire dns.lab.test

# --- certificates that no rule of the appliance's would have let through ---

# crafted SECONDS SRV-ID...: the network's only one, in $work/crafted.
crafted() {
	rm -rf "$work/crafted"
	ctl main dns-server retire dns.lab.test >/dev/null 2>&1
	issue_dns main crafted
	stop_estuaryd main
	"$python" "$system_dir/craft_cert.py" "$work/main" "$work/crafted" \
		dns.lab.test "$@" 2>"$work/craft.log" || not_ok "a crafted one"
	start_estuaryd main
}
ids=(_domain-s.dns.lab.test _doh.dns.lab.test)

# An hour, which the endpoint's clock is ahead later.
crafted 3600 "${ids[@]}"
check "join while a certificate is valid" join short main \
	"$(new_code main short)"
start_unbound crafted
check "it is accepted" endpoint short check --name printer.lab.test
at 3600 check_dns "and refused from the moment it expires: 1" 1 \
	'^Do[TH] .*REFUSED: path validation.*expired' short
stop_unbound crafted
at 3600 check_refused "join when the only one has expired: 1" 1 'expired' join \
	none main "$(new_code main none)"
same "nothing is stored" '' "$(stored none)"
crafted 600 _domain-s.dns.example.org _doh.dns.example.org
check_refused "SRV-IDs outside the name constraints: 1" 1 'SRV-ID' join none \
	main "$(new_code main none2)"
crafted 600 _domain-s.x.lab.test _doh.x.lab.test
check_refused "SRV-IDs of another name: 1" 1 'SRV-ID' join none main \
	"$(new_code main none3)"
crafted 600 _smtp.dns.lab.test
check_refused "SRV-IDs of another service: nothing for DNS: 3" 3 'no DNS server' \
	join none main "$(new_code main none4)"
same "nothing is stored in any of these" '' "$(stored none)"

# --- a state that somebody has changed ---

file=$(find "$work/endpoint-phone" -type f)
cp "$file" "$work/state"
size=$(stat -c %s "$file")
bad=0
for n in 0 1 $((size / 4)) $((size / 2)) $((size - 3)); do
	head -c "$n" "$work/state" >"$file"
	for command in status check; do
		status=0
		endpoint phone "$command" >"$work/out" 2>"$work/err" || status=$?
		if [ "$status" -eq 0 ] || [ "$status" -gt 3 ] ||
			[ ! -s "$work/err" ]; then
			bad=$((bad + 1))
			echo "#   cut to $n bytes, $command: $status"
		fi
	done
done
same "a state file that is cut off is refused" 0 "$bad"
cp "$work/state" "$file"
check "and the whole one is read" endpoint phone status
finish
