#include "db/srp.h"

#include <string.h>

#include "base/random.h"
#include "db/sql.h"

static int
put_seed(struct store_txn *txn, const uint8_t seed[SRP_SEED_LEN])
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(
	    &txn->conn, "INSERT INTO srp_seed(id, seed) VALUES(1, ?1)");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_blob(stmt, 1, (struct bytes){seed, SRP_SEED_LEN});
	return sql_run(&txn->conn, stmt);
}

int
srp_seed_get(struct store_txn *txn, uint8_t seed[SRP_SEED_LEN])
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(&txn->conn, "SELECT seed FROM srp_seed");
	struct bytes stored;
	int err = stmt != NULL ? sql_row(&txn->conn, stmt) : -ERR_IO;

	if (err < 0)
		return err;
	if (err == 0) {
		random_bytes(seed, SRP_SEED_LEN);
		return put_seed(txn, seed);
	}
	stored = sql_blob(stmt, 0);
	if (stored.len != SRP_SEED_LEN)
		return -ERR_CORRUPT;
	memcpy(seed, stored.data, SRP_SEED_LEN);
	return 0;
}

int
srp_verifier_put(struct store_txn *txn, const char *wire_name,
    const struct srp_verifier *verifier)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO srp_verifier(identity_id, v)"
	    " SELECT id, ?2 FROM identity WHERE wire_name = ?1");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, wire_name);
	sql_bind_blob(
	    stmt, 2, (struct bytes){verifier->v, sizeof(verifier->v)});
	return sql_run(&txn->conn, stmt);
}

/* 1 for one whose password could still be right over the PAKE alone: that of a
 * used-up code went with its last use. */
static int
lacks_verifier(struct store_txn *txn, const char *wire_name)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "SELECT 1 FROM identity WHERE wire_name = ?1"
	    " AND uses_left IS NOT 0"
	    " AND id NOT IN (SELECT identity_id FROM srp_verifier)");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, wire_name);
	return sql_row(&txn->conn, stmt);
}

static int
get_verifier(
    struct store_txn *txn, struct srp_verifier *out, const char *wire_name)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "SELECT v FROM srp_verifier JOIN identity ON id = identity_id"
	    " WHERE wire_name = ?1");
	struct bytes v;
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, wire_name);
	err = sql_row(&txn->conn, stmt);
	if (err < 0)
		return err;
	v = err == 1 ? sql_blob(stmt, 0) : (struct bytes){NULL, 0};
	if (v.len != sizeof(out->v))
		return -ERR_CORRUPT;
	memcpy(out->v, v.data, v.len);
	return 0;
}

int
srp_claim(struct store_txn *txn, struct srp_verifier *verifier,
    struct verifier *record, const char *wire_name, int64_t now)
{
	int lacks = lacks_verifier(txn, wire_name);
	int outcome;

	if (lacks < 0)
		return lacks;
	outcome = identity_claim(txn, record, lacks == 1 ? "" : wire_name, now);
	if (outcome == CLAIM_GRANTED)
		return get_verifier(txn, verifier, wire_name);
	return outcome == CLAIM_UNKNOWN && lacks == 1 ? CLAIM_NO_SRP : outcome;
}
