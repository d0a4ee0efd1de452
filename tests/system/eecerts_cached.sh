#!/usr/bin/env bash
# eecerts and resolvers.json are kept for those who ask again. Whoever asks after
# an administrator was answered gets what is true then: each change is followed
# by a fetch at once.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

start_estuaryd main
root=$work/root.pem
ctl main ca show >"$root"

# published PATH: how many certificates, or the status.
published() {
	curl -sS --cacert "$root" --resolve "est.lab.test:$port:127.0.0.1" \
		"$@" -o "$work/body" -w '%{http_code}' \
		"https://est.lab.test:$port/.well-known/est/eecerts" >"$work/status"
	if [ "$(cat "$work/status")" = 200 ]; then
		base64 -d "$work/body" | openssl pkcs7 -inform DER -print_certs |
			grep -c BEGIN
	else
		cat "$work/status"
	fi
}
port=${estuaryd_listen[main]##*:}

same "nothing is published at first" 404 "$(published)"
for n in 1 2 3 4 5 6; do
	ctl main dns-server issue --name "dns$n.lab.test" --label domain-s:853 \
		--out "$work/dns$n" >/dev/null
	same "after $n were issued" "$n" "$(published)"
	same "and for a client that wants short lines" "$n" \
		"$(published -A libest)"
done
for n in 6 5 4 3 2; do
	ctl main dns-server retire --name "dns$n.lab.test" --label domain-s \
		>/dev/null
	same "after dns$n was retired" "$((n - 1))" "$(published)"
done
same "resolvers.json says the same" 1 "$(
	curl -sS --cacert "$root" --resolve "est.lab.test:$port:127.0.0.1" \
		"https://est.lab.test:$port/resolvers.json" |
		json 'len(d["resolvers"])'
)"
finish
