#include "db/srp.h"

#include <string.h>

#include "base/log.h"
#include "base/random.h"
#include "db/secret.h"
#include "db/sql.h"

#define SEED_KIND "srp-seed 1"
#define VERIFIER_KIND "srp-verifier 1"

static int
put_seed(struct store_txn *txn, const uint8_t seed[SRP_SEED_LEN])
{
	static const struct secret_owner owner = {SEED_KIND, 1, ""};
	sqlite3_stmt *stmt AUTORESET = sql_prepare(
	    &txn->conn, "INSERT INTO srp_seed(id, sealed) VALUES(1, ?1)");
	struct blob sealed CLEANUP(blob_fini) = {0};
	int err = stmt != NULL ? secret_seal(&sealed, txn, &owner,
				     (struct bytes){seed, SRP_SEED_LEN})
			       : -ERR_IO;

	if (err != 0)
		return err;
	sql_bind_blob(stmt, 1, blob_bytes(&sealed));
	return sql_run(&txn->conn, stmt);
}

int
srp_seed_get(struct store_txn *txn, uint8_t seed[SRP_SEED_LEN])
{
	static const struct secret_owner owner = {SEED_KIND, 1, ""};
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(&txn->conn, "SELECT sealed FROM srp_seed");
	int err = stmt != NULL ? sql_row(&txn->conn, stmt) : -ERR_IO;

	if (err < 0)
		return err;
	if (err == 0) {
		random_bytes(seed, SRP_SEED_LEN);
		return put_seed(txn, seed);
	}
	return secret_open(seed, SRP_SEED_LEN, txn, &owner, sql_blob(stmt, 0));
}

static int
identity_id(struct store_txn *txn, int64_t *id, const char *wire_name)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(
	    &txn->conn, "SELECT id FROM identity WHERE wire_name = ?1");
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, wire_name);
	err = sql_row(&txn->conn, stmt);
	if (err <= 0)
		return err < 0 ? err : -ERR_NOT_FOUND;
	*id = sql_int(stmt, 0);
	return 0;
}

int
srp_verifier_put(struct store_txn *txn, const char *wire_name,
    const struct srp_verifier *verifier)
{
	struct secret_owner owner = {VERIFIER_KIND, 0, wire_name};
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO srp_verifier(identity_id, sealed) VALUES(?1, ?2)");
	struct blob sealed CLEANUP(blob_fini) = {0};
	int err =
	    stmt != NULL ? identity_id(txn, &owner.id, wire_name) : -ERR_IO;

	if (err == 0)
		err = secret_seal(&sealed, txn, &owner,
		    (struct bytes){verifier->v, sizeof(verifier->v)});
	if (err != 0)
		return err;
	sql_bind_int(stmt, 1, owner.id);
	sql_bind_blob(stmt, 2, blob_bytes(&sealed));
	return sql_run(&txn->conn, stmt);
}

/* 1 for one whose password could still be right over the PAKE alone: that of a
 * used-up code went with its last use. */
static int
lacks_verifier(struct store_txn *txn, const char *wire_name)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "SELECT 1 FROM identity WHERE wire_name = ?1"
	    " AND uses_left IS NOT 0 AND kind <> 'device'"
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
	    "SELECT id, sealed FROM srp_verifier JOIN identity"
	    " ON id = identity_id WHERE wire_name = ?1");
	struct secret_owner owner = {VERIFIER_KIND, 0, wire_name};
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, wire_name);
	err = sql_row(&txn->conn, stmt);
	if (err <= 0)
		return err < 0 ? err : -ERR_CORRUPT;
	owner.id = sql_int(stmt, 0);
	err =
	    secret_open(out->v, sizeof(out->v), txn, &owner, sql_blob(stmt, 1));
	if (err != -ERR_CORRUPT)
		return err;
	log_error("an SRP verifier cannot be used",
	    "identity_id=%lld reason=\"it was changed, moved, or sealed under "
	    "another records.key\"",
	    (long long)owner.id);
	return CLAIM_DAMAGED;
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
