# shellcheck shell=bash
# shellcheck disable=SC2154 # lib.sh sets work, python, system_dir
# A manufacturer for the tests of vouchers: its CA, devices, and a MASA that
# does what $work/masa.mode says. To be sourced behind lib.sh.

maker=$work/maker
masa_port=

# new_ca NAME
new_ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$maker/$1.key" -out "$maker/$1.pem" -days 30 \
		-subj "/O=Maker/CN=$1" -addext 'basicConstraints=critical,CA:TRUE' \
		-addext 'keyUsage=critical,keyCertSign,cRLSign' 2>/dev/null
}

# new_cert NAME CA SUBJECT EXTENSION...
new_cert() {
	local name=$1 ca=$2 subject=$3

	shift 3
	printf '%s\n' "$@" >"$maker/$name.ext"
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$maker/$name.key" -out "$maker/$name.csr" \
		-subj "$subject" 2>/dev/null
	openssl x509 -req -in "$maker/$name.csr" -CA "$maker/$ca.pem" \
		-CAkey "$maker/$ca.key" -CAcreateserial -days 20 \
		-extfile "$maker/$name.ext" -out "$maker/$name.pem" 2>/dev/null
}

# new_device NAME SERIAL: whose IDevID names the MASA.
new_device() {
	new_cert "$1" ca "/O=Maker/CN=thing $2/serialNumber=$2" \
		'basicConstraints=CA:FALSE' 'authorityKeyIdentifier=keyid' \
		"1.3.6.1.5.5.7.1.32=ASN1:IA5STRING:localhost:$masa_port"
}

masa_mode() {
	echo "$1" >"$maker/mode"
}

masa_serves() {
	[ -s "$maker/port" ]
}

# The CA of the devices, the MASA's TLS certificate and its voucher signer are
# of one root.
start_masa() {
	mkdir -p "$maker"
	new_ca ca
	new_ca stranger
	new_cert tls ca /CN=localhost 'subjectAltName=DNS:localhost'
	new_cert signer ca '/O=Maker/CN=voucher signer' 'basicConstraints=CA:FALSE'
	new_cert stranger-signer stranger /CN=stranger 'basicConstraints=CA:FALSE'
	masa_mode good
	"$python" "$system_dir/voucher_masa.py" "$maker" \
		>"$work/masa.log" 2>&1 </dev/null &
	started_pids+=("$!")
	wait_for 10 masa_serves || return 1
	masa_port=$(cat "$maker/port")
}

# enter_maker: at the appliance main, or the test ends here.
enter_maker() {
	check "the manufacturer is entered" ctl main manufacturer add acme \
		--policy allow --anchor "$maker/ca.pem" --masa-private \
		--masa-host localhost --masa-ca "$maker/ca.pem" \
		--voucher-ca "$maker/ca.pem" || finish
}

# For a test in which no request has to wait: the registrar's four seconds are over
# before the MASA's answer is there, now and then.
patience=()

# pledge DEVICE ARGUMENT...: one request; prints status, Retry-After and text.
pledge() {
	"$python" "$system_dir/voucher_pledge.py" "${estuaryd_listen[main]}" \
		"$maker" "$@" "${patience[@]}"
}

# after_four_seconds NAME MS: the registrar's patience with a MASA.
after_four_seconds() {
	check "$1: $2 ms" test "$2" -ge 3500 -a \
		"$2" -lt $((5000 * ${ESTUARY_TIME_FACTOR:-1}))
}

# How often the MASA was asked for a voucher.
masa_asked() {
	grep -c '^requestvoucher' "$work/masa.log"
}
