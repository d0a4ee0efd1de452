# shellcheck shell=bash
# A CA as those of the system's store, and an EST server with its certificates:
# to be sourced after dns_lib.sh.
# shellcheck disable=SC2154 # what lib.sh sets

# More of them for fake_est.py.
fake_est_arguments=()

# make_web_ca NAME: $work/NAME/root.pem, and an issuing CA below it.
make_web_ca() {
	local dir=$work/$1

	mkdir "$dir"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 30 -keyout "$dir/root.key" -out "$dir/root.pem" \
		-subj "/CN=$1 root" -addext keyUsage=critical,keyCertSign \
		2>/dev/null
	web_sign "$1" root issuing "$1 issuing CA" \
		"basicConstraints=critical,CA:TRUE,pathlen:0
		keyUsage=critical,keyCertSign"
}

# web_sign CA ISSUER NAME CN EXTENSIONS: $work/CA/NAME.key and .pem.
web_sign() {
	local dir=$work/$1

	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$dir/$3.key" -out "$dir/$3.csr" -subj "/CN=$4" 2>/dev/null
	openssl x509 -req -in "$dir/$3.csr" -CA "$dir/$2.pem" -CAkey \
		"$dir/$2.key" -days 30 -out "$dir/$3.pem" -extfile \
		<(printf '%s\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' \
			"$5") 2>/dev/null || not_ok "a certificate for $4"
}

# web_cert CA DIRECTORY DOMAIN: key.pem, cert.pem and fullchain.pem there.
web_cert() {
	web_sign "$1" issuing "$2" "$3" "subjectAltName=DNS:$3
		extendedKeyUsage=serverAuth
		keyUsage=critical,digitalSignature"
	mkdir -p "$work/$2"
	cp "$work/$1/$2.key" "$work/$2/key.pem"
	cp "$work/$1/$2.pem" "$work/$2/cert.pem"
	cat "$work/$1/$2.pem" "$work/$1/issuing.pem" >"$work/$2/fullchain.pem"
}

# start_fake_est DIRECTORY DNS [CA]: an EST server with the certificate there,
# which hands out that of DNS, and the certificates of CA (web by default) as
# /cacerts. Its port is est_port.
start_fake_est() {
	cat "$work/${3:-web}/root.pem" "$work/${3:-web}/issuing.pem" \
		>"$work/cacerts.pem"
	: >"$work/fake_est"
	"$python" "$system_dir/fake_est.py" --cert "$work/$1/fullchain.pem" \
		--key "$work/$1/key.pem" --cacerts "$work/cacerts.pem" \
		--eecerts "$work/$2/cert.pem" --adn dns.lab.test \
		--dot "$dot_port" --doh "$doh_port" \
		"${fake_est_arguments[@]}" >"$work/fake_est" \
		2>"$work/fake_est.err" </dev/null &
	fake_est_pid=$!
	started_pids+=("$!")
	wait_for 10 test -s "$work/fake_est" || not_ok "fake_est.py starts"
	# shellcheck disable=SC2034 # for the tests that source this
	est_port=$(cat "$work/fake_est")
}

stop_fake_est() {
	kill -KILL "$fake_est_pid"
	wait "$fake_est_pid" 2>/dev/null
	return 0
}

# implicit ENDPOINT [ARGUMENT...]: joins by name alone.
implicit() {
	endpoint "$1" join --trust implicit --server "127.0.0.1:$est_port" \
		--server-name est.lab.test "${@:2}"
}
