#!/usr/bin/env bash
# IoT devices, from the factory to the network's DNS server: voucher, LDevID,
# the DNS servers' certificates, and a name resolved (RFC 8995).
# Most functions are called by their names, through check.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/dns_lib.sh
. "$(dirname "$0")/dns_lib.sh"
# shellcheck source=tests/system/pledge_lib.sh
. "$(dirname "$0")/pledge_lib.sh"

# own DEVICE EXPRESSION: of the LDevID as status has it, c.
own() {
	thing "$1" status --json | json "(lambda c: $2)(d['client_certificate'])"
}

make_maker 6
start_masa --policy open
start_estuaryd main
issue_dns main dns
start_unbound dns
save_root main
root=$(openssl x509 -in "$work/main.root.pem" -outform DER | sha256sum |
	cut -d ' ' -f 1)
check "the manufacturer is entered" add_maker main || finish

# --- each format: [RFC8995 5.2] [RFC8995 5.6.1] [RFC8995 5.9] ---

i=0
for format in cms jws cose; do
	device=${devices[$i]}
	i=$((i + 1))
	check "$format: a device is onboarded" onboard "$device" main \
		--format "$format"
	matches "$format: it says what it has" '^EST server +est.lab.test' \
		"$(cat "$work/out")"
	same "$format: it has the root of the domain" "$root" \
		"$(thing "$device" status --json | json 'd["root_sha256"]')"
	matches "$format: its LDevID carries its serial number" \
		"serialNumber=$device" "$(own "$device" 'c["subject"]')"
	same "$format: its state is its own alone" 600 \
		"$(stat -c %a "$work/thing-$device/networks/domain.json")"
	check "$format: it resolves over DoT and DoH" thing "$device" check \
		--name printer.lab.test
	matches "$format: with the right answer" '192\.0\.2\.7' \
		"$(cat "$work/out")"
	device_shown main "$device" >"$work/device"
	matches "$format: the appliance knows that the voucher was good" \
		'voucher-status' "$(cat "$work/device")"
	# [RFC8995 5.9.4]
	matches "$format: and that the LDevID works, over itself" \
		'enroll-status.*LDevID' "$(cat "$work/device")"
done

# --- later ---

device=${devices[0]}
serial=$(own "$device" 'c["serial"]')
check "renew" thing "$device" renew --registrar "${estuaryd_listen[main]}"
same "another certificate" True \
	"$([ "$(own "$device" 'c["serial"]')" != "$serial" ] && echo True)"
matches "of the same device" "serialNumber=$device" \
	"$(own "$device" 'c["subject"]')"
check "it resolves on" thing "$device" check --name printer.lab.test
check "onboard again" onboard "$device" main --json
same "as JSON" domain "$(json 'd["network"]' <"$work/out")"
check "forget" thing "$device" forget
same "nothing is left" '' "$(find "$work/thing-$device" -type f)"
check_refused "status knows no network" 2 'no network has been joined' \
	thing "$device" status
check_refused "usage" 2 'onboard wants' thing "$device" onboard

# --- a person decides: 202, and the same request again ---

ctl main manufacturer set acme --policy ask >/dev/null || not_ok "policy ask"
device=${devices[3]}
check_refused "nobody decides in time" 3 'waits \(HTTP status 202\).*approval' \
	onboard "$device" main --patience 1
onboard "${devices[5]}" main --patience 60 >"$work/waiting" 2>&1 &
waiting=$!
asked() {
	[ "$(ctl_json main request list | json 'len([i for i in d["items"]
		if i["state"] == "waiting"])')" -ge 2 ]
}
check "it asks and waits" wait_for 10 asked
for id in $(ctl_json main request list | json '" ".join(str(i["id"])
	for i in d["items"] if i["state"] == "waiting")'); do
	ctl main request approve "$id" >/dev/null || not_ok "request approve"
done
status=0
wait "$waiting" || status=$?
same "approved: it goes on by itself" 0 "$status"
[ "$status" -eq 0 ] || show "$work/waiting"
ctl main manufacturer set acme --policy allow --enrollment ask >/dev/null ||
	not_ok "enrollment ask"

# The connection goes meanwhile: the same key, bound to another connection.
rm -rf "$work/thing-$device"
onboard "$device" main --patience 60 >"$work/waiting" 2>&1 &
waiting=$!
enrolling() {
	ctl main request list | grep -q 'enrollment *waiting'
}
check "its enrollment waits for a person" wait_for 10 enrolling
ctl main request approve "$(ctl main request list |
	awk '/enrollment *waiting/ { print $1 }')" >/dev/null ||
	not_ok "request approve, for the enrollment"
status=0
wait "$waiting" || status=$?
same "approved: it goes on by itself, over another connection" 0 "$status"
[ "$status" -eq 0 ] || show "$work/waiting"
ctl main manufacturer set acme --enrollment allow >/dev/null ||
	not_ok "enrollment allow"

# --- a registrar that is restarted ---

stop_estuaryd main
start_estuaryd main
check "after a restart a device is onboarded" onboard "${devices[4]}" main
# [RFC8520 11] The manager of MUD files is told by its record.
matches "a device's record has its MUD URL" \
	'MUD +https://acme.example/lamp\.json' "$(ctl main device show 1)"
finish
