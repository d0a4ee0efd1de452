#!/usr/bin/env bash
# Slow peers and vanishing ones: a large answer to a slow reader and a full pair
# cost no processor time, drops of a handshake or a body have to end some time,
# and who leaves while its handler waits leaves nothing behind.
# What is in idle_clients.sh, est_engine.py and enroll_what.py (every stage of
# silence, pipelining, bodies over their caps) is not repeated.
set -uo pipefail
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

need_python cryptography

part() {
	"$python" -B "$system_dir/engine_slow.py" "$1" "$build" "$work" \
		"${estuaryd_listen[$1]}" "${estuaryd_pid[$1]}" ||
		checks_failed=$((checks_failed + 1))
}

# Thousands of DNS servers, so that resolvers.json is large: copies of one row,
# since issuing so many takes its time.
start_estuaryd large
save_root large
ctl large dns-server issue --name dns.lab.test --label domain-s \
	--out "$work/dns" >/dev/null || not_ok "dns-server issue"
stop_estuaryd large
sqlite3 "$work/large/estuary.db" <<-SQL || not_ok "copies of a row"
	CREATE TEMP TABLE n AS WITH RECURSIVE count(i) AS
		(SELECT 1 UNION ALL SELECT i + 1 FROM count WHERE i < 8000)
		SELECT i FROM count;
	CREATE TEMP TABLE c AS SELECT * FROM certificate
		WHERE id = (SELECT certificate_id FROM dns_server);
	CREATE TEMP TABLE d AS SELECT * FROM dns_server;
	CREATE TEMP TABLE cs AS SELECT * FROM c, n;
	CREATE TEMP TABLE ds AS SELECT * FROM d, n;
	UPDATE cs SET id = 100000 + i, serial = printf('%032x', i);
	UPDATE ds SET id = 100000 + i, certificate_id = 100000 + i,
		adn = printf('dns%d.lab.test', i),
		addresses = printf('%.*c', 13, '*');
	UPDATE ds SET addresses = substr(replace(addresses, '*',
		',2001:db8:1111:2222:3333:4444:5555:' || printf('%x', i)), 2);
	ALTER TABLE cs DROP COLUMN i;
	ALTER TABLE ds DROP COLUMN i;
	INSERT INTO certificate SELECT * FROM cs;
	INSERT INTO dns_server SELECT * FROM ds;
SQL
start_estuaryd large
part large
stop_estuaryd large

start_estuaryd drops --set server.idle_timeout=2s \
	--set server.handshake_timeout=2s
save_root drops
part drops
finish
