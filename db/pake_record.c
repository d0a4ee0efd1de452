#include "db/pake_record.h"

#include "db/secret.h"

#define KIND "pake-record 1"

/* What is sealed: the struct, which has no padding. */
_Static_assert(
    sizeof(struct verifier) == SPAKE2P_SCALAR_LEN + 3 * SPAKE2P_POINT_LEN,
    "struct verifier is its members alone");

int
pake_record_seal(struct blob *sealed, const struct store_txn *txn,
    int64_t identity_id, const char *wire_name, const struct verifier *record)
{
	const struct secret_owner owner = {KIND, identity_id, wire_name};

	return secret_seal(sealed, txn, &owner,
	    (struct bytes){(const uint8_t *)record, sizeof(*record)});
}

int
pake_record_open(struct verifier *record, const struct store_txn *txn,
    int64_t identity_id, const char *wire_name, struct bytes sealed)
{
	const struct secret_owner owner = {KIND, identity_id, wire_name};

	return secret_open(
	    (uint8_t *)record, sizeof(*record), txn, &owner, sealed);
}
