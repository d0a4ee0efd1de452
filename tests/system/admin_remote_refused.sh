#!/usr/bin/env bash
# Where administration from elsewhere ends: above all, before the token leaves.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

admin_address() {
	sed -n 's/.* admin listen=//p' "$work/$1.log"
}

# remote URL FILE ARGUMENT...
# shellcheck disable=SC2317 # called through check
remote() {
	"$build/estuaryctl" --url "$1" --token-file "$2" "${@:3}"
}

# fake CHAIN KEY: a server that stands in between; its port is $fake_port, what
# it is told $work/told.
fake() {
	: >"$work/told"
	rm -f "$work/fake.out"
	"$python" "$system_dir/admin_remote_server.py" "$1" "$2" "$work/told" \
		>"$work/fake.out" &
	fake_pid=$!
	started_pids+=("$fake_pid")
	wait_for 10 test -s "$work/fake.out"
	fake_port=$(head -n 1 "$work/fake.out")
}

# refused_unsent NAME PATTERN FILE: by the token in FILE, at the fake server.
refused_unsent() {
	check_refused "$1" 1 "$2" remote "https://127.0.0.1:$fake_port" "$3" status
	same "and it was told nothing" 0 "$(stat -c %s "$work/told")"
	kill "$fake_pid"
	wait "$fake_pid" 2>/dev/null
}

start_estuaryd main --set admin.listen=127.0.0.1:0
start_estuaryd other --set admin.listen=127.0.0.1:0
url=https://$(admin_address main)
umask 077
for name in main other; do
	ctl "$name" token add boss --scope admin >"$work/$name.token" 2>/dev/null
	save_root "$name"
done
umask 022
token=$work/main.token
check "the token is good where it belongs" remote "$url" "$token" status

# --- the command line, the file, the server's absence ---

# [RFC6750 5.3]
check_refused "http://: the token is not sent in the clear" 2 'https://' \
	remote "http://$(admin_address main)" "$token" status
for bad in '' 'admin.sock' "${url#https://}" "$url/api" "$url/?x" "$url/#x" \
	"https://user@${url#https://}" "https://u:p@${url#https://}" \
	"ftp://${url#https://}"; do
	check_refused "not a server's URL: '$bad'" 2 'https://HOST' \
		remote "$bad" "$token" status
done
check_refused "--url without a token" 2 'token-file' \
	"$build/estuaryctl" --url "$url" status
check_refused "--token-file without a URL" 2 'url' \
	"$build/estuaryctl" --token-file "$token" status
check_refused "both ways at once" 2 'either' "$build/estuaryctl" \
	--state "$work/main" --url "$url" --token-file "$token" status
cp "$token" "$work/open.token"
for mode in 0644 0640 0660 0604; do
	chmod "$mode" "$work/open.token"
	check_refused "a token file of mode $mode" 1 'chmod' \
		remote "$url" "$work/open.token" status
done
check_refused "no such file" 1 'No such file' \
	remote "$url" "$work/none.token" status
umask 077
: >"$work/empty.token"
printf '%s' "$(cat "$token")" >"$work/bare.token"
printf '%s\n\n' "$(cat "$token")" >"$work/lines.token"
printf ' %s\n' "$(cat "$token")" >"$work/space.token"
cut -c 1-111 "$token" >"$work/cut.token"
printf '%s\0\n' "$(cat "$token")" >"$work/nul.token"
umask 022
check "a file without a line feed at its end" \
	remote "$url" "$work/bare.token" status
for file in empty lines space cut nul; do
	check_refused "a file that is not a token: $file" 1 'not a token' \
		remote "$url" "$work/$file.token" status
done
check_refused "nobody at that port: 3" 3 'no estuaryd' \
	remote "https://127.0.0.1:$(free_port)" "$token" status
check_refused "the public listener shows no root that the token names" 1 \
	'root certificate' remote "https://${estuaryd_listen[main]}" "$token" status

# --- servers that are not the appliance ---

check_refused "another appliance" 1 'was not sent.*root certificate' \
	remote "https://$(admin_address other)" "$token" status
same "never saw a token" 0 "$(ctl_json other audit |
	json 'sum(r["count"] for r in d["items"] if r["event"] == "admin.refused")')"

ctl main dns-server issue --name dns.lab.test --label domain-s --ip 127.0.0.1 \
	--out "$work/dns" >/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout "$work/self.key" -out "$work/self.pem" -days 1 \
	-subj /CN=est.lab.test -addext basicConstraints=CA:FALSE \
	-addext subjectAltName=IP:127.0.0.1 2>/dev/null
fake "$work/self.pem" "$work/self.key"
refused_unsent "a certificate of its own" 'root certificate' "$token"
cat "$work/self.pem" "$work/main.root.pem" >"$work/self_root.pem"
fake "$work/self_root.pem" "$work/self.key"
refused_unsent "with the true root beside it" 'path validation' "$token"
cat "$work/dns/fullchain.pem" "$work/main.root.pem" >"$work/dns_root.pem"
fake "$work/dns_root.pem" "$work/dns/key.pem"
refused_unsent "a DNS server's certificate of the right CA, for that address" \
	'cmcRA' "$token"
fake "$work/self.pem" "$work/self.key"
check_refused "--system-trust: a certificate that the system does not know" 1 \
	'was not sent' "$build/estuaryctl" --url "https://127.0.0.1:$fake_port" \
	--token-file "$token" --system-trust status
same "and it was told nothing" 0 "$(stat -c %s "$work/told")"

# The fake server can hear: whoever asks it without looking is written down.
curl -sk -H "Authorization: Bearer $(cat "$token")" \
	"https://127.0.0.1:$fake_port/" >/dev/null
check "(the fake server would have written the token down)" \
	grep -qF "$(cat "$token")" "$work/told"

kill "$fake_pid"
wait "$fake_pid" 2>/dev/null

# --- tokens that are not this appliance's ---

umask 077
printf '%s.%s\n' "$(cut -d. -f1-2 "$work/other.token")" \
	"$(cut -d. -f3 "$token")" >"$work/foreign.token"
printf '%s.%s\n' "$(cut -d. -f1 "$token")" \
	"$(cut -d. -f2- "$work/other.token" | cut -d. -f1).$(cut -d. -f3 "$token")" \
	>"$work/mixed.token"
umask 022
check_refused "a token of another appliance, with this one's root" 1 \
	'wrong, or was removed' remote "$url" "$work/foreign.token" status
check_refused "this one's id with another secret" 1 \
	'wrong, or was removed' remote "$url" "$work/mixed.token" status
finish
