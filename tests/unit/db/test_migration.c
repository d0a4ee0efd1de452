/* Files of earlier versions are brought to this one, with what they hold. */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "db/audit.h"
#include "db/certificate.h"
#include "db/identity.h"
#include "tests/unit/db/support.h"

/* As long as the parts of a record; to be found in a file. */
#define W0 "plain-w0-of-the-old-identity-9.."
#define L "\4plain-L-of-the-old-identity-9..................................."

/* What version 2 added and changed, as version 1 had it. */
static const char back_to_1[] =
    "PRAGMA foreign_keys = OFF;"
    "DROP TABLE approval; DROP TABLE voucher_stock;"
    "DROP TABLE voucher_request; DROP TABLE device_event;"
    "DROP TABLE device; DROP TABLE manufacturer;"
    "DROP TABLE srp_verifier;"
    "DROP TABLE srp_seed;"
    "DROP TABLE token;"
    "DROP TABLE sealed;"
    "DROP TABLE audit_mark;"
    "DROP VIEW audit_shown;"
    "DROP TABLE audit_repeat;"
    "DROP TABLE audit_checkpoint;"
    "DROP TRIGGER audit_no_update;"
    "DROP TRIGGER audit_no_delete;"
    "ALTER TABLE audit DROP COLUMN hash;"
    "CREATE INDEX audit_refusal ON audit(source, event, subject)"
    " WHERE source <> '';"
    "DROP TABLE pake_record;"
    "DROP TABLE identity;"
    "ALTER TABLE certificate DROP COLUMN identity_id;"
    "CREATE TABLE identity("
    " id INTEGER PRIMARY KEY,"
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
    " retry_at INTEGER NOT NULL DEFAULT 0"
    ") STRICT;"
    "CREATE TABLE pake_record("
    " identity_id INTEGER PRIMARY KEY"
    "  REFERENCES identity(id) ON DELETE CASCADE,"
    " w0 BLOB NOT NULL, l BLOB NOT NULL,"
    " w0m BLOB NOT NULL, w0n BLOB NOT NULL"
    ") STRICT;"
    "INSERT INTO identity VALUES(3, 'alice', 'Alice', 'password', 'endpoint',"
    " '', 1000, NULL, NULL, 7, 10, 3, 2000);"
    "INSERT INTO identity VALUES(9, 'A1B2C3D4', 'phone', 'code', 'endpoint',"
    " 'x.example.net', 1001, 5000, 2, 1000, 1000, 0, 0);"
    "INSERT INTO pake_record VALUES(3, zeroblob(32), zeroblob(65),"
    " zeroblob(65), zeroblob(65));"
    "INSERT INTO pake_record VALUES(9, CAST('" W0 "' AS BLOB),"
    " CAST('" L "' AS BLOB), CAST('" L "' AS BLOB), CAST('" L "' AS BLOB));"
    "INSERT INTO certificate(serial, subject, profile, identity, issued_at,"
    " not_before, not_after, state, der) VALUES('0a', 'CN=x', 'dns-server',"
    " 'dns.example.net', 1, 1, 2, 'valid', x'00');"
    "PRAGMA user_version = 1;";

/* Version 6 from this one, which has nothing but identities: the tables that
 * the next one makes anew or adds. */
static const char back_to_6[] =
    "PRAGMA foreign_keys = OFF;"
    "DROP TABLE approval; DROP TABLE voucher_stock;"
    "DROP TABLE voucher_request; DROP TABLE device_event;"
    "DROP TABLE device; DROP TABLE manufacturer;"
    "ALTER TABLE identity DROP COLUMN approval;"
    "DROP INDEX identity_by_name; DROP TABLE audit_mark;"
    "INSERT INTO srp_verifier VALUES(1, x'0102');"
    "PRAGMA user_version = 6;";

static int
look(void *arg, const struct identity *identity)
{
	*(struct identity *)arg = *identity;
	return 0;
}

static int
look_at_cert(void *arg, const struct certificate *c)
{
	*(int64_t *)arg = c->identity_id;
	return 0;
}

static int
remove_run(struct store_txn *txn, void *arg)
{
	return identity_remove(txn, arg, 1, "uid 0");
}

static int
add_run(struct store_txn *txn, void *arg)
{
	const struct identity identity = {.wire_name = arg,
	    .name = arg,
	    .kind = "password",
	    .profile = "endpoint",
	    .allow_names = "",
	    .uses_left = IDENTITY_UNLIMITED,
	    .guesses_max = 10};
	struct verifier record;

	memset(&record, 1, sizeof(record));
	return identity_add(txn, &identity, &record, "uid 0");
}

