#!/usr/bin/env bash
# The main job without mDNS: an endpoint joins with a code, and resolves names
# over DoT and DoH through a real unbound.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/dns_lib.sh
. "$(dirname "$0")/dns_lib.sh"

start_estuaryd main
issue_dns main dns
start_unbound dns
ctl_json main identity add phone >"$work/phone.json"
code=$(json 'd["code"]' <"$work/phone.json")

# --- usage, and nothing joined yet ---

for line in '' 'nothing' 'join extra' 'join --server' 'join --nosuch' \
	'join --network a/b' 'join --network ..' 'status --server x' \
	'check --name x..y --network z' 'join --pake-extension 0x12345'; do
	# shellcheck disable=SC2086 # the words of one command line
	check_refused "usage: '$line'" 2 . endpoint none $line
done
for command in check status forget; do
	check_refused "$command before any join" 2 'no network' endpoint none \
		"$command"
done
check "--help" endpoint none --help

# --- join, status, check ---

check "join" join phone main "$code"
check "a code works once: what is left is" test \
	"$(ctl_json main identity list | json 'd["items"][0]["uses_left"]')" = 0
check "status" endpoint phone status
cp "$work/out" "$work/status"
matches "status names the server" 'est\.lab\.test' "$(cat "$work/status")"
check "status --json" endpoint phone status --json
cp "$work/out" "$work/status.json"
sha=$(openssl x509 -in "$work/dns/cert.pem" -outform DER | sha256sum |
	cut -d' ' -f1)
check "knows both services by certificate, port and path" "$python" -c '
import json, sys
rows = json.load(open(sys.argv[1]))["resolvers"]
got = sorted((r["label"], r["adn"], r["port"], r["addresses"], r["sha256"])
             for r in rows)
want = [("doh", "dns.lab.test", int(sys.argv[4]), ["127.0.0.1"], sys.argv[2]),
        ("domain-s", "dns.lab.test", int(sys.argv[3]), ["127.0.0.1"],
         sys.argv[2])]
assert got == want, got' "$work/status.json" "$sha" "$dot_port" "$doh_port"
check "check" endpoint phone check --name printer.lab.test
cp "$work/out" "$work/check"
for service in DoT DoH; do
	matches "$service: A" "^$service .*matches.*printer.lab.test A 192\.0\.2\.7" \
		"$(cat "$work/check")"
	matches "$service: AAAA" "^$service .*AAAA 2001:db8::7" \
		"$(cat "$work/check")"
done
check "check --json" endpoint phone check --name printer.lab.test --json
check "check of a name that is not there" endpoint phone check \
	--name nothing.lab.test
matches "says NXDOMAIN" NXDOMAIN "$(cat "$work/out")"
check_refused "check of what is no name" 2 'name' endpoint phone check \
	--name 'a..b'
same "the state is its owner's alone" '' \
	"$(find "$work/endpoint-phone" -perm /077)"
bare=${code//-/}
if grep -rqF -e "${bare:8:11}" -e "${code:10}" "$work/endpoint-phone"; then
	not_ok "the code is not kept"
else
	ok "the code is not kept"
fi
ctl_json main audit >"$work/audit.json"
same "the appliance's audit log has the join, once" 1 "$(json 'sum(
	i["event"] == "pake.authenticated" and i["subject"] == "'"${bare:0:8}"'"
	and i["source"] == "127.0.0.1" for i in d["items"])' <"$work/audit.json")"

# --- the ways to give a code ---

code=$(new_code main two)
check "the URI of a QR code is a code too" join qr main "$(
	ctl_json main identity add three | json 'd["uri"]')"
check "lower case, and no dashes" join lower main "$(tr -d - <<<"${code,,}")"
code=$(new_code main four)
printf '%s\n' "$code" >"$work/code"
if endpoint stdin join --server "${estuaryd_listen[main]}" <"$work/code" \
	>"$work/out" 2>&1; then
	ok "from standard input"
