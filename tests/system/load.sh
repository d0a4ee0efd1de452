#!/usr/bin/env bash
# estuary-load, by which speed is measured: what it counts as done was done, and
# all else is an error of its own kind.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

start_estuaryd main --set pake.source_burst=1000000 \
	--set pake.total_burst=1000000
save_root main
echo "correct horse battery" >"$work/password"
echo "wrong" >"$work/wrong"
ctl main identity add loader --basic --password-stdin \
	--allow-name '*.lab.test' <"$work/password" >"$work/out" 2>&1
new_code main loader --uses 1000 >"$work/code"
start_estuaryd other
save_root other

# load ARGUMENT...: its JSON is in $work/load.json.
load() {
	"$build/tests/bench/estuary-load" \
		--connect "${estuaryd_listen[main]}" \
		--ca "$work/main.root.pem" --threads 2 --seconds 0.5 \
		--csrs 20 --json "$@" >"$work/load.json" 2>"$work/err"
}

loaded() {
	json "$1" <"$work/load.json"
}

# good NAME [ARGUMENT...]: something is done, nothing fails.
good() {
	local name=$1

	shift
	load "$@"
	same "$name: exit status" 0 "$?"
	same "$name: requests and no errors" "true 0" \
		"$(loaded 'd["requests"] > 0') $(loaded 'd["n_errors"]')"
}

# bad NAME KIND [ARGUMENT...]: nothing is done, all errors are of that kind.
bad() {
	local name=$1 kind=$2

	shift 2
	load "$@"
	same "$name: exit status" 1 "$?"
	same "$name: no requests, and all errors are ${kind#d}" "0 true" \
		"$(loaded 'd["requests"]') $(loaded "d['n_errors'] == $kind > 0")"
}

status() {
	echo "d['errors']['status'].get('$1', 0)"
}

certificates() {
	ctl_json main cert list --limit 1000 |
		json 'sum(i["identity"] == "loader" for i in d["items"])'
}

by_password=(--identity loader --password-file "$work/password")
good "GET"
same "a connection for each request" true \
	"$(loaded 'd["connections"] == d["requests"]')"
good "GET, keep-alive" --keep-alive
same "two connections for all" 2 "$(loaded 'd["connections"]')"
good "PAKE" --pake --code-file "$work/code"

# What it says was issued was issued, neither less nor more.
good "simpleenroll" --enroll "${by_password[@]}"
issued=$(loaded 'd["requests"]')
good "simpleenroll, keep-alive" --enroll --keep-alive "${by_password[@]}"
issued=$((issued + $(loaded 'd["requests"]')))
same "as many certificates as requests" "$issued" "$(certificates)"

good "a rate" --rate 40 --timeline
same "no more starts than the rate says" true "$(loaded 'd["requests"] <= 20')"
same "the timeline has them all" true \
	"$(loaded 'sum(s["ok"] for s in d["timeline"]) == d["requests"]')"
good "another source address" --source 127.0.0.9

bad "an unknown path" "$(status 404)" --path /nothing
bad "a GET where a POST is due" "$(status 405)" \
	--path /.well-known/est/simpleenroll
bad "no password" "$(status 401)" --enroll
bad "a name that is not allowed" "$(status 403)" --enroll \
	--domain example.net "${by_password[@]}"
bad "another CA" 'd["errors"]["tls"]' --ca "$work/other.root.pem"
bad "another name" 'd["errors"]["tls"]' --name other.lab.test
bad "a wrong password for the PAKE" 'd["errors"]["tls"]' --pake \
	--identity loader --password-file "$work/wrong" --threads 1
bad "an address that is not ours" 'd["errors"]["connect"]' \
	--source 192.0.2.1

# idle: connections that are held, and that the server's end ends.
mkfifo "$work/hold"
hold() {
	"$build/tests/bench/estuary-load" --connect \
		"${estuaryd_listen[other]}" --ca "$work/other.root.pem" \
		--idle 20 --keep-alive <"$work/hold" >"$work/held" &
	holder=$!
	exec 9>"$work/hold"
	wait_for 30 grep -q . "$work/held"
	same "it holds" "holding 20" "$(cat "$work/held")"
}

# release NAME STATUS N
release() {
	local status=0

	exec 9>&-
	wait "$holder" || status=$?
	same "$1: exit status" "$2" "$status"
	same "$1" "$3 were still open" "$(tail -n 1 "$work/held")"
}

hold
release "all are open" 0 20
hold
stop_estuaryd other
release "the server's end ends them" 1 0

stop_estuaryd main
bad "nobody there" 'd["errors"]["connect"]'
finish
