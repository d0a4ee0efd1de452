#!/bin/bash
# A voucher that takes its time: a MASA that is slow, a registrar that ends
# meanwhile, and a person who decides. [RFC8995 5.6]

# Most functions are called by their names, through check.
# shellcheck disable=SC2317

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/voucher_lib.sh
. "$(dirname "$0")/voucher_lib.sh"
# shellcheck source=tests/system/clock_lib.sh
. "$(dirname "$0")/clock_lib.sh"

check "a MASA" start_masa || finish
for number in 1 2 3 4 5 6 7; do
	new_device "thing$number" "SN-$number"
done
for name in foreign stray late; do
	new_cert "$name" stranger "/O=Other/CN=$name/serialNumber=$name" \
		'basicConstraints=CA:FALSE' 'authorityKeyIdentifier=keyid' \
		"1.3.6.1.5.5.7.1.32=ASN1:IA5STRING:localhost:$masa_port"
done

add_maker() {
	ctl main manufacturer add "$1" --policy "$2" --anchor "$3" \
		--masa-private --masa-host localhost \
		--masa-ca "$maker/ca.pem" --voucher-ca "$maker/ca.pem"
}

start_main() {
	start_estuaryd main --set brski.unknown=ask
}

start_main
check "the manufacturer is entered" add_maker acme allow "$maker/ca.pem" ||
	finish

# devices EXPRESSION, requests EXPRESSION [ARGUMENT...]: of those listed.
devices() {
	ctl_json main device list | json "$1"
}

requests() {
	ctl_json main request list "${@:2}" | json "$1"
}

# waits_for WHOSE: the id of the request that waits, by its subject.
waits_for() {
	requests "[r['id'] for r in d['items'] if '$1' in r['subject']][0]"
}

asked_more_than() {
	[ "$(masa_asked)" -gt "$1" ]
}

# ask_in_background DEVICE NAME [ARGUMENT...]: until the MASA has the question and
# sits on it; what the device gets is in $work/NAME.
ask_in_background() {
	local before

	before=$(masa_asked)
	pledge "$1" --request "$work/$2.pvr" "${@:3}" >"$work/$2" 2>&1 &
	asking=$!
	check "$2: the MASA is asked" wait_for 20 asked_more_than "$before"
}

# retry_in_a_minute ANSWER
retry_in_a_minute() {
	local status seconds rest

	read -r status seconds rest <<<"$1"
	: "$rest"
	[ "$status" = 202 ] && [ "$seconds" -ge 1 ] && [ "$seconds" -le 60 ]
}

# --- a MASA that takes eight seconds, and a device that does as it is told ---

masa_mode slow
answer=$(pledge thing1 --request "$work/slow.pvr" --took "$work/took")
check "the device is told to come back within a minute: $answer" \
	retry_in_a_minute "$answer"
after_four_seconds "after about four seconds" "$(cat "$work/took")"
for _ in 1 2 3 4; do
	retry_in_a_minute "$answer" || break
	sleep "$(cut -d ' ' -f 2 <<<"$answer")"
	answer=$(pledge thing1 --request "$work/slow.pvr")
done
matches "the same request gets the voucher" '^200 ' "$answer"
same "for which the MASA was asked once" 1 "$(masa_asked)"

# --- the registrar ends while the MASA is being asked ---

masa_mode stall
ask_in_background thing2 sigterm
started=$(now_ms)
stop_estuaryd main
took=$(($(now_ms) - started))
check "it does not wait for the MASA: $took ms" \
	test "$took" -lt $((4000 * ${ESTUARY_TIME_FACTOR:-1}))
wait "$asking"
check "who waits is told to come back: $(cat "$work/sigterm")" \
	retry_in_a_minute "$(cat "$work/sigterm")"
start_main
masa_mode good
matches "after SIGTERM the same request gets its voucher" '^200 ' \
	"$(pledge thing2 --request "$work/sigterm.pvr")"
same "since the MASA is asked again" 3 "$(masa_asked)"

masa_mode stall
ask_in_background thing3 killed
kill_estuaryd main
wait "$asking"
start_main
masa_mode good
matches "after kill -9 the same request gets its voucher" '^200 ' \
	"$(pledge thing3 --request "$work/killed.pvr" --save "$work/voucher")"
matches "and the same again" '^200 ' \
	"$(pledge thing3 --request "$work/killed.pvr" --save "$work/again")"
check "byte for byte" cmp "$work/voucher" "$work/again"
same "the MASA was asked again once" 5 "$(masa_asked)"
same "no device is there twice" '["SN-1", "SN-2", "SN-3"]' \
	"$(devices 'sorted(i["serial_number"] for i in d["items"])')"

# --- a device that was restarted: its newer request counts ---