else
	not_ok "from standard input"
	show "$work/out"
fi
code=$(new_code main five)
check "with the server's name given" join named main "$code" \
	--server-name EST.lab.test --network home
same "and the network's" home "$(endpoint named status --json |
	json 'd["network"] if "network" in d else d["name"]')"
printf 'correct horse battery\n' >"$work/password"
"$build/estuaryctl" --state "$work/main" identity add carol --password-stdin \
	<"$work/password" >/dev/null || not_ok "an identity with a password"
for n in 1 2; do
	check "a chosen password, time $n" endpoint carol join --server \
		"${estuaryd_listen[main]}" --identity carol --code-file \
		"$work/password" --network "net$n"
done
check_refused "two networks: one has to be chosen" 2 'network' endpoint carol \
	status
check "--network chooses" endpoint carol status --network net2
check "forget" endpoint carol forget --network net1
same "leaves the other alone" 1 "$(stored carol | wc -l)"
check "forget the only one" endpoint carol forget
same "leaves nothing" '' "$(stored carol)"
check_refused "forget twice" 2 'no network' endpoint carol forget

# --- an environment that is not to be trusted ---

: >"$work/connections"
start_relay - count "$work/connections"
# shellcheck disable=SC2317 # called through check
through_proxy() {
	http_proxy=http://127.0.0.1:$relay_port \
		https_proxy=http://127.0.0.1:$relay_port \
		all_proxy=socks5h://127.0.0.1:$relay_port "$@"
}
code=$(new_code main proxy)
check "join whatever proxy the environment names" through_proxy join proxy \
	main "$code"
check "check too" through_proxy endpoint proxy check --name printer.lab.test
check "estuaryctl too" through_proxy ctl main status
same "the proxy has seen nothing of it" 0 "$(wc -l <"$work/connections")"
stop_relay

# --- a class with one code, all at once ---

code=$(new_code main class --uses 12)
pids=()
printf '%s\n' "$code" >"$work/class.code"
for n in {1..12}; do
	endpoint "class$n" join --server "${estuaryd_listen[main]}" \
		--code-file "$work/class.code" >"$work/class.$n" 2>&1 &
	pids+=("$!")
done
joined=0
for pid in "${pids[@]}"; do
	wait "$pid" && joined=$((joined + 1))
done
same "twelve endpoints join at the same moment with one code for twelve" 12 \
	"$joined"
[ "$joined" -eq 12 ] || grep -h "^estuary-join" "$work"/class.* | sort | uniq -c | show
code=$(new_code main once --uses 3)
pids=()
printf '%s\n' "$code" >"$work/class.code"
for n in {1..8}; do
	endpoint "race$n" join --server "${estuaryd_listen[main]}" \
		--code-file "$work/class.code" >/dev/null 2>&1 &
	pids+=("$!")
done
joined=0
for pid in "${pids[@]}"; do
	wait "$pid" && joined=$((joined + 1))
done
check "eight at once with a code for three: no more than three join ($joined)" \
	[ "$joined" -le 3 ]
same "and no more than that have stored anything" "$joined" \
	"$(find "$work"/endpoint-race* -type f 2>/dev/null | wc -l)"

# --- with other settings ---

stop_estuaryd main
start_estuaryd main --set eecerts.access=authenticated
check "join where only the authenticated may fetch" join auth main \
	"$(new_code main six)"
check "check" endpoint auth check
stop_estuaryd main
start_estuaryd main --set pake.extension=0x1234 --set pake.scheme=0x4321
check_refused "other code points: a plain server to the endpoint" 1 \
	'does not take part' join points main "$(new_code main seven)"
check "unless it is told" join points main "$(new_code main seven2)" \
	--pake-extension 0x1234 --pake-scheme 0x4321
stop_estuaryd main
start_estuaryd main --set 'server.listen=[::1]:0'
check "over IPv6" join six main "$(new_code main eight)"
finish
