#include "db/schema.h"

#include <stdio.h>

#include "base/log.h"
#include "db/audit_mark.h"
#include "db/migrate.h"

/* Migration i brings version i to i + 1. Never change one that was released:
 * add another. */
static const char *const migrations[] = {
    /* Times are Unix seconds. */
    "CREATE TABLE certificate("
    " id INTEGER PRIMARY KEY,"
    " serial TEXT NOT NULL UNIQUE," /* lower-case hex */
    " subject TEXT NOT NULL,"
    " profile TEXT NOT NULL,"
    " identity TEXT NOT NULL," /* whom it was issued to */
    " issued_at INTEGER NOT NULL,"
    " not_before INTEGER NOT NULL,"
    " not_after INTEGER NOT NULL,"
    " state TEXT NOT NULL CHECK(state IN ('valid', 'revoked')),"
    " der BLOB NOT NULL"
    ") STRICT;"

    "CREATE TABLE identity("
    " id INTEGER PRIMARY KEY,"
    " wire_name TEXT NOT NULL UNIQUE," /* client_identity of the PAKE */
    " name TEXT NOT NULL,"             /* the administrator's label */
    " kind TEXT NOT NULL CHECK(kind IN ('code', 'password')),"
    " profile TEXT NOT NULL,"
    " allow_names TEXT NOT NULL," /* patterns, one a line */
    " created_at INTEGER NOT NULL,"
    " expires_at INTEGER," /* NULL: never */
    " uses_left INTEGER,"  /* NULL: not limited */
    " guesses_left INTEGER NOT NULL,"
    " guesses_max INTEGER NOT NULL,"
    " failures INTEGER NOT NULL DEFAULT 0," /* wrong guesses in a row */
    " retry_at INTEGER NOT NULL DEFAULT 0"  /* back-off: not before */
    ") STRICT;"

    /* The verifier record, apart so that it can go when it is used up. */
    "CREATE TABLE pake_record("
    " identity_id INTEGER PRIMARY KEY"
    "  REFERENCES identity(id) ON DELETE CASCADE,"
    " w0 BLOB NOT NULL, l BLOB NOT NULL,"
    " w0m BLOB NOT NULL, w0n BLOB NOT NULL"
    ") STRICT;"

    /* Claims that find nobody cost a write too. */
    "CREATE TABLE claim_decoy(id INTEGER PRIMARY KEY, n INTEGER NOT NULL)"
    " STRICT;"
    "INSERT INTO claim_decoy VALUES(1, 0);"

    "CREATE TABLE dns_server("
    " id INTEGER PRIMARY KEY,"
    " label TEXT NOT NULL," /* SRV service label */
    " adn TEXT NOT NULL,"
    " port INTEGER NOT NULL,"
    " dohpath TEXT NOT NULL,"   /* '' unless label is doh */
    " addresses TEXT NOT NULL," /* comma-separated */
    " state TEXT NOT NULL CHECK(state IN ('next', 'current', 'retired')),"
    " certificate_id INTEGER NOT NULL REFERENCES certificate(id),"
    " changed_at INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX dns_server_by_label ON dns_server(label, adn, state);"

    "CREATE TABLE audit("
    " id INTEGER PRIMARY KEY,"
    " at INTEGER NOT NULL,"
    " last_at INTEGER NOT NULL," /* of a repeated refusal */
    " count INTEGER NOT NULL,"
    " event TEXT NOT NULL,"
    " actor TEXT NOT NULL,"
    " subject TEXT NOT NULL,"
    " source TEXT NOT NULL,"
    " detail TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX audit_refusal ON audit(source, event, subject)"
    " WHERE source <> '';",

    /* Certificates belong to identities by an id that is never given again, so
     * both tables are made anew: SQLite cannot add AUTOINCREMENT. The records
     * go first, or dropping the identities would take them along. */
    "CREATE TABLE identity_2("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " wire_name TEXT NOT NULL UNIQUE,"
    " name TEXT NOT NULL,"
    " kind TEXT NOT NULL CHECK(kind IN ('code', 'password')),"
    " profile TEXT NOT NULL,"
    " allow_names TEXT NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " expires_at INTEGER,"
    " uses_left INTEGER,"
    " guesses_left INTEGER NOT NULL,"
    " guesses_max INTEGER NOT NULL,"
    " failures INTEGER NOT NULL DEFAULT 0,"
    " retry_at INTEGER NOT NULL DEFAULT 0,"
    " basic INTEGER NOT NULL DEFAULT 0,"   /* HTTP Basic is allowed */
    " disabled INTEGER NOT NULL DEFAULT 0" /* by an administrator */
    ") STRICT;"
    "INSERT INTO identity_2(id, wire_name, name, kind, profile, allow_names,"
    " created_at, expires_at, uses_left, guesses_left, guesses_max, failures,"
    " retry_at) SELECT id, wire_name, name, kind, profile, allow_names,"
    " created_at, expires_at, uses_left, guesses_left, guesses_max, failures,"
    " retry_at FROM identity;"
    "CREATE TABLE pake_record_2("
    " identity_id INTEGER PRIMARY KEY"
    "  REFERENCES identity_2(id) ON DELETE CASCADE,"
    " w0 BLOB NOT NULL, l BLOB NOT NULL,"
    " w0m BLOB NOT NULL, w0n BLOB NOT NULL"
    ") STRICT;"
    "INSERT INTO pake_record_2(identity_id, w0, l, w0m, w0n)"
    " SELECT identity_id, w0, l, w0m, w0n FROM pake_record;"
    "DROP TABLE pake_record;"
    "DROP TABLE identity;"
    "ALTER TABLE identity_2 RENAME TO identity;"
    "ALTER TABLE pake_record_2 RENAME TO pake_record;"
    /* NULL: issued to no identity. Without a reference: a certificate outlives
     * its identity. */
    "ALTER TABLE certificate ADD COLUMN identity_id INTEGER;",

    /* Records are sealed (db/secret.h). */
    "CREATE TABLE sealed(" /* one row */
    " id INTEGER PRIMARY KEY CHECK(id = 1),"
    " key_check BLOB NOT NULL,"  /* opens under the right key alone */
    " scrubbed INTEGER NOT NULL" /* nothing plain is left behind */
    ") STRICT;"
    "ALTER TABLE pake_record RENAME TO pake_record_plain;"
    "CREATE TABLE pake_record("
    " identity_id INTEGER PRIMARY KEY"
    "  REFERENCES identity(id) ON DELETE CASCADE,"
    " sealed BLOB NOT NULL"
    ") STRICT;",

    /* The audit log is a chain (db/audit_chain.h), so repeated refusals are
     * counted elsewhere until they become a row. */
    "DROP INDEX audit_refusal;"
    "ALTER TABLE audit ADD COLUMN hash BLOB NOT NULL DEFAULT x'';"
    "CREATE TABLE audit_repeat("
    " row_id INTEGER PRIMARY KEY," /* the first one's */
    " at INTEGER NOT NULL,"        /* of the first one */
    " source TEXT NOT NULL,"
    " event TEXT NOT NULL,"
    " subject TEXT NOT NULL,"
    " detail TEXT NOT NULL,"
    " pending INTEGER NOT NULL DEFAULT 0," /* not in the chain yet */
    " first_at INTEGER NOT NULL DEFAULT 0,"
    " last_at INTEGER NOT NULL DEFAULT 0,"
    " UNIQUE(source, event, subject, detail)"
    ") STRICT;"
    "CREATE INDEX audit_repeat_pending ON audit_repeat(row_id)"
    " WHERE pending > 0;"
    /* As people see it: what is not in the chain yet counts as well. */
    "CREATE VIEW audit_shown AS SELECT a.id, a.at,"
    " max(a.last_at, ifnull(r.last_at, 0)) AS last_at,"
    " a.count + ifnull(r.pending, 0) AS count, a.event, a.actor, a.subject,"
    " a.source, a.detail, ifnull(r.pending, 0) AS pending, a.hash"
    " FROM audit a LEFT JOIN audit_repeat r"
    " ON r.row_id = a.id AND r.pending > 0;"
    "CREATE TABLE audit_checkpoint("
    " counter INTEGER PRIMARY KEY," /* the signer's */
    " last_id INTEGER NOT NULL,"    /* of the last row that it covers */
    " hash BLOB NOT NULL,"          /* that row's */
    " at INTEGER NOT NULL,"         /* the signer's time */
    " signature BLOB NOT NULL"
    ") STRICT;",

    /* TLS-SRP: what it keeps of codes made while it is enabled, and the seed
     * of all users' salts. */
    "CREATE TABLE srp_verifier("
    " identity_id INTEGER PRIMARY KEY"
    "  REFERENCES identity(id) ON DELETE CASCADE,"
    " sealed BLOB NOT NULL"
    ") STRICT;"
    "CREATE TABLE srp_seed("
    " id INTEGER PRIMARY KEY CHECK(id = 1), sealed BLOB NOT NULL) STRICT;",
    "CREATE TABLE token("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " token_id TEXT NOT NULL UNIQUE,"
    " name TEXT NOT NULL UNIQUE,"
    " secret_sha256 BLOB NOT NULL,"
    " scope TEXT NOT NULL CHECK(scope IN ('read', 'operate', 'admin')),"
    " created_at INTEGER NOT NULL,"
    " created_by TEXT NOT NULL,"
    " expires_at INTEGER,"  /* NULL: never */
    " last_used_at INTEGER" /* NULL: not yet */
    ") STRICT;",

    /* BRSKI: manufacturers, their devices, which are identities of a kind of
     * their own, and approvals. The identities are made anew for the CHECK of
     * their kind; what refers to them goes with the old table, so it is kept
     * meanwhile, and the ids given so far are carried over. */
    "CREATE TABLE pake_record_kept AS SELECT * FROM pake_record;"
    "CREATE TABLE srp_verifier_kept AS SELECT * FROM srp_verifier;"
    "CREATE TABLE identity_new("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " wire_name TEXT NOT NULL UNIQUE,"
    " name TEXT NOT NULL,"
    " kind TEXT NOT NULL CHECK(kind IN ('code', 'password', 'device')),"
    " profile TEXT NOT NULL,"
    " allow_names TEXT NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " expires_at INTEGER,"
    " uses_left INTEGER,"
    " guesses_left INTEGER NOT NULL,"
    " guesses_max INTEGER NOT NULL,"
    " failures INTEGER NOT NULL DEFAULT 0,"
    " retry_at INTEGER NOT NULL DEFAULT 0,"
    " basic INTEGER NOT NULL DEFAULT 0,"
    " disabled INTEGER NOT NULL DEFAULT 0,"
    " approval INTEGER NOT NULL DEFAULT 0" /* a person decides */
    ") STRICT;"
    "INSERT INTO identity_new(id, wire_name, name, kind, profile,"
    " allow_names, created_at, expires_at, uses_left, guesses_left,"
    " guesses_max, failures, retry_at, basic, disabled)"
    " SELECT id, wire_name, name, kind, profile, allow_names, created_at,"
    " expires_at, uses_left, guesses_left, guesses_max, failures, retry_at,"
    " basic, disabled FROM identity;"
    "DELETE FROM sqlite_sequence WHERE name = 'identity_new';"
    "INSERT INTO sqlite_sequence(name, seq) SELECT 'identity_new', seq"
    " FROM sqlite_sequence WHERE name = 'identity';"
    "DROP TABLE identity;"
    "ALTER TABLE identity_new RENAME TO identity;"
    "DELETE FROM pake_record;"
    "INSERT INTO pake_record SELECT * FROM pake_record_kept;"
    "DROP TABLE pake_record_kept;"
    "DELETE FROM srp_verifier;"
    "INSERT INTO srp_verifier SELECT * FROM srp_verifier_kept;"
    "DROP TABLE srp_verifier_kept;"

    "CREATE TABLE manufacturer("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL UNIQUE,"
    " policy TEXT NOT NULL"
    "  CHECK(policy IN ('allow', 'ask', 'refuse', 'list')),"
    " serials TEXT NOT NULL," /* lists are one item a line */
    " serial_source TEXT NOT NULL"
    "  CHECK(serial_source IN ('subject', 'hardware-module')),"
    " serial_pattern TEXT NOT NULL,"
    " anchors TEXT NOT NULL," /* PEM, as the others */
    " masa_url TEXT NOT NULL,"
    " masa_hosts TEXT NOT NULL,"
    " masa_tls_anchors TEXT NOT NULL,"
    " voucher_anchors TEXT NOT NULL,"
    " cose_type TEXT NOT NULL,"
    " known_domains TEXT NOT NULL,"
    " nonceless TEXT NOT NULL CHECK(nonceless IN ('refuse', 'own', 'allow')),"
    " enrollment TEXT NOT NULL CHECK(enrollment IN ('allow', 'ask')),"
    " allow_names TEXT NOT NULL,"
    " masa_private INTEGER NOT NULL,"
    " base64_bodies INTEGER NOT NULL,"
    " plain_root INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " changed_at INTEGER NOT NULL,"
    " masa_credential BLOB" /* NULL: none */
    ") STRICT;"

    "CREATE TABLE device("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " manufacturer_id INTEGER NOT NULL REFERENCES manufacturer(id),"
    " serial_number TEXT NOT NULL,"
    " idevid_sha256 BLOB NOT NULL,"
    " idevid BLOB NOT NULL,"
    " masa_url TEXT NOT NULL,"
    " mud_url TEXT NOT NULL,"
    " state TEXT NOT NULL"
    "  CHECK(state IN ('seen', 'vouchered', 'enrolled', 'refused')),"
    " verdict TEXT NOT NULL,"
    " identity_id INTEGER REFERENCES identity(id) ON DELETE SET NULL,"
    " first_seen INTEGER NOT NULL,"
    " last_seen INTEGER NOT NULL,"
    " UNIQUE(manufacturer_id, serial_number)"
    ") STRICT;"
    "CREATE INDEX device_by_identity ON device(identity_id)"
    " WHERE identity_id IS NOT NULL;"
    "CREATE TABLE device_event("
    " id INTEGER PRIMARY KEY,"
    " device_id INTEGER NOT NULL REFERENCES device(id) ON DELETE CASCADE,"
    " at INTEGER NOT NULL,"
    " kind TEXT NOT NULL,"
    " good INTEGER NOT NULL,"
    " detail TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX device_event_by_device ON device_event(device_id);"

    "CREATE TABLE voucher_request("
    " id INTEGER PRIMARY KEY,"
    " device_id INTEGER NOT NULL REFERENCES device(id) ON DELETE CASCADE,"
    " request_sha256 BLOB NOT NULL,"
    " state TEXT NOT NULL"
    "  CHECK(state IN ('waiting', 'asking', 'answered', 'failed')),"
    " outcome INTEGER NOT NULL," /* the registrar's, when failed */
    " reason TEXT NOT NULL,"
    " voucher BLOB,"
    " media_type TEXT NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " changed_at INTEGER NOT NULL,"
    " UNIQUE(device_id, request_sha256)"
    ") STRICT;"
    "CREATE INDEX voucher_request_by_time ON voucher_request(changed_at);"
    "CREATE TABLE voucher_stock("
    " id INTEGER PRIMARY KEY,"
    " manufacturer_id INTEGER NOT NULL"
    "  REFERENCES manufacturer(id) ON DELETE CASCADE,"
    " serial_number TEXT NOT NULL,"
    " media_type TEXT NOT NULL,"
    " voucher BLOB NOT NULL,"
    " expires_on INTEGER NOT NULL," /* 0: never */
    " fetched_at INTEGER NOT NULL,"
    " UNIQUE(manufacturer_id, serial_number, media_type)"
    ") STRICT;"

    "CREATE TABLE approval("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " kind TEXT NOT NULL CHECK(kind IN ('voucher', 'enrollment')),"
    " subject TEXT NOT NULL,"
    " source TEXT NOT NULL,"
    " device_id INTEGER REFERENCES device(id) ON DELETE CASCADE,"
    " identity_id INTEGER REFERENCES identity(id) ON DELETE CASCADE,"
    " key_sha256 BLOB NOT NULL,"
    " state TEXT NOT NULL"
    "  CHECK(state IN ('waiting', 'approved', 'denied')),"
    " reason TEXT NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " decided_at INTEGER NOT NULL," /* 0: not yet */
    " decided_by TEXT NOT NULL,"
    " UNIQUE(kind, key_sha256)"
    ") STRICT;"
    "CREATE INDEX approval_by_device ON approval(device_id)"
    " WHERE device_id IS NOT NULL;"
    "CREATE INDEX approval_by_identity ON approval(identity_id)"
    " WHERE identity_id IS NOT NULL;",

    /* Where to begin in a long audit log (db/audit_mark.h), and who has a
     * label. */
    "CREATE TABLE audit_mark("
    " id INTEGER PRIMARY KEY,"  /* an audit row's */
    " high_at INTEGER NOT NULL" /* no last_at since the mark before is later */
    ") STRICT;" AUDIT_MARK_ALL ";"
    "CREATE INDEX identity_by_name ON identity(name);",
};

