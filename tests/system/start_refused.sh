#!/usr/bin/env bash
# What estuaryd does not start with: each refusal ends with 1 and says what to
# do. Then what its signals do.
# shellcheck disable=SC2016 # the commands for damaged() expand where they run
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

# --- usage, --check, --print-config ---

estuaryd() {
	timeout 15 "$build/estuaryd" "$@"
}

write_config ref
conf=(--config "$work/ref.conf")
check_refused "no --state: usage" 2 '^usage' estuaryd
check_refused "an unknown option: usage" 2 usage estuaryd --state x --nosuch
check_refused "an argument: usage" 2 usage estuaryd --state x now
check_refused "--set without a value: usage" 2 usage estuaryd --state x --set
check "--help" estuaryd --help
check "--version" estuaryd --version
check "--check" estuaryd --state "$work/none" "${conf[@]}" --check
check "--print-config" estuaryd --state "$work/none" "${conf[@]}" --print-config \
	--set eecerts.access=authenticated
cp "$work/out" "$work/printed.conf"
check "shows what is in effect" grep -qx 'access = authenticated' \
	"$work/printed.conf"
check "and can be read again" estuaryd --state "$work/none" --config \
	"$work/printed.conf" --check
same "neither makes the state directory" no \
	"$([ -e "$work/none" ] && echo yes || echo no)"

# --- the configuration ---

# bad_config NAME PATTERN TEXT: refused by --check and by a start alike.
bad_config() {
	printf '%b' "$3" >"$work/bad.conf"
	check_refused "$1" 1 "$2" estuaryd --state "$work/none" --config \
		"$work/bad.conf" --check
	check_refused "$1 (start)" 1 "$2" estuaryd --state "$work/none" \
		--config "$work/bad.conf"
}

bad_config "an unknown key" 'bad\.conf:3:.*nosuch' '[server]\n\nnosuch = 1\n'
bad_config "an unknown section" 'bad\.conf:2:.*where' '[where]\nname = x.y\n'
bad_config "a key twice" 'bad\.conf:4:.*twice' \
	'[ca]\ndomain = lab.test\n\ndomain = lab.test\n'
bad_config "a key twice, sections apart" 'bad\.conf:5:.*twice' \
	'[ca]\ndomain = lab.test\n[server]\n[ca]\ndomain = lab.test\n'
bad_config "a line that is nothing" 'bad\.conf:2:' '[ca]\nlab.test\n'
bad_config "a number out of range" 'bad\.conf:2:.*workers' \
	'[server]\nworkers = 65\n'
bad_config "a number that is none" 'bad\.conf:2:.*workers' \
	'[server]\nworkers = two\n'
bad_config "a negative number" 'bad\.conf:2:.*workers' '[server]\nworkers = -1\n'
bad_config "a duration out of range" 'bad\.conf:2:.*idle_timeout' \
	'[server]\nidle_timeout = 2h\n'
bad_config "a boolean that is none" 'bad\.conf:2:.*yes or no' \
	'[mdns]\nenabled = true\n'
bad_config "a choice that there is not" 'bad\.conf:2:.*anonymous' \
	'[eecerts]\naccess = all\n'
bad_config "an address that is none" 'bad\.conf:2:.*ADDRESS:PORT' \
	'[server]\nlisten = 127.0.0.1\n'
bad_config "no address" 'bad\.conf:2:.*ADDRESS:PORT' '[server]\nlisten = ,\n'
bad_config "a prefix that is none" 'bad\.conf:2:.*prefix' \
	'[ca]\naddresses = 10.0.0.0/33\n'
bad_config "a name that is none" 'bad\.conf:2:.*domain name' \
	'[server]\nname = est..lab\n'
bad_config "server.name outside ca.domain" 'not in ca\.domain' \
	'[server]\nname = est.other.test\n[ca]\ndomain = lab.test\n'
check_refused "no such file" 1 'nowhere.conf' estuaryd --state "$work/none" \
	--config "$work/nowhere.conf"
for set in nosuch.key=1 server.name server.workers=x =; do
	check_refused "--set $set" 1 . estuaryd --state "$work/none" "${conf[@]}" \
		--set "$set" --check
