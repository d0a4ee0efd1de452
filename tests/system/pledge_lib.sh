# shellcheck shell=bash
# A manufacturer with its voucher service, and devices that are onboarded: to be
# sourced after lib.sh and dns_lib.sh.
# shellcheck disable=SC2154 # what lib.sh sets

maker=$work/maker
masa_port=$(free_port)

# Without these programs there is nothing to try.
for program in estuary-masa estuary-pledge; do
	if [ ! -x "$build/$program" ]; then
		echo "skip - no $program"
		exit 77
	fi
done

# make_maker N: a manufacturer and N devices.
make_maker() {
	local serials serial

	"$build/estuary-masa" --state "$work/masa" make --name Acme \
		--devices "$1" --out "$maker" --masa-url "127.0.0.1:$masa_port" \
		--mud-url https://acme.example/lamp.json >"$work/make.log" 2>&1 || {
		not_ok "estuary-masa make"
		show "$work/make.log"
		finish
	}
	# A COSE voucher comes without the certificate of who signed it.
	{
		cat "$maker/masa-ca.pem"
		openssl x509 -in "$(grep -l CERTIFICATE "$work"/masa/voucher*)"
	} >"$work/anchors.pem"
	serials=("$maker"/*.key.pem)
	devices=()
	for serial in "${serials[@]}"; do
		serial=${serial##*/}
		devices+=("${serial%.key.pem}")
	done
}

# start_masa [ARGUMENT...]: or the test ends here.
start_masa() {
	"$build/estuary-masa" --state "$work/masa" serve \
		--listen "127.0.0.1:$masa_port" "$@" \
		>"$work/masa.log" 2>&1 </dev/null &
	masa_pid=$!
	started_pids+=("$!")
	if ! wait_for 20 grep -q '^ready listen=' "$work/masa.log"; then
		not_ok "estuary-masa starts"
		show "$work/masa.log"
		finish
	fi
}

stop_masa() {
	kill -TERM "$masa_pid"
	wait "$masa_pid" 2>/dev/null
	return 0
}

# add_maker NAME [ARGUMENT...]: the appliance knows the manufacturer.
add_maker() {
	ctl "$1" manufacturer add acme --policy allow \
		--anchor "$maker/vendor-ca.pem" --masa-private \
		--masa-host 127.0.0.1 --masa-ca "$maker/masa-ca.pem" \
		--voucher-ca "$work/anchors.pem" "${@:2}"
}

# thing DEVICE ARGUMENT...: estuary-pledge with a state of its own.
thing() {
	"$build/estuary-pledge" --state "$work/thing-$1" "${@:2}"
}

# onboard DEVICE APPLIANCE [ARGUMENT...]
onboard() {
	thing "$1" onboard --idevid "$maker/$1.cert.pem" \
		--key "$maker/$1.key.pem" --masa-anchor "$work/anchors.pem" \
		--registrar "${estuaryd_listen[$2]}" "${@:3}"
}

# device_shown APPLIANCE SERIAL: the appliance's record of it.
device_shown() {
	local id

	id=$(ctl_json "$1" device list | json "[i['id'] for i in d['items']
		if i['serial_number'] == '$2'][0]") && ctl "$1" device show "$id"
}
