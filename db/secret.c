#include "db/secret.h"

#include "base/ipc.h"
#include "base/seal.h"
#include "db/sql.h"

static int
encode_owner(struct buf *context, const struct secret_owner *owner)
{
	ipc_put_text(context, owner->kind);
	ipc_put_u64(context, (uint64_t)owner->id);
	ipc_put_text(context, owner->name);
	return buf_status(context);
}

int
secret_seal(struct blob *sealed, const struct store_txn *txn,
    const struct secret_owner *owner, struct bytes plain)
{
	struct buf context CLEANUP(buf_fini) = {.max = SEAL_PLAIN_MAX};
	int err = encode_owner(&context, owner);

	return err != 0 ? err
			: seal_close(sealed, txn->seal,
			      (struct bytes){
				  (const uint8_t *)context.data, context.len},
			      plain);
}

int
secret_open(uint8_t *plain, size_t len, const struct store_txn *txn,
    const struct secret_owner *owner, struct bytes sealed)
{
	struct buf context CLEANUP(buf_fini) = {.max = SEAL_PLAIN_MAX};
	int err = encode_owner(&context, owner);

	return err != 0 ? err
			: seal_open(plain, len, txn->seal,
			      (struct bytes){
				  (const uint8_t *)context.data, context.len},
			      sealed);
}
