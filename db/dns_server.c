#include "db/dns_server.h"

#include "db/audit.h"
#include "db/sql.h"

static int
audit_change(struct store_txn *txn, int64_t now, const char *event,
    const char *actor, const char *adn, const char *detail)
{
	const struct audit_row row = {
	    .event = event, .actor = actor, .subject = adn, .detail = detail};

	return audit_add(txn, now, &row);
}

/* Moves rows of (adn, label) from one state to another; *n is how many. */
static int
move(struct store_txn *txn, int *n, const char *from, const char *to,
    const char *adn, const char *label, int64_t now)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "UPDATE dns_server SET state = ?1, changed_at = ?2"
	    " WHERE adn = ?3 AND (?4 IS NULL OR label = ?4) AND state = ?5");
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, to);
	sql_bind_int(stmt, 2, now);
	sql_bind_text(stmt, 3, adn);
	sql_bind_text(stmt, 4, label);
	sql_bind_text(stmt, 5, from);
	err = sql_run(&txn->conn, stmt);
	if (err == 0)
		*n = sqlite3_changes(txn->conn.db);
	return err;
}

static int
has_current(struct store_txn *txn, const char *adn, const char *label)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "SELECT 1 FROM dns_server WHERE adn = ?1 AND label = ?2"
	    " AND state = 'current'");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, adn);
	sql_bind_text(stmt, 2, label);
	return sql_row(&txn->conn, stmt);
}

static int
insert(struct store_txn *txn, const struct dns_server *server,
    const char *state, int64_t now)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO dns_server(label, adn, port, dohpath, addresses,"
	    " state, certificate_id, changed_at)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, server->label);
	sql_bind_text(stmt, 2, server->adn);
	sql_bind_int(stmt, 3, server->port);
	sql_bind_text(stmt, 4, server->dohpath);
	sql_bind_text(stmt, 5, server->addresses);
	sql_bind_text(stmt, 6, state);
	sql_bind_int(stmt, 7, server->certificate_id);
	sql_bind_int(stmt, 8, now);
	return sql_run(&txn->conn, stmt);
}

int
dns_server_add(struct store_txn *txn, const char **state,
    const struct dns_server *server, int64_t now, const char *actor)
{
	const char *new_state;
	int replaced, err = has_current(txn, server->adn, server->label);

	if (err < 0)
		return err;
	new_state = err == 1 ? "next" : "current";
	err = move(
	    txn, &replaced, "next", "retired", server->adn, server->label, now);
	if (err == 0)
		err = insert(txn, server, new_state, now);
	if (err == 0)
		err = audit_change(txn, now, "dns-server.add", actor,
		    server->adn, server->label);
	if (err == 0)
		*state = new_state;
	return err;
}

/* Makes one label's next certificate current. */
static int
promote_label(
    struct store_txn *txn, const char *adn, const char *label, int64_t now)
{
	int n, err = move(txn, &n, "current", "retired", adn, label, now);

	if (err == 0)
		err = move(txn, &n, "next", "current", adn, label, now);
	return err;
}

struct label_text {
	char text[64];
};

/* The labels of an ADN that have a next certificate. */
static int
labels_with_next(struct store_txn *txn, struct label_text *out, size_t max,
    size_t *n, const char *adn, const char *label)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "SELECT DISTINCT label FROM dns_server WHERE adn = ?1"
	    " AND (?2 IS NULL OR label = ?2) AND state = 'next'");
	int more = -ERR_IO;

	if (stmt == NULL)
		return more;
	sql_bind_text(stmt, 1, adn);
	sql_bind_text(stmt, 2, label);
	*n = 0;
	while (*n < max && (more = sql_row(&txn->conn, stmt)) == 1) {
		sqlite3_snprintf((int)sizeof(out->text), out[*n].text, "%s",
		    sql_text(stmt, 0));
		(*n)++;
	}
	return more < 0 ? more : 0;
}

int
dns_server_promote(struct store_txn *txn, const char *adn, const char *label,
    int64_t now, const char *actor)
{
	struct label_text labels[16];
	size_t n;
	int err =
	    labels_with_next(txn, labels, ARRAY_LEN(labels), &n, adn, label);

	if (err != 0)
		return err;
	if (n == 0)
		return -ERR_NOT_FOUND;
	for (size_t i = 0; i < n && err == 0; i++) {
		err = promote_label(txn, adn, labels[i].text, now);
		if (err == 0)
			err = audit_change(txn, now, "dns-server.promote",
			    actor, adn, labels[i].text);
	}
	return err;
}

int
dns_server_retire(struct store_txn *txn, const char *adn, const char *label,
    const char *serial, int64_t now, const char *actor)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "UPDATE dns_server SET state = 'retired', changed_at = ?1"
	    " WHERE adn = ?2 AND (?3 IS NULL OR label = ?3)"
	    " AND (?4 IS NULL OR certificate_id ="
	    "  (SELECT id FROM certificate WHERE serial = ?4))"
	    " AND state <> 'retired'");
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, now);
	sql_bind_text(stmt, 2, adn);
	sql_bind_text(stmt, 3, label);
	sql_bind_text(stmt, 4, serial);
	err = sql_run(&txn->conn, stmt);
	if (err != 0)
		return err;
	if (sqlite3_changes(txn->conn.db) == 0)
		return -ERR_NOT_FOUND;
	return audit_change(txn, now, "dns-server.retire", actor, adn,
	    serial != NULL ? serial : label);
}

static int
each_server(struct store_reader *reader, sqlite3_stmt *stmt, dns_server_fn each,
    void *arg)
{
	int more, err = 0;

	while (err == 0 && (more = sql_row(reader, stmt)) != 0) {
		struct dns_server server = {.id = sql_int(stmt, 0),
		    .label = sql_text(stmt, 1),
		    .adn = sql_text(stmt, 2),
		    .port = (uint16_t)sql_int(stmt, 3),
		    .dohpath = sql_text(stmt, 4),
		    .addresses = sql_text(stmt, 5),
		    .state = sql_text(stmt, 6),
		    .certificate_id = sql_int(stmt, 7),
		    .serial = sql_text(stmt, 8),
		    .certificate_state = sql_text(stmt, 9),
		    .not_before = sql_int(stmt, 10),
		    .not_after = sql_int(stmt, 11),
		    .der = sql_blob(stmt, 12),
		    .profile = sql_text(stmt, 13)};

		err = more < 0 ? more : each(arg, &server);
	}
	return err;
}

#define DNS_SERVER_SELECT                                                      \
	"SELECT s.id, s.label, s.adn, s.port, s.dohpath, s.addresses,"         \
	" s.state, c.id, c.serial, c.state, c.not_before, c.not_after,"        \
	" c.der, c.profile FROM dns_server s JOIN certificate c"               \
	" ON c.id = s.certificate_id "

int
dns_server_list(struct store_reader *reader, dns_server_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(
	    reader, DNS_SERVER_SELECT "ORDER BY s.adn, s.label, s.id");

	return stmt != NULL ? each_server(reader, stmt, each, arg) : -ERR_IO;
}

int
dns_server_published(struct store_reader *reader, const char *label,
    int64_t now, dns_server_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(reader,
	    DNS_SERVER_SELECT "WHERE (?1 IS NULL OR s.label = ?1)"
			      " AND s.state IN ('current', 'next')"
			      " AND c.state = 'valid' AND c.not_after > ?2"
			      " ORDER BY s.state, s.adn, s.label, s.id");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, label);
	sql_bind_int(stmt, 2, now);
	return each_server(reader, stmt, each, arg);
}
