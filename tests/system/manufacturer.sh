#!/usr/bin/env bash
# Manufacturers by estuaryctl: added, shown, changed one value at a time, and
# there after a restart; devices and requests when there are none.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# make_ca NAME: a self-signed CA certificate, $work/NAME.pem and NAME.key.
make_ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$work/$1.key" -out "$work/$1.pem" -days 30 \
		-subj "/CN=$1" -addext 'basicConstraints=critical,CA:TRUE' \
		-addext 'keyUsage=critical,keyCertSign' 2>/dev/null
}

make_ca acme
make_ca acme-two
make_ca masa
cat "$work/masa.pem" "$work/masa.key" >"$work/client.pem"
chmod 0600 "$work/client.pem"
start_estuaryd main

# member NAME EXPRESSION: of what the API says of it.
member() {
	ctl_json main manufacturer show "$1" | json "$2"
}

check "add" ctl main manufacturer add Acme --anchor "$work/acme.pem"
same "asks by default" ask "$(member Acme 'd["policy"]')"
same "takes the subject's serial number by default" subject \
	"$(member Acme 'd["serial_source"]')"
same "allows no private MASA by default" false \
	"$(member Acme 'd["masa_private"]')"
check "add with everything" ctl main manufacturer add 'Other & Sons/2' \
	--anchor "$work/acme.pem" --anchor "$work/acme-two.pem" \
	--policy list --serial 'A-*' --serial 'B 1' \
	--serial-source hardware-module --serial-pattern 'SN:{}' \
	--masa-url masa.example:9443 --masa-host '*.masa.example' \
	--masa-host 192.0.2.1 --masa-private --masa-ca "$work/masa.pem" \
	--voucher-ca "$work/masa.pem" --masa-client-cert "$work/client.pem" \
	--cose-type application/voucher-cose+cbor --base64 --plain-root \
	--known-domain 'AAECAwQFBgcICQoLDA0ODxAREhM=' --nonceless refuse \
	--enrollment ask --allow-name '*.things.lab.test'
ctl_json main manufacturer show 'Other & Sons/2' >"$work/other.json"
check "everything is as it was given" "$python" -c '
import json, sys
d = json.load(open(sys.argv[1]))
want = {"name": "Other & Sons/2", "policy": "list",
        "serials": ["A-*", "B 1"], "serial_source": "hardware-module",
        "serial_pattern": "SN:{}", "masa_url": "masa.example:9443",
        "masa_hosts": ["*.masa.example", "192.0.2.1"], "masa_private": True,
        "cose_type": "application/voucher-cose+cbor", "base64_bodies": True,
        "plain_root": True, "nonceless": "refuse", "enrollment": "ask",
        "known_domains": ["AAECAwQFBgcICQoLDA0ODxAREhM="],
        "allow_names": ["*.things.lab.test"], "has_credential": True}
assert {k: d[k] for k in want} == want, d
assert d["anchors"].count("-----BEGIN CERT") == 2, d["anchors"]
assert "masa_credential" not in d' "$work/other.json"
if grep -qF "$(sed -n 3p "$work/masa.key")" "$work/other.json" \
	"$work/main.log"; then
	not_ok "the credential is neither shown nor logged"
else
	ok "the credential is neither shown nor logged"
fi
check "list" ctl main manufacturer list
matches "has both" '^ask .*Acme$' "$(cat "$work/out")"
same "as JSON too" '["Acme", "Other & Sons/2"]' \
	"$(ctl_json main manufacturer list | json '[m["name"] for m in d["items"]]')"
check "show" ctl main manufacturer show 'Other & Sons/2'
matches "says what it is" 'serial from +hardware-module, pattern SN:\{\}' \
	"$(cat "$work/out")"

check "set one value" ctl main manufacturer set 'Other & Sons/2' --policy allow
same "changes it" allow "$(member 'Other & Sons/2' 'd["policy"]')"
same "and no other" "$(json '[v for k, v in d.items() if k not in
	("policy", "changed_at")]' <"$work/other.json")" \
	"$(member 'Other & Sons/2' '[v for k, v in d.items() if k not in
	("policy", "changed_at")]')"
check "empty a list" ctl main manufacturer set 'Other & Sons/2' --serial ''
same "empties it" '[]' "$(member 'Other & Sons/2' 'd["serials"]')"
check "take flags and the credential away" ctl main manufacturer set \
	'Other & Sons/2' --no-masa-private --no-base64 --no-plain-root \
	--no-masa-credential
same "takes them away" '[false, false, false, false]' \
	"$(member 'Other & Sons/2' '[d[k] for k in ("masa_private",
	"base64_bodies", "plain_root", "has_credential")]')"
printf 'registrar:s3cret phrase\n' >"$work/credential"
chmod 0600 "$work/credential"
check "a user and a password for the MASA" ctl main manufacturer set Acme \
	--masa-credential-file "$work/credential"
same "are there" true "$(member Acme 'd["has_credential"]')"

stop_estuaryd main
start_estuaryd main
same "all is there after a restart" '[["Acme", true], ["Other & Sons/2", false]]' \
	"$(ctl_json main manufacturer list |
		json '[[m["name"], m["has_credential"]] for m in d["items"]]')"
check "remove" ctl main manufacturer remove 'Other & Sons/2'
same "leaves the other" '["Acme"]' \
	"$(ctl_json main manufacturer list | json '[m["name"] for m in d["items"]]')"
check "no devices" ctl main device list
same "as JSON" '{"items": [], "next": null}' "$(ctl_json main device list |
	json 'd')"
same "no requests" '{"items": [], "next": null}' \
	"$(ctl_json main request list --all | json 'd')"
same "each change has its audit row" '{"add": 2, "change": 4, "remove": 1}' \
	"$(ctl_json main audit | json '{k: sum(i["event"] == "manufacturer." + k
	for i in d["items"]) for k in ("add", "change", "remove")}')"
finish