done
check_refused "--set twice" 1 'twice' estuaryd --state "$work/none" \
	"${conf[@]}" --set mdns.enabled=no --set mdns.enabled=no --check
same "no state directory was made by all that" no \
	"$([ -e "$work/none" ] && echo yes || echo no)"

# --- the state directory ---

start_estuaryd ref
listen=${estuaryd_listen[ref]}
same "the state directory is its owner's alone" 700 "$(stat -c %a "$work/ref")"
for file in ca/root.key ca/issuing.key server.pem; do
	[ -e "$work/ref/$file" ] || continue
	same "$file too" 400 "$(stat -c %a "$work/ref/$file")"
done
same "no other file lets anybody in who should not" '' \
	"$(find "$work/ref" \( -name '*.key' -o -name '*.db*' -o -name '*.conf' \
		-o -name server.pem -o -name '*.sock' \) -perm /077)"
check_refused "a second one on the same state" 1 'another estuaryd' estuaryd \
	--state "$work/ref" "${conf[@]}"
check "the first goes on" ctl ref status
write_config other
check_refused "its port is in use: another estuaryd's" 1 "$listen.*in use" \
	timeout 5 "$build/estuaryd" --state "$work/other" --config \
	"$work/other.conf" --set "server.listen=$listen"
stop_estuaryd ref
"$python" -c 'import socket, sys, time
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen()
print(s.getsockname()[1], flush=True)
time.sleep(60)' >"$work/port" &
started_pids+=("$!")
wait_for 10 test -s "$work/port"
check_refused "its port is in use: somebody else's" 1 'in use' estuaryd --state \
	"$work/ref" "${conf[@]}" --set "server.listen=127.0.0.1:$(cat "$work/port")"
check_refused "an address that is not this host's" 1 'cannot listen' estuaryd \
	--state "$work/ref" "${conf[@]}" --set server.listen=192.0.2.1:8443

# damaged NAME PATTERN SHELL-COMMAND [ARGUMENT...]: a copy of the state, changed
# by the command, is refused; what the refusal leaves is what was there.
damaged() {
	local name=$1 pattern=$2 command=$3

	rm -rf "$work/copy"
	cp -a "$work/ref" "$work/copy"
	(cd "$work/copy" && eval "$command")
	check_refused "$name" 1 "$pattern" estuaryd --state "$work/copy" \
		"${conf[@]}" "${@:4}"
	if grep -q '^ready' "$work/err"; then
		not_ok "$name: it does not serve before it refuses"
	fi
}

damaged "open permissions of the state directory" 'chmod 0?700' 'chmod 755 .'
damaged "of the root key" 'root.*chmod 0?400' 'chmod 440 ca/root*key*'
damaged "of the issuing key" 'issuing.*chmod 0?400' 'chmod 404 ca/issuing*key*'
damaged "of the server's own key" 'server.pem.*chmod' 'chmod 444 server.pem'
damaged "of the database" 'estuary\.db.*chmod' 'chmod 644 estuary.db'
damaged "the key of another" 'issuing.*key|key.*issuing' \
	'cp -f ca/root*key* ca/issuing*key*'
damaged "another CA's key" 'issuing' \
	'openssl ecparam -name prime256v1 -genkey -noout |
	openssl pkcs8 -topk8 -nocrypt >k; chmod 400 k; mv -f k ca/issuing*key*'
damaged "no key at all in the file" 'issuing' \
	'chmod 600 ca/issuing*key*; echo x >ca/issuing*key*; chmod 400 ca/issuing*key*'
damaged "an empty key file" 'issuing' \
	'chmod 600 ca/issuing*key*; : >ca/issuing*key*; chmod 400 ca/issuing*key*'
damaged "a missing key" 'issuing' 'rm -f ca/issuing*key*'
damaged "a missing root" 'root' 'rm -f ca/root.pem ca/root.crt ca/root-cert.pem'
damaged "a damaged root certificate" 'root' \
	'for f in ca/root*; do case $f in *key*) ;; *) chmod 600 $f;
	sed -i "3s/./A/g" $f ;; esac; done'
