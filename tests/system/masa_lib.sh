# shellcheck shell=bash
# A voucher service, and a registrar out of openssl cms and curl: to be sourced
# after lib.sh and web_lib.sh.
# shellcheck disable=SC2154 # what lib.sh sets

masa_pid=
masa_listen=
anima_voucher=1.2.840.113549.1.9.16.1.40
# What ask() calls the request.
request_type=application/voucher-cms+json

masa() {
	"$build/estuary-masa" --state "$work/masa" "$@"
}

# start_masa [ARGUMENT...]: or the test ends here. $masa_listen is its address.
start_masa() {
	local end=$((SECONDS + 30 * ${ESTUARY_TIME_FACTOR:-1}))

	rm -f "$work/masa.log"
	"$build/estuary-masa" --state "$work/masa" serve --listen 127.0.0.1:0 \
		"$@" >"$work/masa.log" 2>&1 </dev/null &
	masa_pid=$!
	started_pids+=("$!")
	until grep -q '^ready listen=' "$work/masa.log" 2>/dev/null; do
		if ! kill -0 "$masa_pid" 2>/dev/null || [ "$SECONDS" -ge "$end" ]; then
			not_ok "estuary-masa $* starts"
			show "$work/masa.log"
			finish
		fi
		sleep 0.05
	done
	masa_listen=$(sed -n 's/^ready listen=//p' "$work/masa.log")
}

stop_masa() {
	local status=0

	kill -TERM "$masa_pid"
	wait "$masa_pid" || status=$?
	same "SIGTERM ends estuary-masa with 0" 0 "$status"
}

# make_domain NAME: a CA, a registrar of it, and a TLS server of it.
make_domain() {
	make_web_ca "$1"
	web_sign "$1" issuing registrar "$1 registrar" \
		"extendedKeyUsage=serverAuth,clientAuth,1.3.6.1.5.5.7.3.28"
	web_sign "$1" issuing front "$1 front" "extendedKeyUsage=serverAuth"
}

# Standard input as hex.
hex() {
	od -An -v -tx1 | tr -d ' \n'
}

# der64 FILE: a certificate as base64 of its DER.
der64() {
	openssl x509 -in "$1" -outform der | base64 -w0
}

# cms_sign KEY CERT IN OUT [ARGUMENT...]: as a voucher request is.
cms_sign() {
	openssl cms -sign -binary -nodetach -nosmimecap -md sha256 \
		-econtent_type "$anima_voucher" -outform der \
		-inkey "$1" -signer "$2" -in "$3" -out "$4" "${@:5}"
}

# device_request SERIAL NONCE REGISTRAR-CERT [SIGNER]: $work/pvr.cms, signed by
# the device SERIAL unless it is another.
device_request() {
	local by=${4:-$1}

	printf '{"ietf-voucher-request:voucher":{"assertion":"proximity",' \
		>"$work/pvr.json"
	printf '"created-on":"2026-01-01T00:00:00Z","serial-number":"%s",' \
		"$1" >>"$work/pvr.json"
	printf '"nonce":"%s","proximity-registrar-cert":"%s"}}' "$2" \
		"$(der64 "$3")" >>"$work/pvr.json"
	cms_sign "$work/out-masa/$by.key.pem" "$work/out-masa/$by.cert.pem" \
		"$work/pvr.json" "$work/pvr.cms"
}

# registrar_request DOMAIN SERIAL NONCE [MEMBER]: $work/rvr.cms around
# $work/pvr.cms, by the registrar of a domain with its whole chain. NONCE -:
# neither a nonce nor the device's request. MEMBER: more JSON.
registrar_request() {
	local dir=$work/$1

	printf '{"ietf-voucher-request:voucher":{"serial-number":"%s",' "$2" \
		>"$work/rvr.json"
	if [ "$3" != - ]; then
		printf '"nonce":"%s","prior-signed-voucher-request":"%s",' "$3" \
			"$(base64 -w0 "$work/pvr.cms")" >>"$work/rvr.json"
	fi
	printf '%s"created-on":"%s"}}' "${4:+$4,}" "$(date -u +%FT%TZ)" \
		>>"$work/rvr.json"
	cat "$dir/issuing.pem" "$dir/root.pem" >"$work/chain.pem"
	cms_sign "$dir/registrar.key" "$dir/registrar.pem" "$work/rvr.json" \
		"$work/rvr.cms" -certfile "$work/chain.pem"
}

# ask PATH [CURL ARGUMENT...]: posts $work/rvr.cms; the status is printed, the
# answer in $work/answer, its headers in $work/headers.
ask() {
	curl -s --cacert "$work/out-masa/masa-ca.pem" -o "$work/answer" \
		-D "$work/headers" -w '%{http_code}' -X POST \
		-H "Content-Type: $request_type" --data-binary "@$work/rvr.cms" \
		"${@:2}" "https://$masa_listen/.well-known/brski/$1"
}

# The voucher of $work/answer, verified, in $work/voucher.json; its members are
# then printed by voucher_field.
open_voucher() {
	openssl cms -verify -binary -inform der -in "$work/answer" \
		-CAfile "$work/out-masa/masa-ca.pem" -purpose any \
		-out "$work/voucher.json" 2>"$work/verify.err"
}

voucher_field() {
	json "d['ietf-voucher:voucher'].get('$1', 'absent')" <"$work/voucher.json"
}
