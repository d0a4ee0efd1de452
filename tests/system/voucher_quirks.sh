#!/bin/bash
# What only some manufacturers want: base64 bodies, another root key, and
# credentials for their MASAs.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/voucher_lib.sh
. "$(dirname "$0")/voucher_lib.sh"
patience=(--patient)

check "a MASA" start_masa || finish
for number in 1 2 3 4 5 6 7 8; do
	new_device "thing$number" "SN-$number"
done
start_estuaryd main
enter_maker

# set_maker ARGUMENT...: a change of its entry.
set_maker() {
	check "manufacturer set $1" ctl main manufacturer set acme "$@"
}

# used RESOURCE: the credential that the MASA saw last.
used() {
	grep "^$1 " "$work/masa.log" | tail -n 1 | cut -d ' ' -f 5-
}

# --- base64 bodies ---

matches "base64 of a device is not taken" '^400 ' \
	"$(pledge thing1 --base64 --request "$work/one.pvr")"
same "nor brought to the MASA" 0 "$(masa_asked)"
set_maker --base64
masa_mode base64
matches "where the manufacturer says so, it is" '^200 ' \
	"$(pledge thing1 --base64 --request "$work/one.pvr" \
		--save "$work/voucher")"
check "and what it gets is base64 of a voucher" openssl cms -verify -noverify \
	-inform DER -in "$work/voucher"
matches "octets are taken all the same, and answered with such" '^200 ' \
	"$(pledge thing2 --save "$work/voucher")"
check "a voucher" openssl cms -verify -noverify -inform DER -in "$work/voucher"
masa_mode good
set_maker --no-base64
matches "and taken back" '^400 ' "$(pledge thing3 --base64)"
masa_mode base64
matches "a MASA that answers in base64 is none, then" '^502 ' \
	"$(pledge thing3)"
masa_mode good

# --- another root key ---

plain=ietf-voucher:voucher
matches "a voucher is no request" '^400 .*ietf-voucher-request:voucher' \
	"$(pledge thing3 --root "$plain" --request "$work/three.pvr")"
set_maker --plain-root
masa_mode plain
matches "where the manufacturer says so, it is one" '^200 ' \
	"$(pledge thing3 --root "$plain" --request "$work/three.pvr")"
masa_mode good
set_maker --no-plain-root

# --- credentials ---

same "nothing is shown to the MASA" None "$(used requestvoucher)"
touch "$work/secret"
chmod 600 "$work/secret"
echo 'registrar:open sesame' >"$work/secret"
set_maker --masa-credential-file "$work/secret"
matches "a name and a password" '^200 ' "$(pledge thing4)"
basic="Basic $(printf 'registrar:open sesame' | base64)"
same "are Basic" "$basic" "$(used requestvoucher)"
same "for the audit log, too" "$basic" "$(used requestauditlog)"
same "and never shown again" 0 "$(ctl_json main manufacturer show acme |
	grep -c -F -e sesame -e "${basic#Basic }")"
same "nor logged" 0 "$(grep -c -F -e sesame -e "${basic#Basic }" \
	"$work/main.log")"
check "nor legible in the store" test "$(cat "$work"/main/estuary.db* |
	grep -c -a -F sesame)" -eq 0
new_cert customer ca '/CN=our registrar' 'basicConstraints=CA:FALSE' \
	'extendedKeyUsage=clientAuth'
cat "$maker/customer.pem" "$maker/customer.key" >"$work/secret"
set_maker --masa-client-cert "$work/secret"
matches "a client certificate" '^200 ' "$(pledge thing5)"
same "is shown" 'our registrar' "$(used requestvoucher)"
same "for the audit log, too" 'our registrar' "$(used requestauditlog)"
stop_estuaryd main
start_estuaryd main
matches "also after a restart" '^200 ' "$(pledge thing6)"
same "is it shown" 'our registrar' "$(used requestvoucher)"
new_cert stranger-customer stranger '/CN=nobody' 'basicConstraints=CA:FALSE'
cat "$maker/stranger-customer.pem" "$maker/stranger-customer.key" \
	>"$work/secret"
set_maker --masa-client-cert "$work/secret"
matches "one that the MASA does not take" '^50[24] .*MASA' "$(pledge thing7)"
cat "$maker/customer.pem" "$maker/stranger-customer.key" >"$work/secret"
check_refused "a key that is not the certificate's" 1 'masa_credential' \
	ctl main manufacturer set acme --masa-client-cert "$work/secret"
set_maker --no-masa-credential
matches "without any" '^200 ' "$(pledge thing8)"
same "nothing is shown" None "$(used requestvoucher)"
finish