damaged "root and issuing CA swapped" 'root|issuing' \
	'for f in ca/root*; do case $f in *key*) ;;
	*) mv $f t; mv ${f/root/issuing} $f; mv t ${f/root/issuing} ;; esac; done'
damaged "a missing database" 'estuary\.db is missing.*backup' 'rm estuary.db*'
damaged "a database that is none" 'database|estuary\.db' \
	'head -c 20000 /dev/urandom >estuary.db; rm -f estuary.db-*'
damaged "an empty database" 'database|estuary\.db' \
	': >estuary.db; rm -f estuary.db-*'
damaged "a database cut in half" 'damaged|malformed|corrupt|backup' \
	'truncate -s $(($(stat -c %s estuary.db) / 2)) estuary.db; rm -f estuary.db-*'
damaged "a database with a page overwritten" 'damaged|malformed|corrupt|backup' \
	'dd if=/dev/urandom of=estuary.db bs=1024 seek=4 count=8 conv=notrunc \
	2>/dev/null; rm -f estuary.db-*'
damaged "another application's database" 'another application|database' \
	'rm estuary.db*; sqlite3 estuary.db "CREATE TABLE t(a); PRAGMA user_version=1;"
	chmod 600 estuary.db'
damaged "a newer one's database" 'newer' \
	'sqlite3 estuary.db "PRAGMA user_version=99"'
damaged "a directory in the database's place" 'estuary\.db' \
	'rm -f estuary.db*; mkdir estuary.db'
damaged "no records.key" 'records\.key is missing.*backup' 'rm records.key'
damaged "another records.key" 'records\.key is not the key.*backup' \
	'rm records.key; head -c 32 /dev/urandom >records.key; chmod 400 records.key'
damaged "a records.key cut short" 'records\.key.*32 octets' \
	'chmod 600 records.key; truncate -s 31 records.key; chmod 400 records.key'
damaged "a records.key for all to read" 'records\.key.*chmod' \
	'chmod 444 records.key'
damaged "the CA is gone, though it has issued" 'ca.*(missing|backup)' 'rm -rf ca'
damaged "another ca.domain" 'ca\.domain.*(fixed|root)' : \
	--set ca.domain=other.test --set server.name=est.other.test
damaged "a wider ca.domain" 'ca\.domain.*(fixed|root)' : --set ca.domain=test
damaged "a narrower one" 'ca\.domain.*(fixed|root)' : \
	--set ca.domain=est.lab.test
damaged "other ca.addresses" 'ca\.addresses.*(fixed|root)' : \
	--set ca.addresses=0.0.0.0/0
damaged "no ca.addresses" 'ca\.addresses.*(fixed|root)' : --set ca.addresses=
if [ "$(id -u)" -eq 0 ]; then
	damaged "somebody else's state directory" 'owned by' 'chown 65534 .'
	damaged "somebody else's key" 'owned by' 'chown 65534 ca/issuing*key*'
fi
: >"$work/file"
check_refused "a file for a state directory" 1 'not a directory|file' estuaryd \
	--state "$work/file" "${conf[@]}"
check_refused "a path where none can be made" 1 'cannot be made|No such' \
	estuaryd --state "$work/no/where" "${conf[@]}"
long=$work/$(printf 'x%.0s' {1..120})
check_refused "a path too long for admin.sock" 1 'shorter' estuaryd --state \
	"$long" "${conf[@]}"

# What is no reason to refuse.
rm -rf "$work/copy"
cp -a "$work/ref" "$work/copy"
rm "$work/copy/server.pem"
cp "$work/ref.conf" "$work/copy.conf"
start_estuaryd copy
ok "a server certificate that is gone is made again"
stop_estuaryd copy
chmod 600 "$work/copy/server.pem"
echo x >"$work/copy/server.pem"
start_estuaryd copy
ok "one that is damaged too"
ctl copy ca show >"$work/copy.root.pem"
kill_estuaryd copy
start_estuaryd copy
ok "SIGKILL is no reason either: admin.sock of the dead one is in no way"
same "the root is what it was" "$(cat "$work/copy.root.pem")" \
	"$(ctl copy ca show)"