static const struct schema_step steps[] = {
    {3, migrate_seal_records},
    {4, migrate_chain_audit},
};

const struct schema estuary_schema = {.application_id = SCHEMA_APPLICATION_ID,
    .migrations = migrations,
    .n_migrations = ARRAY_LEN(migrations),
    .steps = steps,
    .n_steps = ARRAY_LEN(steps),
    .sealed = true};

static int
pragma_number(struct store_reader *conn, const char *sql, int64_t *out)
{
	sqlite3_stmt *stmt = NULL;
	int err = -ERR_IO;

	if (sqlite3_prepare_v2(conn->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return sql_error(conn, sql);
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		*out = sqlite3_column_int64(stmt, 0);
		err = 0;
	} else {
		err = sql_error(conn, sql);
	}
	sqlite3_finalize(stmt);
	return err;
}

static int
run_steps(struct store_txn *txn, const struct schema *schema, size_t version)
{
	int err = 0;

	for (size_t i = 0; i < schema->n_steps && err == 0; i++)
		if (schema->steps[i].version == version)
			err = schema->steps[i].run(txn);
	return err;
}

static int
apply(struct store_txn *txn, const struct schema *schema, size_t i)
{
	struct store_reader *conn = &txn->conn;
	char pragmas[128];
	int err;

	snprintf(pragmas, sizeof(pragmas),
	    "PRAGMA application_id=%d; PRAGMA user_version=%zu",
	    schema->application_id, i + 1);
	err = sql_exec(conn, "BEGIN IMMEDIATE");
	if (err == 0)
		err = sql_exec(conn, schema->migrations[i]);
	if (err == 0)
		err = run_steps(txn, schema, i + 1);
	if (err == 0)
		err = sql_exec(conn, pragmas);
	if (err == 0)
		return sql_exec(conn, "COMMIT");
	if (sql_exec(conn, "ROLLBACK") != 0)
		return -ERR_IO;
	return err;
}

/* Nothing of anybody's in it. */
static int
check_empty(struct store_reader *conn, enum store_mode mode, struct reason *why)
{
	int64_t n;
	int err = pragma_number(conn, "SELECT count(*) FROM sqlite_schema", &n);

	if (err != 0)
		return reason_set(why, err, "the database cannot be read");
	if (n != 0)
		return reason_set(why, -ERR_REFUSED,
		    "the database belongs to another application");
	if (mode != STORE_CREATE)
		return reason_set(why, -ERR_CORRUPT, "the database is empty");
	return 0;
}

int
schema_check(struct store_reader *conn, const struct schema *schema,
    enum store_mode mode, struct reason *why)
{
	int64_t version, application;
	int err = pragma_number(conn, "PRAGMA user_version", &version);

	if (err == 0)
		err =
		    pragma_number(conn, "PRAGMA application_id", &application);
	if (err != 0)
		return reason_set(why, err, "the database cannot be read");
	if (version == 0 && application == 0)
		return check_empty(conn, mode, why);
	if (application != schema->application_id)
		return reason_set(why, -ERR_REFUSED,
		    "the database belongs to another application");
	if (version < 1 || (size_t)version > schema->n_migrations)
		return reason_set(why, -ERR_REFUSED,
		    "the database has version %lld, this program knows up to "
		    "%zu: it was written by a newer one",
		    (long long)version, schema->n_migrations);
	return 0;
}

int
schema_migrate(
    struct store_txn *txn, const struct schema *schema, struct reason *why)
{
	int64_t version;
	int err = pragma_number(&txn->conn, "PRAGMA user_version", &version);

	if (err != 0)
		return reason_set(why, err, "the database cannot be read");
	for (size_t i = (size_t)version; i < schema->n_migrations; i++) {
		err = apply(txn, schema, i);
		if (err != 0)
			return reason_set(why, err,
			    "migration %zu of the database failed", i + 1);
		log_info("database migrated", "version=%zu", i + 1);
	}
	return 0;
}
