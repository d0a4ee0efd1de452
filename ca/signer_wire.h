/*
 * The messages between estuaryd and its signer, on top of base/ipc.h. Each
 * decoder takes the body behind the header, refuses anything that is not
 * exactly right, and trusts no size.
 *
 *	estuaryd -> signer                signer -> estuaryd
 *	HELLO  where the CA is            CHAIN   the chain, or why not; once
 *	ISSUE  one request                ISSUED  its answer, with the same id
 *	CHECKPOINT  a row of the audit    CHECKPOINTED  its answer
 *	            log and its hash
 *
 * Types 5 to 8 are kept for revocation lists and cross-certification. No
 * message carries a digest to be signed, and none a private key.
 */
#ifndef CA_SIGNER_WIRE_H
#define CA_SIGNER_WIRE_H

#include <limits.h>

#include "base/ipc.h"
#include "base/sha256.h"
#include "ca/authority.h"
#include "ca/signer.h"

enum signer_message {
	SIGNER_HELLO = 1,
	SIGNER_CHAIN = 2,
	SIGNER_ISSUE = 3,
	SIGNER_ISSUED = 4,
	SIGNER_CHECKPOINT = 9,
	SIGNER_CHECKPOINTED = 10,
};

struct signer_hello {
	char ca_dir[PATH_MAX];
	char server_name[DOMAIN_MAX + 1];
	uint32_t per_hour[SIGNER_PROFILES_MAX];
	bool create; /* make the CA first, with: */
	char domain[DOMAIN_MAX + 1];
	int32_t root_days, issuing_days;
	struct constraints constraints;
};

/* Of what holds for each process: all but the making of the CA, which fails
 * once that is there. SHA-256. */
int signer_hello_digest(
    uint8_t out[SHA256_LEN], const struct signer_hello *hello) NODISCARD;

struct signer_chain {
	int result; /* 0, or -ERR_* and why, and nothing else */
	struct reason why;
	struct bytes root, issuing; /* borrowed from the packet */
	struct constraints constraints;
	struct checkpoint last; /* without its signature */
	char sandbox[64];       /* what is active, for the log */
};

struct signer_issued {
	int result; /* 0 and cert, or -ERR_* and why */
	struct reason why;
	struct bytes cert; /* borrowed from the packet */
};

struct signer_checkpointed {
	int result; /* 0 and checkpoint, or -ERR_* and why */
	struct reason why;
	struct checkpoint checkpoint;
};

/* The packet is left in b; see ipc_begin(). */
int signer_hello_encode(
    struct buf *b, uint64_t id, const struct signer_hello *hello) NODISCARD;
int signer_hello_decode(
    struct signer_hello *out, struct ipc_reader *r) NODISCARD;
int signer_chain_encode(
    struct buf *b, uint64_t id, const struct signer_chain *chain) NODISCARD;
int signer_chain_decode(
    struct signer_chain *out, struct ipc_reader *r) NODISCARD;
/* The question half of request; -ERR_INVALID for a text without an end or a
 * length beyond its array. */
int signer_issue_encode(
    struct buf *b, uint64_t id, const struct signer_request *request) NODISCARD;
int signer_issue_decode(
    struct signer_request *out, struct ipc_reader *r) NODISCARD;
int signer_issued_encode(
    struct buf *b, uint64_t id, const struct signer_issued *issued) NODISCARD;
int signer_issued_decode(
    struct signer_issued *out, struct ipc_reader *r) NODISCARD;
/* last_id and head alone. */
int signer_checkpoint_encode(
    struct buf *b, uint64_t id, const struct checkpoint *checkpoint) NODISCARD;
int signer_checkpoint_decode(
    struct checkpoint *out, struct ipc_reader *r) NODISCARD;
int signer_checkpointed_encode(struct buf *b, uint64_t id,
    const struct signer_checkpointed *answer) NODISCARD;
int signer_checkpointed_decode(
    struct signer_checkpointed *out, struct ipc_reader *r) NODISCARD;

#endif
