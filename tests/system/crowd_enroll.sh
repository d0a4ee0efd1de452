#!/usr/bin/env bash
# With the default settings: thirty sockets on which nothing is said, and sixty
# clients that enroll at the same moment. Each gets a certificate of its own.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

n=60
start_estuaryd main
save_root main
echo "correct horse battery" >"$work/password"
ctl main identity add loader --basic --password-stdin \
	--allow-name '*.lab.test' <"$work/password" >/dev/null 2>&1 ||
	not_ok "identity add"

"$python" -c 'import socket, sys, time
host, port = sys.argv[1].rsplit(":", 1)
kept = [socket.create_connection((host, int(port))) for _ in range(30)]
print("open", flush=True)
time.sleep(600)' "${estuaryd_listen[main]}" >"$work/idle" &
started_pids+=("$!")
wait_for 20 grep -q open "$work/idle" || not_ok "thirty idle sockets"

"$build/tests/bench/estuary-load" --connect "${estuaryd_listen[main]}" \
	--ca "$work/main.root.pem" --identity loader \
	--password-file "$work/password" --enroll --threads "$n" --csrs "$n" \
	--seconds 0.5 --json >"$work/load.json"
same "no error" 0 "$(json 'd["n_errors"]' <"$work/load.json")"
issued=$(json 'd["requests"]' <"$work/load.json")
check "sixty at least: $issued" test "$issued" -ge "$n"
ctl_json main cert list --limit 1000 >"$work/certs"
same "as many certificates as answers" "$issued" \
	"$(json 'len([i for i in d["items"] if i["identity"] == "loader"])' \
		<"$work/certs")"
same "each with a serial number of its own" true \
	"$(json 'len({i["serial"] for i in d["items"]}) == len(d["items"])' \
		<"$work/certs")"
check "and sixty of the names that were asked for" test "$(json \
	'len({i["subject"] for i in d["items"] if i["identity"] == "loader"})' \
	<"$work/certs")" -eq "$n"
finish
