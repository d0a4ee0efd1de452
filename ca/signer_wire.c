#include "ca/signer_wire.h"

#include <string.h>

#include "ca/cert.h"

static void
fail(struct ipc_reader *r, int err)
{
	if (r->err == 0)
		r->err = err;
}

/* A flag: 0 or 1. */
static bool
get_bool(struct ipc_reader *r)
{
	uint8_t value = ipc_get_u8(r);

	if (value > 1)
		fail(r, -ERR_INVALID);
	return value == 1;
}

/* 0 or an -ERR_*, as a positive number on the wire. */
static void
put_result(struct buf *b, int result, const struct reason *why)
{
	ipc_put_u8(b, (uint8_t)-result);
	ipc_put_text(b, result != 0 ? why->text : "");
}

static void
get_result(struct ipc_reader *r, int *result, struct reason *why)
{
	uint8_t err = ipc_get_u8(r);

	ipc_get_text(r, why->text, sizeof(why->text));
	if (err >= ERR_MAX || (err == 0 && why->text[0] != '\0'))
		fail(r, -ERR_INVALID);
	*result = -(int)err;
}

/* --- constraints --- */

static void
put_prefix(struct buf *b, const struct ip_prefix *prefix)
{
	ipc_put_u8(b, prefix->bits);
	ipc_put_bytes(b, (struct bytes){prefix->addr.bytes, prefix->addr.len});
}

static void
get_prefix(struct ipc_reader *r, struct ip_prefix *prefix)
{
	struct bytes addr;

	prefix->bits = ipc_get_u8(r);
	addr = ipc_get_bytes(r, sizeof(prefix->addr.bytes));
	if ((addr.len != 4 && addr.len != 16) || prefix->bits > 8 * addr.len) {
		fail(r, -ERR_INVALID);
		return;
	}
	memcpy(prefix->addr.bytes, addr.data, addr.len);
	prefix->addr.len = (uint8_t)addr.len;
}

static int
put_constraints(struct buf *b, const struct constraints *c)
{
	if (c->n_domains > CONSTRAINTS_MAX || c->n_prefixes > CONSTRAINTS_MAX)
		return -ERR_INVALID;
	ipc_put_u8(b, (uint8_t)c->n_domains);
	for (size_t i = 0; i < c->n_domains; i++)
		ipc_put_text(b, c->domains[i]);
	ipc_put_u8(b, (uint8_t)c->n_prefixes);
	for (size_t i = 0; i < c->n_prefixes; i++)
		put_prefix(b, &c->prefixes[i]);
	return 0;
}

static size_t
get_count(struct ipc_reader *r, size_t max)
{
	uint8_t n = ipc_get_u8(r);

	if (n <= max)
		return n;
	fail(r, -ERR_TOO_LARGE);
	return 0;
}

static void
get_constraints(struct ipc_reader *r, struct constraints *c)
{
	c->n_domains = get_count(r, CONSTRAINTS_MAX);
	for (size_t i = 0; i < c->n_domains; i++)
		ipc_get_text(r, c->domains[i], sizeof(c->domains[i]));
	c->n_prefixes = get_count(r, CONSTRAINTS_MAX);
	for (size_t i = 0; i < c->n_prefixes; i++)
		get_prefix(r, &c->prefixes[i]);
}

/* --- checkpoints --- */

/* What is not a count from 0 up is malformed. */
static int64_t
get_count_i64(struct ipc_reader *r)
{
	uint64_t value = ipc_get_u64(r);

	if (value > INT64_MAX) {
		fail(r, -ERR_INVALID);
		return 0;
	}
	return (int64_t)value;
}

static void
put_checkpoint(struct buf *b, const struct checkpoint *c)
{
	ipc_put_u64(b, (uint64_t)c->counter);
	ipc_put_u64(b, (uint64_t)c->at);
	ipc_put_u64(b, (uint64_t)c->last_id);
	ipc_put_bytes(b, (struct bytes){c->head, sizeof(c->head)});
}

static void
get_head(struct ipc_reader *r, uint8_t head[SHA256_LEN])
{
	struct bytes value = ipc_get_bytes(r, SHA256_LEN);

	if (value.len == SHA256_LEN)
		memcpy(head, value.data, SHA256_LEN);
	else
		fail(r, -ERR_INVALID);
}

static void
get_checkpoint(struct ipc_reader *r, struct checkpoint *c)
{
	c->counter = get_count_i64(r);
	c->at = get_count_i64(r);
	c->last_id = get_count_i64(r);
	get_head(r, c->head);
}

