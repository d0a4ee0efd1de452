#!/usr/bin/env bash
# The listeners' TLS as a scanner sees it: old protocols, weak suites, groups and
# signatures, compression, renegotiation, resumption, early data, heartbeats, odd
# names, records and messages that no client would send. Afterwards the appliance
# serves as before, and has kept nothing.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

start_estuaryd main --set admin.listen=127.0.0.1:0 \
	--set server.handshake_timeout=10s
save_root main
admin=$(sed -n 's/.* admin listen=//p' "$work/main.log")

for what in "${estuaryd_listen[main]} public" "$admin administrators"; do
	"$python" -B "$system_dir/listener_tls.py" "${what%% *}" "$work/main" \
		"$work/main.root.pem" "${estuaryd_pid[main]}" "${what#* }" ||
		checks_failed=$((checks_failed + 1))
done

# s_client renegotiates on a line "R", once the handshake is done; what it says is
# in $work/reneg.
renegotiate() {
	local pid

	: >"$work/reneg"
	mkfifo "$work/lines"
	timeout $((20 * ${ESTUARY_TIME_FACTOR:-1})) \
		openssl s_client -connect "$1" -tls1_2 \
		-CAfile "$work/main.root.pem" <"$work/lines" >"$work/reneg" 2>&1 &
	pid=$!
	exec 3>"$work/lines"
	wait_for 10 grep -q 'Verify return code' "$work/reneg"
	echo R >&3
	wait_for 10 grep -qi 'no renegotiation\|closed' "$work/reneg"
	exec 3>&-
	wait "$pid"
	rm "$work/lines"
}

for address in "${estuaryd_listen[main]}" "$admin"; do
	renegotiate "$address"
	said=$(<"$work/reneg")
	matches "renegotiation is asked for at $address" '^RENEGOTIATING' "$said"
	matches "and refused" 'no renegotiation' "$said"
	matches "although it would be secure" \
		'Secure Renegotiation IS supported' "$said"
	matches "and compression is off" 'Compression: NONE' "$said"
done

if command -v gnutls-cli >/dev/null; then
	check_refused "gnutls with CBC suites" 1 'fatal alert' \
		gnutls-cli --no-ca-verification --port \
		"${estuaryd_listen[main]##*:}" --priority \
		'NORMAL:-CIPHER-ALL:+AES-128-CBC:+AES-256-CBC:-VERS-ALL:+VERS-TLS1.2' \
		127.0.0.1
	check "gnutls with AEAD suites" gnutls-cli --no-ca-verification --port \
		"${estuaryd_listen[main]##*:}" --priority NORMAL 127.0.0.1
fi

same "nothing was an error" "" "$(grep '^error' "$work/main.log")"
finish
