#!/usr/bin/env bash
# The registrar is announced, and a device on the same link finds it: by mDNS,
# between namespaces, and by other people's browsers.
# Most functions are called by their names, through check.
# shellcheck disable=SC2317
set -uo pipefail
# shellcheck source=tests/system/lab.sh
. "$(dirname "$0")/lab.sh"

netns_lan switch 1 appliance endpoint || exit 1

# An IDevID of a manufacturer whom nobody knows.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout "$work/idevid.key" -out "$work/idevid.pem" -days 30 \
	-subj '/O=Maker/CN=thing/serialNumber=SN-1' 2>/dev/null
chmod 600 "$work/idevid.key"

onboard() {
	on endpoint "$build/estuary-pledge" --state "$work/thing" onboard \
		--idevid "$work/idevid.pem" --key "$work/idevid.key" \
		--masa-anchor "$work/idevid.pem" --interface eth0 "$@"
}

start_estuaryd appliance
check "it is announced within 10 seconds" wait_for 10 is_announced appliance
matches "under one name" "announcing 'Estuary' as" "$(ctl appliance status)"
for format in cms jws cose; do
	check_refused "a device finds the registrar, which does not know it: $format" \
		1 "'?Estuary.* at .*requestvoucher refused .*: no manufacturer is known here, so no IDevID is$" \
		onboard --format "$format"
done
same "it has no network" '' "$(find "$work/thing" -type f 2>/dev/null)"

# --- avahi-browse ---

have_avahi=yes
for program in avahi-daemon avahi-browse avahi-publish dbus-daemon unshare \
	nsenter; do
	command -v "$program" >/dev/null || have_avahi=no
done

start_avahi() {
	printf '%s\n' '[server]' host-name=endpoint allow-interfaces=eth0 \
		'[publish]' publish-workstation=no >"$work/avahi.conf"
	# shellcheck disable=SC2016 # the inner shell expands these
	spawn endpoint "$work/avahi.log" unshare -m --propagation private \
		bash -c 'mount -t tmpfs tmpfs /run && mkdir -p /run/dbus || exit 1
			dbus-daemon --system --nofork --nopidfile &
			until [ -S /run/dbus/system_bus_socket ]; do sleep 0.05; done
			avahi-daemon --no-rlimits --no-drop-root --no-chroot -f "$1" &
			wait' bash "$work/avahi.conf"
	avahi_pid=$spawned
	wait_for 10 in_avahi avahi-browse -pt _none._tcp
}

in_avahi() {
	nsenter -m -n -t "$avahi_pid" "$@"
}

# seen PATTERN
seen() {
	in_avahi avahi-browse -rptk _brski-registrar._tcp 2>/dev/null \
		>"$work/resolved"
	grep -Eq -e "$1" "$work/resolved"
}

if [ "$have_avahi" = yes ]; then
	check "avahi-daemon runs on the device's host" start_avahi
	host=estuary-$(root_sha256 appliance | cut -c 1-8).local
	for family in IPv4 IPv6; do
		check "avahi-browse resolves the registrar over $family" \
			wait_for 10 seen \
			"^=;eth0;$family;Estuary;_brski-registrar._tcp;local;$host;.*;8443;"
	done
	same "its TXT has the variations, and nothing else" \
		'"cose" "est-tls" "jose"' \
		"$(grep '^=;eth0;IPv4;' "$work/resolved" | head -n 1 |
			grep -o '"[^"]*"' | LC_ALL=C sort | paste -sd ' ')"
else
	echo "# avahi-daemon, avahi-utils or dbus is missing: without them"
fi

# --- brski.enabled=no ---

stop_estuaryd appliance
start_estuaryd appliance --set brski.enabled=no
check "without BRSKI it is announced too" wait_for 10 is_announced appliance
if [ "$have_avahi" = yes ]; then
	gone() {
		! seen '^='
	}
	check "but not as a registrar" wait_for 10 gone
	# Another one, which offers no JWS: nobody is there.
	in_avahi avahi-publish -s Other _brski-registrar._tcp 9 est-tls \
		>"$work/publish.log" 2>&1 &
	started_pids+=("$!")
	check "a registrar of another format" wait_for 10 grep -q Established \
		"$work/publish.log"
	check_refused "is passed over" 3 'no registrar was found' \
		onboard --format jws
	check_refused "while its own format is tried" 3 \
		'no registrar could be reached.*Other' onboard --format cms
else
	check_refused "a device finds no registrar" 3 'no registrar was found' \
		onboard
fi
finish