/* --- HELLO --- */

int
signer_hello_encode(
    struct buf *b, uint64_t id, const struct signer_hello *hello)
{
	int err = 0;

	ipc_begin(b, SIGNER_HELLO, id);
	ipc_put_text(b, hello->ca_dir);
	ipc_put_text(b, hello->server_name);
	for (size_t i = 0; i < SIGNER_PROFILES_MAX; i++)
		ipc_put_u32(b, hello->per_hour[i]);
	ipc_put_u8(b, hello->create ? 1 : 0);
	if (hello->create) {
		ipc_put_text(b, hello->domain);
		ipc_put_u32(b, (uint32_t)hello->root_days);
		ipc_put_u32(b, (uint32_t)hello->issuing_days);
		err = put_constraints(b, &hello->constraints);
	}
	return err != 0 ? err : buf_status(b);
}

int
signer_hello_digest(uint8_t out[SHA256_LEN], const struct signer_hello *hello)
{
	AUTOFREE struct signer_hello *pinned = calloc(1, sizeof(*pinned));
	struct buf b CLEANUP(buf_fini) = {0};
	int err = -ERR_NOMEM;

	if (pinned == NULL)
		return err;
	memcpy(pinned->ca_dir, hello->ca_dir, sizeof(pinned->ca_dir));
	memcpy(pinned->server_name, hello->server_name,
	    sizeof(pinned->server_name));
	memcpy(pinned->per_hour, hello->per_hour, sizeof(pinned->per_hour));
	err = signer_hello_encode(&b, 0, pinned);
	return err != 0 ? err
			: sha256(out,
			      (struct bytes){(const uint8_t *)b.data, b.len});
}

int
signer_hello_decode(struct signer_hello *out, struct ipc_reader *r)
{
	memset(out, 0, sizeof(*out));
	ipc_get_text(r, out->ca_dir, sizeof(out->ca_dir));
	ipc_get_text(r, out->server_name, sizeof(out->server_name));
	for (size_t i = 0; i < SIGNER_PROFILES_MAX; i++)
		out->per_hour[i] = ipc_get_u32(r);
	out->create = get_bool(r);
	if (out->create) {
		ipc_get_text(r, out->domain, sizeof(out->domain));
		out->root_days = (int32_t)ipc_get_u32(r);
		out->issuing_days = (int32_t)ipc_get_u32(r);
		get_constraints(r, &out->constraints);
	}
	return ipc_close(r);
}

/* --- CHAIN --- */

int
signer_chain_encode(
    struct buf *b, uint64_t id, const struct signer_chain *chain)
{
	int err = 0;

	ipc_begin(b, SIGNER_CHAIN, id);
	put_result(b, chain->result, &chain->why);
	if (chain->result == 0) {
		ipc_put_bytes(b, chain->root);
		ipc_put_bytes(b, chain->issuing);
		err = put_constraints(b, &chain->constraints);
		put_checkpoint(b, &chain->last);
		ipc_put_text(b, chain->sandbox);
	}
	return err != 0 ? err : buf_status(b);
}

int
signer_chain_decode(struct signer_chain *out, struct ipc_reader *r)
{
	memset(out, 0, sizeof(*out));
	get_result(r, &out->result, &out->why);
	if (out->result == 0) {
		out->root = ipc_get_bytes(r, CERT_MAX_BYTES);
		out->issuing = ipc_get_bytes(r, CERT_MAX_BYTES);
		get_constraints(r, &out->constraints);
		get_checkpoint(r, &out->last);
		ipc_get_text(r, out->sandbox, sizeof(out->sandbox));
	}
	return ipc_close(r);
}

/* --- ISSUE --- */

static int
put_names(struct buf *b, const struct names *names)
{
	if (names->n > NAMES_MAX)
		return -ERR_INVALID;
	ipc_put_u8(b, (uint8_t)names->n);
	for (size_t i = 0; i < names->n; i++) {
		const struct name *name = &names->items[i];

		if (memchr(name->text, '\0', sizeof(name->text)) == NULL)
			return -ERR_INVALID;
		ipc_put_u8(b, (uint8_t)name->type);
		ipc_put_text(b, name->text);
	}
	return 0;
}

static void
get_names(struct ipc_reader *r, struct names *names)
{
	names->n = get_count(r, NAMES_MAX);
	for (size_t i = 0; i < names->n; i++) {
		struct name *name = &names->items[i];

		name->type = (enum name_type)ipc_get_u8(r);
		ipc_get_text(r, name->text, sizeof(name->text));
	}
}

