#include "db/migrate.h"

#include <string.h>

#include "base/log.h"
#include "db/audit_chain.h"
#include "db/pake_record.h"

/* --- version 3 --- */

/* One that has not the lengths of a record was of no use before. */
static bool
read_plain(struct verifier *record, sqlite3_stmt *stmt, int column)
{
	struct {
		uint8_t *to;
		size_t len;
	} parts[] = {{record->w0, sizeof(record->w0)},
	    {record->l, sizeof(record->l)}, {record->w0m, sizeof(record->w0m)},
	    {record->w0n, sizeof(record->w0n)}};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct bytes value = sql_blob(stmt, column + (int)i);

		if (value.len != parts[i].len)
			return false;
		memcpy(parts[i].to, value.data, value.len);
	}
	return true;
}

static int
put_sealed(struct store_txn *txn, int64_t id, const char *wire_name,
    const struct verifier *record)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO pake_record(identity_id, sealed) VALUES(?1, ?2)");
	struct blob sealed CLEANUP(blob_fini) = {0};
	int err = stmt != NULL
		      ? pake_record_seal(&sealed, txn, id, wire_name, record)
		      : -ERR_IO;

	if (err != 0)
		return err;
	sql_bind_int(stmt, 1, id);
	sql_bind_blob(stmt, 2, blob_bytes(&sealed));
	return sql_run(&txn->conn, stmt);
}

static int
seal_all(struct store_txn *txn)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "SELECT id, wire_name, w0, l, w0m, w0n"
	    " FROM pake_record_plain JOIN identity ON identity_id = id");
	struct verifier record;
	int more, err = 0;

	if (stmt == NULL)
		return -ERR_IO;
	while (err == 0 && (more = sql_row(&txn->conn, stmt)) != 0) {
		if (more < 0)
			err = more;
		else if (read_plain(&record, stmt, 2))
			err = put_sealed(
			    txn, sql_int(stmt, 0), sql_text(stmt, 1), &record);
		else
			log_warn("a damaged PAKE record was dropped",
			    "identity_id=%lld", (long long)sql_int(stmt, 0));
	}
	explicit_bzero(&record, sizeof(record));
	return err;
}

int
migrate_seal_records(struct store_txn *txn)
{
	int err = seal_all(txn);

	return err == 0 ? sql_exec(&txn->conn, "DROP TABLE pake_record_plain")
			: err;
}

/* --- version 4 --- */

static int
put_hash(struct store_txn *txn, const struct audit_head *head)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(&txn->conn, "UPDATE audit SET hash = ?2 WHERE id = ?1");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, head->id);
	sql_bind_blob(stmt, 2, (struct bytes){head->hash, sizeof(head->hash)});
	return sql_run(&txn->conn, stmt);
}

static int
hash_all(struct store_txn *txn)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(
	    &txn->conn, AUDIT_CHAIN_SELECT "FROM audit ORDER BY id");
	struct audit_head head = {0};
	int more, err = 0;

	if (stmt == NULL)
		return -ERR_IO;
	while (err == 0 && (more = sql_row(&txn->conn, stmt)) != 0) {
		struct audit_link row;

		audit_chain_read(&row, stmt);
		err = more < 0 ? more : audit_chain_next(&head, &row);
		if (err == 0)
			err = put_hash(txn, &head);
	}
	return err;
}

int
migrate_chain_audit(struct store_txn *txn)
{
	int err = hash_all(txn);

	return err == 0 ? sql_exec(&txn->conn, AUDIT_CHAIN_TRIGGERS) : err;
}
