#include "db/records_key.h"

#include <limits.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "base/str.h"
#include "db/secret.h"

#define PURPOSE "estuary records 1"

/* What the store holds to know its key by. */
#define CHECK_LEN 16
static const uint8_t check_text[CHECK_LEN] = "estuary records";
static const struct secret_owner check_owner = {"key-check 1", 1, ""};

static int
key_path(char path[PATH_MAX], const char *database)
{
	const char *slash = strrchr(database, '/');
	int n = slash != NULL ? (int)(slash - database) + 1 : 0;

	return str_format(
	    path, PATH_MAX, "%.*s%s", n, database, SECRET_KEY_FILE);
}

/* A single number; -ERR_IO without a row. */
static int
number(struct store_reader *conn, const char *sql, int64_t *out)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(conn, sql);
	int err = stmt != NULL ? sql_row(conn, stmt) : -ERR_IO;

	if (err <= 0)
		return err < 0 ? err : -ERR_IO;
	*out = sql_int(stmt, 0);
	return 0;
}

static int
has_sealed(struct store_reader *conn, bool *out)
{
	int64_t n = 0;
	int err = number(conn,
	    "SELECT count(*) FROM sqlite_schema WHERE name = 'sealed'", &n);

	if (err == 0 && n != 0)
		err = number(conn,
		    "SELECT (SELECT count(*) FROM sealed)"
		    " + (SELECT count(*) FROM pake_record)",
		    &n);
	*out = n != 0;
	return err;
}

static int
make(const char *path, struct reason *why)
{
	uint8_t key[SEAL_KEY_LEN];
	int err;

	random_bytes(key, sizeof(key));
	err = file_write(path, (struct bytes){key, sizeof(key)}, 0400);
	explicit_bzero(key, sizeof(key));
	if (err != 0)
		return reason_set(
		    why, err, "%s: cannot be made: %s", path, err_text(err));
	log_info("key for records at rest made", "file=%s", path);
	return 0;
}

static int
make_if_new(struct store_reader *conn, const char *path, struct reason *why)
{
	bool sealed = false;
	int err = has_sealed(conn, &sealed);

	if (err != 0)
		return reason_set(why, err, "the database cannot be read");
	if (sealed)
		return reason_set(why, -ERR_NOT_FOUND,
		    "%.100s is missing although the database has records that "
		    "were sealed under it: restore it from its backup, or see "
		    "'A lost records.key' in docs/operations.md",
		    path);
	return make(path, why);
}

int
records_key_load(struct seal **out, struct store_reader *conn,
    const char *database, struct reason *why)
{
	struct blob key = {0};
	char path[PATH_MAX];
	int err = key_path(path, database);

	if (err != 0)
		return reason_set(why, err, "the database's path is too long");
	err = file_exists(path) ? 0 : make_if_new(conn, path, why);
	if (err == 0)
		err = file_read_secret(&key, path, SEAL_KEY_LEN, why);
	if (err != 0)
		return err;
	if (key.len != SEAL_KEY_LEN)
		err = reason_set(why, -ERR_CORRUPT,
		    "%.150s: not %d octets: restore it from its backup", path,
		    SEAL_KEY_LEN);
	else if ((err = seal_new(out, key.data, PURPOSE)) != 0)
		reason_set(why, err, "%.150s: %s", path, err_text(err));
	blob_wipe(&key);
	return err;
}

static int
put_check(struct store_txn *txn)
{
	struct blob sealed CLEANUP(blob_fini) = {0};
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO sealed(id, key_check, scrubbed) VALUES(1, ?1, 0)");
	int err = stmt != NULL
		      ? secret_seal(&sealed, txn, &check_owner,
			    (struct bytes){check_text, sizeof(check_text)})
		      : -ERR_IO;

	if (err != 0)
		return err;
	sql_bind_blob(stmt, 1, blob_bytes(&sealed));
	return sql_run(&txn->conn, stmt);
}

/* 1 when it is the right key, 0 when the store does not know. */
static int
compare_check(struct store_txn *txn)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(&txn->conn, "SELECT key_check FROM sealed");
	uint8_t text[CHECK_LEN];
	int err = stmt != NULL ? sql_row(&txn->conn, stmt) : -ERR_IO;

	if (err <= 0)
		return err;
	err = secret_open(
	    text, sizeof(text), txn, &check_owner, sql_blob(stmt, 0));
	if (err == 0 && memcmp(text, check_text, sizeof(text)) != 0)
		err = -ERR_CORRUPT;
	return err == 0 ? 1 : err;
}

int
records_key_check(
    struct store_txn *txn, const char *database, struct reason *why)
{
	char path[PATH_MAX];
	int err = compare_check(txn);

	if (err == 1)
		return 0;
	if (err == 0)
		err = put_check(txn);
	if (err == -ERR_CORRUPT && key_path(path, database) == 0)
		return reason_set(why, -ERR_REFUSED,
		    "%.100s is not the key that the database's records were "
		    "sealed under: restore the right one from its backup, or "
		    "see 'A lost records.key' in docs/operations.md",
		    path);
	return err == 0 ? 0
			: reason_set(
			      why, err, "%.150s: %s", database, err_text(err));
}

/* secure_delete overwrites what is freed, but pages that were rearranged may
 * keep a copy, and so may the write-ahead log. */
int
records_scrub(struct store_reader *conn)
{
	int64_t scrubbed = 0;
	int err = number(conn, "SELECT scrubbed FROM sealed", &scrubbed);

	if (err != 0 || scrubbed != 0)
		return err;
	err = sql_exec(conn, "PRAGMA temp_store=MEMORY;"
			     "VACUUM;"
			     "PRAGMA wal_checkpoint(TRUNCATE);"
			     "UPDATE sealed SET scrubbed = 1");
	return err;
}