stop_estuaryd copy
# A list of prefixes longer than a line of most INI parsers.
prefixes=127.0.0.0/8
for i in {1..29}; do prefixes+=", 10.$i.0.0/16"; done
launch_estuaryd wide --set "ca.addresses=$prefixes"
if await_estuaryd wide; then
	ok "a long ca.addresses"
	stop_estuaryd wide
	check "what the first start wrote down is read again" estuaryd --state \
		"$work/wide" --check --set server.name=est.lab.test
	same "as it was" "$prefixes" "$(estuaryd --state "$work/wide" \
		--print-config | sed -n 's/^addresses = //p')"
else
	not_ok "a long ca.addresses"
fi

# --- signals ---

start_estuaryd ref
port=${estuaryd_listen[ref]##*:}
eecerts() {
	curl -sk --max-time 10 -D "$work/headers" -o "$work/body" \
		-w '%{http_code}' "https://127.0.0.1:$port$1"
}
hup() {
	local before

	before=$(grep -c 'configuration.*reloaded' "$work/ref.log")
	kill -HUP "${estuaryd_pid[ref]}"
	wait_for 10 eval "[ \$(grep -c 'configuration.*reloaded' \
		'$work/ref.log') -gt $before ]"
}
ctl ref dns-server issue --name dns.lab.test --label doh --out "$work/dns" \
	>/dev/null || not_ok "dns-server issue"
same "eecerts is anonymous" 200 "$(eecerts /.well-known/est/eecerts)"
printf '[eecerts]\naccess = authenticated\n' >>"$work/ref.conf"
check "SIGHUP is heard" hup
for path in eecerts eecerts/doh doh/eecerts; do
	same "then $path is for the authenticated: 401" 401 \
		"$(eecerts "/.well-known/est/$path")"
	matches "with a challenge" '^WWW-Authenticate: ' "$(cat "$work/headers")"
done
same "resolvers.json too" 401 "$(eecerts /resolvers.json)"
same "HEAD too" 401 "$(curl -sk --max-time 10 -I -o /dev/null -w \
	'%{http_code}' "https://127.0.0.1:$port/resolvers.json")"
same "cacerts is for all" 200 "$(eecerts /.well-known/est/cacerts)"
cp "$work/ref.conf" "$work/good.conf"
echo 'nosuch = 1' >>"$work/ref.conf"
check "SIGHUP with a bad configuration" hup
matches "says so, with file and line" 'not reloaded.*ref\.conf:[0-9]+' \
	"$(tail -n 1 "$work/ref.log")"
same "and changes nothing" 401 "$(eecerts /resolvers.json)"
sed 's/authenticated/anonymous/' "$work/good.conf" >"$work/ref.conf"
check "SIGHUP back" hup
same "eecerts is anonymous again" 200 "$(eecerts /.well-known/est/eecerts)"
sed -i 's/^name = .*/name = est2.lab.test/' "$work/ref.conf"
check "SIGHUP with what cannot change" hup
matches "says that it waits for a restart" 'restart.*server\.name' \
	"$(cat "$work/ref.log")"
write_config ref
for _ in 1 2 3 4 5; do hup; done

"$python" "$system_dir/open_connections.py" "$port" >"$work/opened" &
started_pids+=("$!")
wait_for 20 grep -q open "$work/opened"
start=$(now_ms)
stop_estuaryd ref && ok "SIGTERM ends it with 0"
took=$(($(now_ms) - start))
if [ "$took" -lt 6000 ]; then
	ok "soon, though connections are open in every stage"
else
	not_ok "soon, though connections are open in every stage ($took ms)"
fi
for delay in 0.005 0.02 0.05 0.1; do
	launch_estuaryd ref
	sleep "$delay"
	kill -TERM "${estuaryd_pid[ref]}"
	status=0
	wait "${estuaryd_pid[ref]}" 2>/dev/null || status=$?
	# 143: before it had taken the signals over.
	if [ "$status" -eq 0 ] || [ "$status" -eq 143 ]; then
		ok "SIGTERM $delay s after the start"
	else
		not_ok "SIGTERM $delay s after the start (status $status)"
	fi
done
start_estuaryd ref
ok "and it starts again"
finish
