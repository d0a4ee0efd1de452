# shellcheck shell=bash
# The quickstart's IoT device: a manufacturer in a lab with one device, its
# voucher service (MASA), the device's way into the network by BRSKI, and a
# counterfeit, which is refused. To be sourced by scripts/quickstart, whose
# variables and functions it uses.
# shellcheck disable=SC2154 # what scripts/quickstart sets

# On loopback in every mode: the registrar alone asks it, never the device.
masa=127.0.0.1:9443

# device_make DIR: a manufacturer with one device. DIR.masa is the service's
# state, DIR the factory's output, DIR.add what make prints. Sets $device, the
# serial number.
device_make() {
	"${appliance[@]}" "$build/estuary-masa" --state "$1.masa" make \
		--name "Acme Lamps" --devices 1 --out "$1" --masa-url "$masa" \
		>"$1.add" 2>"$1.log" ||
		fail "no manufacturer was made" "$1.log"
	device=$(basename "$1"/*.key.pem .key.pem)
}

# Sets masa_pid.
device_serve_masa() {
	"${appliance[@]}" "$build/estuary-masa" --state "$work/acme.masa" \
		serve --listen "$masa" 2>"$work/masa.log" &
	masa_pid=$!
	pids+=("$masa_pid")
	wait_for "ready listen=" "$work/masa.log" "$masa_pid" ||
		fail "the manufacturer's voucher service did not start" \
			"$work/masa.log"
}

# Runs the estuaryctl command that make printed, with our appliance's state. Its
# words are split by their quotes; nothing in them is expanded.
device_add_manufacturer() {
	local words=()

	mapfile -d '' words < <(xargs printf '%s\0' <"$work/acme.add")
	[ "${words[0]:-}" = estuaryctl ] ||
		fail "estuary-masa make printed no estuaryctl command" \
			"$work/acme.add"
	"${appliance[@]}" "${ctl[@]}" "${words[@]:1}" \
		>"$work/manufacturer.log" 2>&1 ||
		fail "the manufacturer was not added" "$work/manufacturer.log"
}

# device_use FACTORY: sets onboard, the command by which that factory's device
# enters the network. Whoever made it, it wants Acme's voucher.
device_use() {
	pledge=("$build/estuary-pledge" --state "$1.thing")
	onboard=("${pledge[@]}" onboard --idevid "$1/$device.cert.pem"
		--key "$1/$device.key.pem" --masa-anchor "$work/acme/masa-ca.pem")
	[ "$mode" != loopback ] || onboard+=(--registrar 127.0.0.1:8443)
	[ -z "$interface" ] || onboard+=(--interface "$interface")
}

# What the appliance knows of the device.
device_story() {
	local id

	"${appliance[@]}" "${ctl[@]}" device list >"$work/devices.log"
	id=$(awk -v serial="$device" 'index($0, serial) { print $1 }' \
		"$work/devices.log")
	"${appliance[@]}" "${ctl[@]}" device show "$id" \
		>"$work/device.log" 2>&1 ||
		fail "the appliance does not know the device" "$work/device.log"
	grep -q 'enroll-status  *good' "$work/device.log" ||
		fail "the device did not say that its certificate works" \
			"$work/device.log"
	indent <"$work/devices.log"
	sed '/ -$/d' "$work/device.log" | indent
}

# device_check: over DoT and DoH, by what it learnt.
device_check() {
	"${endpoint[@]}" "${pledge[@]}" check --name intranet.home.arpa \
		>"$work/device-check.log" 2>&1 ||
		fail "the device did not accept the DNS server" \
			"$work/device-check.log"
}

# --- the steps ---

device_step_manufacturer() {
	begin "A manufacturer makes an IoT device; the appliance gets to know the maker"
	device_make "$work/acme"
	detail "made: $device, with a certificate of its manufacturer (IDevID)"
	device_serve_masa
	detail "its manufacturer's voucher service (MASA) listens on $masa"
	device_add_manufacturer
	indent <"$work/acme.add"
	"${appliance[@]}" "${ctl[@]}" manufacturer list | indent
}

device_step_onboard() {
	begin "The device finds the appliance, and enters the network with nobody's help:"
	detail "voucher, certificate of its own (LDevID), DNS servers, names"
	device_use "$work/acme"
	"${endpoint[@]}" "${onboard[@]}" >"$work/onboard.log" 2>&1 ||
		fail "the device was not onboarded" "$work/onboard.log"
	indent <"$work/onboard.log"
	device_check
	indent <"$work/device-check.log"
	detail "What the appliance knows of it:"
	device_story
}

device_step_counterfeit() {
	local status=0

	begin "A counterfeit: same maker's name, same serial number, another key"
	device_make "$work/counterfeit"
	device_use "$work/counterfeit"
	"${endpoint[@]}" "${onboard[@]}" >"$work/counterfeit.log" 2>&1 ||
		status=$?
	if [ "$status" != 1 ] ||
		! grep -q 'HTTP status 403' "$work/counterfeit.log"; then
		fail "the counterfeit was not refused (status $status)" \
			"$work/counterfeit.log"
	fi
	status=0
	"${endpoint[@]}" "${pledge[@]}" status >"$work/counterfeit-status.log" \
		2>&1 || status=$?
	[ "$status" = 2 ] || fail "the counterfeit has a network" \
		"$work/counterfeit-status.log"
	indent <"$work/counterfeit.log"
	"${appliance[@]}" "${ctl[@]}" audit >"$work/audit.log"
	grep "voucher.refused" "$work/audit.log" | indent ||
		fail "the refusal is not in the audit log" "$work/audit.log"
	detail "Refused, as it must be: it got no voucher and no certificate."
	device_use "$work/acme"
	device_check
	detail "The real device still resolves."
}