masa_mode stall
ask_in_background thing4 older --patient
older=$asking
ask_in_background thing4 newer --patient
newer=$asking
wait "$older"
matches "the older request is over" '^403 .*newer voucher request' \
	"$(cat "$work/older")"
masa_mode good
wait "$newer"
matches "the newer one gets its voucher" '^200 ' "$(cat "$work/newer")"
thing4=$(devices '[i["id"] for i in d["items"]
	if i["serial_number"] == "SN-4"][0]')
same "one voucher was issued for the device" 1 \
	"$(ctl_json main device show "$thing4" | json 'sum(e["kind"] ==
	"voucher" for e in d["events"])')"

# --- a person decides ---

before=$(masa_asked)
check "the policy becomes ask" ctl main manufacturer set acme --policy ask
matches "a device waits" "^202 [1-9][0-9]? .*administrator's approval" \
	"$(pledge thing5 --request "$work/ask5.pvr")"
matches "so does another" '^202 ' "$(pledge thing6 --request "$work/ask6.pvr")"
matches "the same again" '^202 ' "$(pledge thing5 --request "$work/ask5.pvr")"
same "each is listed once" '["SN-5", "SN-6"]' \
	"$(requests 'sorted(r["subject"].split()[2] for r in d["items"])')"
same "as what it is" '["voucher", "waiting", "127.0.0.1"]' \
	"$(requests '[d["items"][0][k] for k in ("kind", "state", "source")]')"
same "the MASA was not asked" "$before" "$(masa_asked)"
stop_estuaryd main
start_main
matches "they wait after a restart, too" '^202 ' \
	"$(pledge thing5 --request "$work/ask5.pvr")"
check "one is approved" ctl main request approve "$(waits_for SN-5)"
matches "its same request gets its voucher" '^200 ' \
	"$(pledge thing5 --request "$work/ask5.pvr")"
check "one is denied" ctl main request deny "$(waits_for SN-6)" \
	--reason 'not on this floor'
matches "with the reason" '^403 .*denied .*not on this floor' \
	"$(pledge thing6 --request "$work/ask6.pvr")"
matches "so is a newer request of it" '^403 .*not on this floor' \
	"$(pledge thing6)"
same "the MASA was asked for the approved one alone" "$((before + 1))" \
	"$(masa_asked)"
same "one approval is one voucher" 0 \
	"$(requests 'sum("SN-5" in r["subject"] for r in d["items"])' --all)"

# A slow MASA behind an approval.
matches "another device waits for a person" '^202 ' \
	"$(pledge thing7 --request "$work/ask7.pvr")"
check "who approves" ctl main request approve "$(waits_for SN-7)"
masa_mode stall
rm -f "$work/approved.pvr"
mv "$work/ask7.pvr" "$work/approved.pvr"
ask_in_background thing7 approved
kill_estuaryd main
wait "$asking"
start_main
masa_mode good
matches "the approval outlives the end of the registrar" '^200 ' \
	"$(pledge thing7 --request "$work/approved.pvr")"

# --- a manufacturer that nobody entered ---

before=$(masa_asked)
matches "an unknown manufacturer's device waits for a person" \
	"^202 [1-9][0-9]? .*administrator's approval" \
	"$(pledge foreign --request "$work/foreign.pvr")"
matches "another one, too" '^202 ' "$(pledge stray --request "$work/stray.pvr")"
matches "the list says what they are" "unknown manufacturer's device foreign" \
	"$(ctl main request list)"
check "one is denied" ctl main request deny "$(waits_for stray)" \
	--reason 'nobody knows it'
matches "with the reason" '^403 .*nobody knows it' \
	"$(pledge stray --request "$work/stray.pvr")"
check "one is approved" ctl main request approve "$(waits_for foreign)"
matches "but nobody knows its MASA's rules" '^202 .*not entered its manufacturer' \
	"$(pledge foreign --request "$work/foreign.pvr")"
same "an unknown manufacturer's MASA is not asked" "$before" "$(masa_asked)"
# Beyond the age that a request may have when it first comes.
stop_estuaryd main
at 3600 start_main
matches "[RFC8995 5.5] a stale request asks no person" '^403 .*stale' \
	"$(pledge late)"
matches "one that waits for an hour is taken" '^202 .*not entered' \
	"$(pledge foreign --request "$work/foreign.pvr")"
check "its manufacturer is entered" add_maker other ask "$maker/stranger.pem"
matches "then its same request gets its voucher" '^200 ' \
	"$(pledge foreign --request "$work/foreign.pvr")"
matches "which was approved, and the other denied" '^403 .*nobody knows it' \
	"$(pledge stray --request "$work/stray.pvr")"
finish