int
signer_issue_encode(
    struct buf *b, uint64_t id, const struct signer_request *request)
{
	int err;

	if (request->csr_len > sizeof(request->csr) ||
	    memchr(request->common_name, '\0', sizeof(request->common_name)) ==
		NULL ||
	    memchr(request->serial_number, '\0',
		sizeof(request->serial_number)) == NULL)
		return -ERR_INVALID;
	ipc_begin(b, SIGNER_ISSUE, id);
	ipc_put_u32(b, (uint32_t)request->profile);
	ipc_put_u64(b, (uint64_t)request->not_before);
	ipc_put_u32(b, (uint32_t)request->valid_days);
	ipc_put_text(b, request->common_name);
	ipc_put_text(b, request->serial_number);
	ipc_put_bytes(b, (struct bytes){request->csr, request->csr_len});
	err = put_names(b, &request->names);
	return err != 0 ? err : buf_status(b);
}

int
signer_issue_decode(struct signer_request *out, struct ipc_reader *r)
{
	struct bytes csr;

	memset(out, 0, sizeof(*out));
	out->profile = (enum profile_id)ipc_get_u32(r);
	out->not_before = (int64_t)ipc_get_u64(r);
	out->valid_days = (int32_t)ipc_get_u32(r);
	ipc_get_text(r, out->common_name, sizeof(out->common_name));
	ipc_get_text(r, out->serial_number, sizeof(out->serial_number));
	csr = ipc_get_bytes(r, sizeof(out->csr));
	if (csr.len > 0)
		memcpy(out->csr, csr.data, csr.len);
	out->csr_len = csr.len;
	get_names(r, &out->names);
	return ipc_close(r);
}

/* --- ISSUED --- */

int
signer_issued_encode(
    struct buf *b, uint64_t id, const struct signer_issued *issued)
{
	ipc_begin(b, SIGNER_ISSUED, id);
	put_result(b, issued->result, &issued->why);
	if (issued->result == 0)
		ipc_put_bytes(b, issued->cert);
	return buf_status(b);
}

int
signer_issued_decode(struct signer_issued *out, struct ipc_reader *r)
{
	memset(out, 0, sizeof(*out));
	get_result(r, &out->result, &out->why);
	if (out->result == 0)
		out->cert = ipc_get_bytes(r, CERT_MAX_BYTES);
	if (out->result == 0 && out->cert.len == 0)
		fail(r, -ERR_INVALID);
	return ipc_close(r);
}

/* --- CHECKPOINT --- */

int
signer_checkpoint_encode(
    struct buf *b, uint64_t id, const struct checkpoint *checkpoint)
{
	ipc_begin(b, SIGNER_CHECKPOINT, id);
	ipc_put_u64(b, (uint64_t)checkpoint->last_id);
	ipc_put_bytes(
	    b, (struct bytes){checkpoint->head, sizeof(checkpoint->head)});
	return buf_status(b);
}

int
signer_checkpoint_decode(struct checkpoint *out, struct ipc_reader *r)
{
	memset(out, 0, sizeof(*out));
	out->last_id = get_count_i64(r);
	get_head(r, out->head);
	return ipc_close(r);
}

/* --- CHECKPOINTED --- */

int
signer_checkpointed_encode(
    struct buf *b, uint64_t id, const struct signer_checkpointed *answer)
{
	const struct checkpoint *c = &answer->checkpoint;

	ipc_begin(b, SIGNER_CHECKPOINTED, id);
	put_result(b, answer->result, &answer->why);
	if (answer->result == 0) {
		if (c->signature_len > sizeof(c->signature))
			return -ERR_INVALID;
		put_checkpoint(b, c);
		ipc_put_bytes(
		    b, (struct bytes){c->signature, c->signature_len});
	}
	return buf_status(b);
}

int
signer_checkpointed_decode(
    struct signer_checkpointed *out, struct ipc_reader *r)
{
	struct checkpoint *c = &out->checkpoint;
	struct bytes signature;

	memset(out, 0, sizeof(*out));
	get_result(r, &out->result, &out->why);
	if (out->result == 0) {
		get_checkpoint(r, c);
		signature = ipc_get_bytes(r, sizeof(c->signature));
		if (signature.len == 0)
			fail(r, -ERR_INVALID);
		else
			memcpy(c->signature, signature.data, signature.len);
		c->signature_len = signature.len;
	}
	return ipc_close(r);
}
