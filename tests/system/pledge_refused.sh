#!/usr/bin/env bash
# Devices that break the rules, and a MASA and registrars that devices refuse.
# Most functions are called by their names, through check_refused.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/dns_lib.sh
. "$(dirname "$0")/dns_lib.sh"
# shellcheck source=tests/system/pledge_lib.sh
. "$(dirname "$0")/pledge_lib.sh"

make_maker 4
device=${devices[0]}
other=${devices[1]}
start_masa --policy open
start_estuaryd main --set server.idle_timeout=2
issue_dns main dns
save_root main
check_refused "an unknown manufacturer's" 1 'status 403' onboard "$device" main
add_maker main >/dev/null || not_ok "manufacturer add"
"$build/estuary-masa" --state "$work/other-masa" make --name Acme --devices 1 \
	--out "$work/counterfeit" --masa-url "127.0.0.1:$masa_port" >/dev/null \
	2>&1 || not_ok "a counterfeit is made"
check_refused "a counterfeit, and all of the reason is told" 1 \
	"HTTP status 403\\): RFC 8995 5\\.5: the device's manufacturer is not known.*: unable to get local issuer certificate\$" \
	thing counterfeit onboard --registrar "${estuaryd_listen[main]}" \
	--idevid "$(echo "$work"/counterfeit/*.cert.pem)" \
	--key "$(echo "$work"/counterfeit/*.key.pem)" \
	--masa-anchor "$work/anchors.pem"

# refused HOW STATUS PATTERN [ARGUMENT...]: in each format.
refused() {
	local format

	for format in cms jws cose; do
		check_refused "$format: $1" 1 "status $2.*$3" onboard "$device" \
			main --format "$format" --misbehave "$1" "${@:4}"
	done
}

refused wrong-proximity 401 '[Pp]roximity'
refused wrong-serial 403 'serial'
refused stale 403 'stale'
refused no-nonce 4.. 'nonce'
refused bad-signature 403 'signature'
refused other-idevid 403 '' --other-idevid "$maker/$other.cert.pem" \
	--other-key "$maker/$other.key.pem"
refused truncate 4.. ''
refused wrong-type 415 ''
check_refused "big" 1 'status 4(00|13).*larger' onboard "$device" main --misbehave big
check_refused "hang: the appliance does not wait for ever" 3 \
	'closed the silent connection' onboard "$device" main --misbehave hang \
	--patience 20
same "none of them has a network" '' \
	"$(find "$work" -path '*/thing-*' -type f)"

# --- [RFC8995 5.6.1] what the device refuses of the MASA's ---

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout "$work/stranger.key" -out "$work/stranger.pem" -days 2 \
	-subj /CN=stranger 2>/dev/null
cp "$work/anchors.pem" "$work/good-anchors.pem"
cp "$work/stranger.pem" "$work/anchors.pem"
check_refused "another MASA's voucher" 1 \
	"not signed by the manufacturer's MASA" onboard "$device" main
cp "$work/good-anchors.pem" "$work/anchors.pem"
device_shown main "$device" >"$work/device"
matches "which the appliance is told" "not signed by the manufacturer's MASA" \
	"$(cat "$work/device")"

# --- the files that a device is given ---

chmod 644 "$maker/$device.key.pem"
check_refused "a key that others may read" 2 'key.pem' onboard "$device" main
chmod 600 "$maker/$device.key.pem"
cp "$maker/$other.key.pem" "$work/swap.pem"
cp "$maker/$device.key.pem" "$work/keep.pem"
cp "$work/swap.pem" "$maker/$device.key.pem"
check_refused "a key of another certificate" 2 'does not fit' \
	onboard "$device" main
cp "$work/keep.pem" "$maker/$device.key.pem"
check "and then it is onboarded all the same" onboard "$device" main ||
	tail -n 5 "$work/main.log" | show
finish
