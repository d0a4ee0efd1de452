#include "db/masa.h"

#include "db/schema.h"

static const char *const migrations[] = {
    /* Times are Unix seconds. */
    "CREATE TABLE device("
    " id INTEGER PRIMARY KEY,"
    " serial_number TEXT NOT NULL UNIQUE,"
    " idevid BLOB NOT NULL,"
    " owner BLOB" /* the domain's certificate; NULL: sold to nobody */
    ") STRICT;"
    /* Those that vouchers were issued to. */
    "CREATE TABLE domain("
    " id INTEGER PRIMARY KEY,"
    " domain_id BLOB NOT NULL UNIQUE," /* RFC 8995 5.8.2 */
    " first_seen INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE voucher("
    " id INTEGER PRIMARY KEY,"
    " device_id INTEGER NOT NULL REFERENCES device(id),"
    " domain_id INTEGER NOT NULL REFERENCES domain(id),"
    " issued_at INTEGER NOT NULL,"
    " nonce TEXT NOT NULL," /* "" for a nonceless one */
    " assertion TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX voucher_of_device ON voucher(device_id, id);",
};

static const struct schema masa_schema = {.application_id = MASA_APPLICATION_ID,
    .migrations = migrations,
    .n_migrations = ARRAY_LEN(migrations)};

int
masa_store_open(struct store **out, const char *path, enum store_mode mode,
    struct reason *why)
{
	return store_open_schema(out, path, mode, &masa_schema, why);
}

/* --- devices --- */

int
masa_device_add(
    struct store_txn *txn, const char *serial_number, struct bytes idevid)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO device(serial_number, idevid) VALUES(?1, ?2)");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, serial_number);
	sql_bind_blob(stmt, 2, idevid);
	return sql_run(&txn->conn, stmt);
}

int
masa_device_own(
    struct store_txn *txn, const char *serial_number, struct bytes owner)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "UPDATE device SET owner = ?2 WHERE serial_number = ?1");
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, serial_number);
	sql_bind_blob(stmt, 2, owner);
	err = sql_run(&txn->conn, stmt);
	if (err == 0 && sqlite3_changes(txn->conn.db) == 0)
		err = -ERR_NOT_FOUND;
	return err;
}

int
masa_device_get(struct masa_device *out, struct store_reader *reader,
    const char *serial_number)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(reader,
	    "SELECT id, idevid, owner FROM device WHERE serial_number = ?1");
	struct masa_device device = {.id = 0};
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, serial_number);
	err = sql_row(reader, stmt);
	if (err <= 0)
		return err == 0 ? -ERR_NOT_FOUND : err;
	device.id = sql_int(stmt, 0);
	err = blob_copy(&device.idevid, sql_blob(stmt, 1));
	if (err == 0)
		err = blob_copy(&device.owner, sql_blob(stmt, 2));
	if (err != 0) {
		masa_device_fini(&device);
		return err;
	}
	*out = device;
	return 0;
}

void
masa_device_fini(struct masa_device *device)
{
	blob_fini(&device->idevid);
	blob_fini(&device->owner);
}

/* --- vouchers --- */

static int
remember_domain(struct store_txn *txn, const struct masa_voucher *voucher)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO domain(domain_id, first_seen) VALUES(?1, ?2)"
	    " ON CONFLICT(domain_id) DO NOTHING");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_blob(stmt, 1, voucher->domain_id);
	sql_bind_int(stmt, 2, voucher->issued_at);
	return sql_run(&txn->conn, stmt);
}

int
masa_voucher_add(struct store_txn *txn, const struct masa_voucher *voucher)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO voucher(device_id, domain_id, issued_at, nonce,"
	    "  assertion)"
	    " SELECT ?1, id, ?3, ?4, ?5 FROM domain WHERE domain_id = ?2");
	int err = stmt != NULL ? remember_domain(txn, voucher) : -ERR_IO;

	if (err != 0)
		return err;
	sql_bind_int(stmt, 1, voucher->device_id);
	sql_bind_blob(stmt, 2, voucher->domain_id);
	sql_bind_int(stmt, 3, voucher->issued_at);
	sql_bind_text(stmt, 4, voucher->nonce);
	sql_bind_text(stmt, 5, voucher->assertion);
	return sql_run(&txn->conn, stmt);
}

int
masa_voucher_list(struct store_reader *reader, int64_t device_id, int64_t limit,
    masa_voucher_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(reader,
	    "SELECT issued_at, domain.domain_id, nonce, assertion FROM voucher"
	    " JOIN domain ON domain.id = voucher.domain_id"
	    " WHERE device_id = ?1 ORDER BY voucher.id DESC LIMIT ?2");
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, device_id);
	sql_bind_int(stmt, 2, limit);
	while ((err = sql_row(reader, stmt)) == 1) {
		const struct masa_voucher voucher = {.device_id = device_id,
		    .issued_at = sql_int(stmt, 0),
		    .domain_id = sql_blob(stmt, 1),
		    .nonce = sql_text(stmt, 2),
		    .assertion = sql_text(stmt, 3)};

		err = each(arg, &voucher);
		if (err != 0)
			break;
	}
	return err;
}

int
masa_voucher_count(int64_t *out, struct store_reader *reader, int64_t device_id)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(
	    reader, "SELECT count(*) FROM voucher WHERE device_id = ?1");
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, device_id);
	err = sql_row(reader, stmt);
	if (err < 0)
		return err;
	*out = err == 1 ? sql_int(stmt, 0) : 0;
	return 0;
}
