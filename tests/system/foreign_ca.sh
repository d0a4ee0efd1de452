# shellcheck shell=bash
# A CA that is not the appliance's, made with openssl: to be sourced after
# lib.sh.
# shellcheck disable=SC2154 # what lib.sh sets

fca=$work/foreign
mkdir -p "$fca"

# The extensions of a server's certificate, as public CAs write them.
server_exts() {
	printf '%s\n' 'basicConstraints=critical,CA:FALSE' \
		'keyUsage=critical,digitalSignature' \
		'extendedKeyUsage=serverAuth' 'subjectKeyIdentifier=hash' \
		"subjectAltName=$1"
}

new_key() {
	(umask 077 && openssl genpkey -quiet -algorithm EC \
		-pkeyopt ec_paramgen_curve:P-256 -out "$fca/$1.key" 2>/dev/null)
}

# sign NAME CA DAYS: $fca/NAME.pem for NAME.key, with the extensions on standard
# input. More arguments go to openssl.
sign() {
	cat >"$fca/$1.ext"
	openssl req -new -key "$fca/$1.key" -subj "/CN=$1" -out "$fca/$1.csr" &&
		openssl x509 -req -in "$fca/$1.csr" -CA "$fca/$2.pem" \
			-CAkey "$fca/$2.key" -set_serial "0x$(openssl rand -hex 15)" \
			-extfile "$fca/$1.ext" -out "$fca/$1.pem" -days "$3" \
			"${@:4}" 2>/dev/null
}

make_root() {
	new_key root && openssl req -new -x509 -key "$fca/root.key" -days 30 \
		-subj "/CN=Foreign Root" -out "$fca/root.pem" \
		-addext "keyUsage=critical,keyCertSign,cRLSign"
}

# The root and an intermediate.
foreign_ca() {
	make_root &&
		new_key sub && sign sub root 30 <<-EXT
			basicConstraints=critical,CA:TRUE,pathlen:0
			keyUsage=critical,keyCertSign,cRLSign
			subjectKeyIdentifier=hash
		EXT
}

# server_cert NAME SAN [DAYS]: NAME.key, NAME.pem, NAME.chain by the
# intermediate.
server_cert() {
	new_key "$1" && server_exts "$2" | sign "$1" sub "${3:-10}" &&
		cat "$fca/$1.pem" "$fca/sub.pem" >"$fca/$1.chain"
}

# A certificate whose time has passed, or has not come: dates as openssl ca
# takes them, YYYYMMDDHHMMSSZ.
dated_cert() {
	new_key "$1" || return
	server_exts "$2" >"$fca/$1.ext"
	rm -f "$fca/index"
	: >"$fca/index"
	cat >"$fca/ca.conf" <<-CONF
		[ca]
		default_ca = c
		[c]
		database = $fca/index
		new_certs_dir = $fca
		default_md = sha256
		policy = p
		rand_serial = yes
		[p]
		commonName = supplied
	CONF
	openssl req -new -key "$fca/$1.key" -subj "/CN=$1" -out "$fca/$1.csr" &&
		openssl ca -batch -notext -config "$fca/ca.conf" -in "$fca/$1.csr" \
			-cert "$fca/sub.pem" -keyfile "$fca/sub.key" \
			-extfile "$fca/$1.ext" -startdate "$3" -enddate "$4" \
			-out "$fca/$1.pem" 2>"$fca/ca.log" &&
		cat "$fca/$1.pem" "$fca/sub.pem" >"$fca/$1.chain"
}

# days_off N: that many days from now, as dated_cert takes them.
days_off() {
	date -u -d "$1 days" +%Y%m%d%H%M%SZ
}

serial_of() {
	openssl x509 -in "$1" -noout -serial | sed 's/serial=//; s/.*/\L&/'
}