static struct fixture *
old_store(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	sql_change(f->path, back_to_1);
	fixture_open(f, STORE_OPEN);
	return f;
}

static void
test_version_1(void **state)
{
	struct fixture *f = old_store(state);
	struct identity i;
	int64_t id = -1;

	assert_int_equal(8, sql_number(f->path, "PRAGMA user_version"));
	assert_int_equal(0, identity_get(f->reader, 3, look, &i));
	assert_int_equal(7, i.guesses_left);
	assert_int_equal(10, i.guesses_max);
	assert_int_equal(3, i.failures);
	assert_int_equal(2000, i.retry_at);
	assert_int_equal(IDENTITY_UNLIMITED, i.uses_left);
	assert_int_equal(IDENTITY_NEVER, i.expires_at);
	assert_false(i.basic || i.disabled);
	assert_int_equal(
	    0, identity_get_by_wire_name(f->reader, "A1B2C3D4", look, &i));
	assert_int_equal(9, i.id);
	assert_int_equal(2, i.uses_left);
	assert_int_equal(5000, i.expires_at);
	/* One that has not a record's lengths was of no use before. */
	assert_int_equal(
	    2, sql_number(f->path, "SELECT count(*) FROM pake_record"));
	assert_int_equal(
	    0, certificate_get(f->reader, "0a", look_at_cert, &id));
	assert_int_equal(0, id);
	assert_int_equal(
	    0, sql_number(
		   f->path, "SELECT count(*) FROM pragma_foreign_key_check"));
}

static int
claim_run(struct store_txn *txn, void *arg)
{
	return identity_claim(txn, arg, "A1B2C3D4", 1);
}

static size_t
occurrences(const char *path, const char *text)
{
	struct blob file = {0};
	size_t n = 0, len = strlen(text);

	if (file_read(&file, path, 64 * 1024 * 1024) != 0)
		return 0;
	for (size_t i = 0; i + len <= file.len; i++)
		n += memcmp(file.data + i, text, len) == 0;
	blob_fini(&file);
	return n;
}

/* The records open afterwards, and nowhere in the files is anything of what
 * they were before, whatever pages and logs they had been in. */
static void
test_records_are_sealed(void **state)
{
	struct fixture *f = *state;
	struct verifier record = {.w0 = {0}};
	char wal[PATH_MAX + 8];

	fixture_close(f);
	sql_change(f->path, back_to_1);
	assert_true(occurrences(f->path, W0) > 0);
	assert_true(occurrences(f->path, L) > 0);
	fixture_open(f, STORE_OPEN);
	assert_int_equal(CLAIM_GRANTED, in_txn(f->store, claim_run, &record));
	assert_memory_equal(W0, record.w0, sizeof(record.w0));
	assert_memory_equal(L, record.l, sizeof(record.l));
	assert_memory_equal(L, record.w0m, sizeof(record.w0m));
	assert_memory_equal(L, record.w0n, sizeof(record.w0n));
	snprintf(wal, sizeof(wal), "%s-wal", f->path);
	assert_true(file_exists(wal));
	for (int closed = 0; closed < 2; closed++) {
		assert_int_equal(0, occurrences(f->path, W0));
		assert_int_equal(0, occurrences(f->path, L));
		assert_int_equal(0, occurrences(wal, W0));
		assert_int_equal(0, occurrences(wal, L));
		if (closed == 0)
			fixture_close(f);
	}
}

/* A start that was cut off between sealing and scrubbing is made up for. */
static void
test_scrub_is_made_up_for(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(1, sql_number(f->path, "SELECT scrubbed FROM sealed"));
	fixture_close(f);
	sql_change(f->path,
	    "UPDATE sealed SET scrubbed = 0; PRAGMA secure_delete = OFF;"
	    "CREATE TABLE t(x); INSERT INTO t VALUES('" L "'); DROP TABLE t");
	assert_true(occurrences(f->path, L) > 0);
	fixture_open(f, STORE_OPEN);
	assert_int_equal(1, sql_number(f->path, "SELECT scrubbed FROM sealed"));
	assert_int_equal(0, occurrences(f->path, L));
}

/* Records go with their identities, also after the tables were made anew. */
static void
test_references(void **state)
{
	struct fixture *f = old_store(state);
	char alice[] = "alice";

	assert_int_equal(0, in_txn(f->store, remove_run, alice));
	assert_int_equal(
	    1, sql_number(f->path, "SELECT count(*) FROM pake_record"));
	assert_int_equal(
	    9, sql_number(f->path, "SELECT identity_id FROM pake_record"));
}

