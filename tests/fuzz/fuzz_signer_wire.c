/* Whatever the other process sends: a message that is taken is the one that the
 * encoder makes of it again. */
#include <string.h>

#include "ca/signer_wire.h"
#include "tests/fuzz/fuzz.h"

union message {
	struct signer_hello hello;
	struct signer_chain chain;
	struct signer_request issue;
	struct signer_issued issued;
	struct checkpoint checkpoint;
	struct signer_checkpointed checkpointed;
};

static int
decode(union message *m, uint16_t type, struct ipc_reader *r)
{
	switch (type) {
	case SIGNER_HELLO:
		return signer_hello_decode(&m->hello, r);
	case SIGNER_CHAIN:
		return signer_chain_decode(&m->chain, r);
	case SIGNER_ISSUE:
		return signer_issue_decode(&m->issue, r);
	case SIGNER_ISSUED:
		return signer_issued_decode(&m->issued, r);
	case SIGNER_CHECKPOINT:
		return signer_checkpoint_decode(&m->checkpoint, r);
	case SIGNER_CHECKPOINTED:
		return signer_checkpointed_decode(&m->checkpointed, r);
	default:
		return -ERR_INVALID;
	}
}

static int
encode(struct buf *b, uint64_t id, uint16_t type, const union message *m)
{
	switch (type) {
	case SIGNER_HELLO:
		return signer_hello_encode(b, id, &m->hello);
	case SIGNER_CHAIN:
		return signer_chain_encode(b, id, &m->chain);
	case SIGNER_ISSUE:
		return signer_issue_encode(b, id, &m->issue);
	case SIGNER_ISSUED:
		return signer_issued_encode(b, id, &m->issued);
	case SIGNER_CHECKPOINT:
		return signer_checkpoint_encode(b, id, &m->checkpoint);
	default:
		return signer_checkpointed_encode(b, id, &m->checkpointed);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	union message *m = calloc(1, sizeof(*m));
	struct buf again = {0};
	struct ipc_reader r;
	uint16_t type;
	uint64_t id;

	if (m == NULL)
		return 0;
	ipc_open(&r, &type, &id, (struct bytes){data, size});
	if (r.err == 0 && decode(m, type, &r) == 0) {
		FUZZ_CHECK(encode(&again, id, type, m) == 0);
		FUZZ_CHECK(bytes_equal(
		    (struct bytes){(const uint8_t *)again.data, again.len},
		    (struct bytes){data, size}));
	}
	buf_fini(&again);
	free(m);
	return 0;
}