/* An id is never given again, so that a certificate can never come to belong to
 * a later identity. */
static void
test_ids_are_new(void **state)
{
	struct fixture *f = old_store(state);
	char phone[] = "A1B2C3D4", bob[] = "bob", carol[] = "carol";
	struct identity i;

	assert_int_equal(0, in_txn(f->store, remove_run, phone));
	assert_int_equal(0, in_txn(f->store, add_run, bob));
	assert_int_equal(
	    0, identity_get_by_wire_name(f->reader, "bob", look, &i));
	assert_int_equal(10, i.id);
	assert_int_equal(0, in_txn(f->store, remove_run, bob));
	fixture_close(f);
	fixture_open(f, STORE_OPEN);
	assert_int_equal(0, in_txn(f->store, add_run, carol));
	assert_int_equal(
	    0, identity_get_by_wire_name(f->reader, "carol", look, &i));
	assert_int_equal(11, i.id);
	assert_int_equal(-ERR_NOT_FOUND, identity_get(f->reader, 10, look, &i));
}

/* The same for the tables that were made anew once more, with the records that
 * were there. */
static void
test_version_6(void **state)
{
	struct fixture *f = *state;
	char alice[] = "alice", bob[] = "bob", carol[] = "carol";
	struct identity i;

	assert_int_equal(0, in_txn(f->store, add_run, alice));
	assert_int_equal(0, in_txn(f->store, add_run, bob));
	assert_int_equal(0, in_txn(f->store, remove_run, bob));
	fixture_close(f);
	sql_change(f->path, back_to_6);
	fixture_open(f, STORE_OPEN);
	assert_int_equal(
	    0, identity_get_by_wire_name(f->reader, "alice", look, &i));
	assert_int_equal(1, i.id);
	assert_false(i.approval);
	assert_int_equal(1,
	    sql_number(f->path, "SELECT count(*) FROM pake_record WHERE"
				" identity_id = 1 AND length(sealed) > 200"));
	assert_int_equal(
	    1, sql_number(f->path, "SELECT count(*) FROM srp_verifier WHERE"
				   " identity_id = 1 AND sealed = x'0102'"));
	assert_int_equal(0, in_txn(f->store, add_run, carol));
	assert_int_equal(
	    0, identity_get_by_wire_name(f->reader, "carol", look, &i));
	assert_int_equal(3, i.id);
	assert_int_equal(0, in_txn(f->store, remove_run, alice));
	assert_int_equal(
	    0, sql_number(f->path, "SELECT count(*) FROM srp_verifier"));
	assert_int_equal(
	    1, sql_number(f->path, "SELECT count(*) FROM pake_record"));
	assert_int_equal(
	    0, sql_number(
		   f->path, "SELECT count(*) FROM pragma_foreign_key_check"));
}

/* The marks of a log that was written without them say what those say that it
 * would have been written with. */
static int
fill_run(struct store_txn *txn, void *arg)
{
	const struct audit_row row = {.event = "test"};
	int err = 0;

	(void)arg;
	/* Times that go up and, for a while, back. */
	for (int64_t i = 0; i < 3500 && err == 0; i++)
		err = audit_add(txn, i > 1500 && i < 2500 ? i / 2 : i, &row);
	return err;
}

static void
test_version_7(void **state)
{
	static const char marks[] =
	    "SELECT sum(id * 10000 + high_at) FROM audit_mark";
	struct fixture *f = *state;
	int64_t before;

	assert_int_equal(0, in_txn(f->store, fill_run, NULL));
	before = sql_number(f->path, marks);
	assert_int_equal(
	    3, sql_number(f->path, "SELECT count(*) FROM audit_mark"));
	assert_int_equal(
	    1500, sql_number(f->path,
		      "SELECT high_at FROM audit_mark WHERE id = 2000"));
	fixture_close(f);
	sql_change(f->path,
	    "DROP INDEX identity_by_name; DROP TABLE audit_mark;"
	    "PRAGMA user_version = 7");
	fixture_open(f, STORE_OPEN);
	assert_int_equal(before, sql_number(f->path, marks));
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(test_version_1),
	    T(test_records_are_sealed), T(test_scrub_is_made_up_for),
	    T(test_references), T(test_ids_are_new), T(test_version_6),
	    T(test_version_7)};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
