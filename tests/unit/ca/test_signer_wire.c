#include "tests/unit/cmocka.h"

#include <string.h>

#include "ca/signer_wire.h"

/* Everything that a message can hold, in one struct, so that each kind is
 * tested in the same way. */
struct any {
	struct signer_hello hello;
	struct signer_chain chain;
	struct signer_request issue;
	struct signer_issued issued;
	struct checkpoint checkpoint;
	struct signer_checkpointed checkpointed;
};

struct kind {
	const char *name;
	uint16_t type;
	int (*encode)(struct buf *b, const struct any *any);
	int (*decode)(struct any *any, struct ipc_reader *r);
};

#define ID UINT64_C(0x0123456789abcdef)

static int
hello_encode(struct buf *b, const struct any *any)
{
	return signer_hello_encode(b, ID, &any->hello);
}

static int
hello_decode(struct any *any, struct ipc_reader *r)
{
	return signer_hello_decode(&any->hello, r);
}

static int
chain_encode(struct buf *b, const struct any *any)
{
	return signer_chain_encode(b, ID, &any->chain);
}

static int
chain_decode(struct any *any, struct ipc_reader *r)
{
	return signer_chain_decode(&any->chain, r);
}

static int
issue_encode(struct buf *b, const struct any *any)
{
	return signer_issue_encode(b, ID, &any->issue);
}

static int
issue_decode(struct any *any, struct ipc_reader *r)
{
	return signer_issue_decode(&any->issue, r);
}

static int
issued_encode(struct buf *b, const struct any *any)
{
	return signer_issued_encode(b, ID, &any->issued);
}

static int
issued_decode(struct any *any, struct ipc_reader *r)
{
	return signer_issued_decode(&any->issued, r);
}

static int
checkpoint_encode(struct buf *b, const struct any *any)
{
	return signer_checkpoint_encode(b, ID, &any->checkpoint);
}

static int
checkpoint_decode(struct any *any, struct ipc_reader *r)
{
	return signer_checkpoint_decode(&any->checkpoint, r);
}

static int
checkpointed_encode(struct buf *b, const struct any *any)
{
	return signer_checkpointed_encode(b, ID, &any->checkpointed);
}

static int
checkpointed_decode(struct any *any, struct ipc_reader *r)
{
	return signer_checkpointed_decode(&any->checkpointed, r);
}

static const struct kind kinds[] = {
    {"HELLO", SIGNER_HELLO, hello_encode, hello_decode},
    {"CHAIN", SIGNER_CHAIN, chain_encode, chain_decode},
    {"ISSUE", SIGNER_ISSUE, issue_encode, issue_decode},
    {"ISSUED", SIGNER_ISSUED, issued_encode, issued_decode},
    {"CHECKPOINT", SIGNER_CHECKPOINT, checkpoint_encode, checkpoint_decode},
    {"CHECKPOINTED", SIGNER_CHECKPOINTED, checkpointed_encode,
	checkpointed_decode},
};

static void
fill_constraints(struct constraints *c)
{
	strcpy(c->domains[0], "corp.example.net");
	strcpy(c->domains[1], "example.org");
	c->n_domains = 2;
	assert_int_equal(0, ip_prefix_parse(&c->prefixes[0], "10.0.0.0/8"));
	assert_int_equal(0, ip_prefix_parse(&c->prefixes[1], "fd00::/8"));
	c->n_prefixes = 2;
}

static void
fill_checkpoint(struct checkpoint *c)
{
	c->counter = 7;
	c->at = 1700000000;
	c->last_id = INT64_MAX;
	memset(c->head, 0xa5, sizeof(c->head));
}

static struct any *
filled(void)
{
	static const uint8_t der[] = {0x30, 0x03, 0x02, 0x01, 0x00};
	struct any *any = calloc(1, sizeof(*any));

	assert_non_null(any);
	strcpy(any->hello.ca_dir, "/var/lib/estuary/ca");
	strcpy(any->hello.server_name, "est.corp.example.net");
	any->hello.per_hour[0] = UINT32_MAX;
	any->hello.per_hour[SIGNER_PROFILES_MAX - 1] = 7;
	any->hello.create = true;
	strcpy(any->hello.domain, "corp.example.net");
	any->hello.root_days = 3650;
	any->hello.issuing_days = -1;
	fill_constraints(&any->hello.constraints);
	any->chain.root = any->chain.issuing = (struct bytes){der, sizeof(der)};
	fill_constraints(&any->chain.constraints);
	strcpy(any->chain.sandbox, "seccomp");
	any->issue.profile = PROFILE_DNS_SERVER;
	memcpy(any->issue.csr, der, sizeof(der));
	any->issue.csr_len = sizeof(der);
	strcpy(any->issue.common_name, "dns.corp.example.net");
	any->issue.not_before = INT64_MIN;
	any->issue.valid_days = -90;
	assert_int_equal(
	    0, names_add(&any->issue.names, NAME_DNS, "dns.corp.example.net"));
	assert_int_equal(0, names_add(&any->issue.names, NAME_IP, "fd00::1"));
	any->issued.cert = (struct bytes){der, sizeof(der)};
	fill_checkpoint(&any->chain.last);
	fill_checkpoint(&any->checkpoint);
	fill_checkpoint(&any->checkpointed.checkpoint);
	memcpy(any->checkpointed.checkpoint.signature, der, sizeof(der));
	any->checkpointed.checkpoint.signature_len = sizeof(der);
	return any;
}

/* What ipc_open() and the decoder say. */
static int
decode(const struct kind *kind, struct any *out, struct bytes packet)
{
	struct ipc_reader r;
	uint16_t type;
	uint64_t id;

	ipc_open(&r, &type, &id, packet);
	return kind->decode(out, &r);
}

static struct bytes
packet_of(const struct buf *b)
{
	return (struct bytes){(const uint8_t *)b->data, b->len};
}

/* Whatever a packet says is what it says when it is encoded again. */
static void
test_round_trip(void **state)
{
	struct any *any = filled(), *back = calloc(1, sizeof(*back));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct buf first = {0}, again = {0};
		struct ipc_reader r;
		uint16_t type;
		uint64_t id;

		assert_int_equal(0, kinds[i].encode(&first, any));
		ipc_open(&r, &type, &id, packet_of(&first));
		assert_int_equal(kinds[i].type, type);
		assert_true(id == ID);
		assert_int_equal(0, kinds[i].decode(back, &r));
		assert_int_equal(0, kinds[i].encode(&again, back));
		assert_true(bytes_equal(packet_of(&first), packet_of(&again)));
		buf_fini(&first);
		buf_fini(&again);
	}
	assert_int_equal(3650, back->hello.root_days);
	assert_int_equal(-1, back->hello.issuing_days);
	assert_true(constraints_equal(
	    &any->hello.constraints, &back->hello.constraints));
	assert_true(constraints_equal(
	    &any->chain.constraints, &back->chain.constraints));
	assert_int_equal(-90, back->issue.valid_days);
	assert_true(back->issue.not_before == INT64_MIN);
	assert_true(names_equal(&any->issue.names, &back->issue.names));
	free(any);
	free(back);
}

static void
test_failures_round_trip(void **state)
{
	struct any *any = calloc(1, sizeof(*any)), *back = filled();
	struct buf b = {0};

	(void)state;
	any->chain.result = any->issued.result = -ERR_REFUSED;
	strcpy(any->chain.why.text, "no CA");
	strcpy(any->issued.why.text, "no certificate");
	any->issued.cert = (struct bytes){(const uint8_t *)"x", 1};
	assert_int_equal(0, chain_encode(&b, any));
	assert_int_equal(0, decode(&kinds[1], back, packet_of(&b)));
	assert_int_equal(-ERR_REFUSED, back->chain.result);
	assert_string_equal("no CA", back->chain.why.text);
	assert_int_equal(0, issued_encode(&b, any));
	assert_int_equal(0, decode(&kinds[3], back, packet_of(&b)));
	assert_int_equal(-ERR_REFUSED, back->issued.result);
	assert_string_equal("no certificate", back->issued.why.text);
	assert_int_equal(0, back->issued.cert.len);
	buf_fini(&b);
	free(any);
	free(back);
}

static void
test_every_other_length_refused(void **state)
{
	struct any *any = filled(), *back = calloc(1, sizeof(*back));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct buf b = {0};

		assert_int_equal(0, kinds[i].encode(&b, any));
		for (size_t len = 0; len < b.len; len++) {
			struct blob cut = {0};

			assert_int_equal(0,
			    blob_copy(&cut,
				(struct bytes){(const uint8_t *)b.data, len}));
			if (decode(&kinds[i], back, blob_bytes(&cut)) == 0)
				fail_msg("%s of %zu bytes", kinds[i].name, len);
			blob_fini(&cut);
		}
		ipc_put_u8(&b, 0);
		assert_int_equal(
		    -ERR_INVALID, decode(&kinds[i], back, packet_of(&b)));
		buf_fini(&b);
	}
	free(any);
	free(back);
}

/* Each byte of each message replaced: decoded or refused, never worse. */
static void
test_any_byte_changed(void **state)
{
	static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	struct any *any = filled(), *back = calloc(1, sizeof(*back));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct buf b = {0};

		assert_int_equal(0, kinds[i].encode(&b, any));
		for (size_t at = IPC_HEADER_LEN; at < b.len; at++) {
			char before = b.data[at];

			for (size_t j = 0; j < ARRAY_LEN(values); j++) {
				b.data[at] = (char)values[j];
				(void)!decode(&kinds[i], back, packet_of(&b));
			}
			b.data[at] = before;
		}
		assert_int_equal(0, decode(&kinds[i], back, packet_of(&b)));
		buf_fini(&b);
	}
	free(any);
	free(back);
}

static void
test_values_out_of_range_refused(void **state)
{
	struct any *back = calloc(1, sizeof(*back));
	struct buf b = {0};

	(void)state;
	/* A result that is no error of ours. */
	ipc_begin(&b, SIGNER_ISSUED, ID);
	ipc_put_u8(&b, ERR_MAX);
	ipc_put_text(&b, "why");
	assert_int_equal(-ERR_INVALID, decode(&kinds[3], back, packet_of(&b)));
	/* Success with a reason; success without a certificate. */
	ipc_begin(&b, SIGNER_ISSUED, ID);
	ipc_put_u8(&b, 0);
	ipc_put_text(&b, "why");
	ipc_put_text(&b, "certificate");
	assert_int_equal(-ERR_INVALID, decode(&kinds[3], back, packet_of(&b)));
	ipc_begin(&b, SIGNER_ISSUED, ID);
	ipc_put_u8(&b, 0);
	ipc_put_text(&b, "");
	ipc_put_text(&b, "");
	assert_int_equal(-ERR_INVALID, decode(&kinds[3], back, packet_of(&b)));
	/* More names than there is room for. */
	ipc_begin(&b, SIGNER_ISSUE, ID);
	ipc_put_u32(&b, PROFILE_DNS_SERVER);
	ipc_put_u64(&b, 0);
	ipc_put_u32(&b, 0);
	ipc_put_text(&b, "");
	ipc_put_text(&b, "csr");
	ipc_put_u8(&b, NAMES_MAX + 1);
	for (int i = 0; i <= NAMES_MAX; i++) {
		ipc_put_u8(&b, NAME_DNS);
		ipc_put_text(&b, "a.example");
	}
	assert_int_equal(
	    -ERR_TOO_LARGE, decode(&kinds[2], back, packet_of(&b)));
	buf_fini(&b);
	free(back);
}

static void
test_oversize_refused(void **state)
{
	static const uint8_t csr[CSR_MAX_BYTES + 1];
	static const char long_name[300] = {[0 ... 298] = 'x'};
	struct any *back = calloc(1, sizeof(*back)), *any = filled();
	struct buf b = {0};

	(void)state;
	ipc_begin(&b, SIGNER_ISSUE, ID);
	ipc_put_u32(&b, PROFILE_DNS_SERVER);
	ipc_put_u64(&b, 0);
	ipc_put_u32(&b, 0);
	ipc_put_text(&b, "");
	ipc_put_bytes(&b, (struct bytes){csr, sizeof(csr)});
	ipc_put_u8(&b, 0);
	assert_int_equal(
	    -ERR_TOO_LARGE, decode(&kinds[2], back, packet_of(&b)));
	ipc_begin(&b, SIGNER_ISSUE, ID);
	ipc_put_u32(&b, PROFILE_DNS_SERVER);
	ipc_put_u64(&b, 0);
	ipc_put_u32(&b, 0);
	ipc_put_text(&b, long_name);
	ipc_put_text(&b, "csr");
	ipc_put_u8(&b, 0);
	assert_int_equal(
	    -ERR_TOO_LARGE, decode(&kinds[2], back, packet_of(&b)));
	/* And what cannot be encoded. */
	any->issue.csr_len = sizeof(any->issue.csr) + 1;
	assert_int_equal(-ERR_INVALID, issue_encode(&b, any));
	any->issue.csr_len = 1;
	any->issue.names.n = NAMES_MAX + 1;
	assert_int_equal(-ERR_INVALID, issue_encode(&b, any));
	any->issue.names.n = 1;
	memset(any->issue.names.items[0].text, 'x', NAME_TEXT_MAX);
	assert_int_equal(-ERR_INVALID, issue_encode(&b, any));
	any->issue.names.n = 0;
	memset(any->issue.common_name, 'x', sizeof(any->issue.common_name));
	assert_int_equal(-ERR_INVALID, issue_encode(&b, any));
	any->hello.constraints.n_domains = CONSTRAINTS_MAX + 1;
	assert_int_equal(-ERR_INVALID, hello_encode(&b, any));
	buf_fini(&b);
	free(back);
	free(any);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_failures_round_trip),
	    cmocka_unit_test(test_every_other_length_refused),
	    cmocka_unit_test(test_any_byte_changed),
	    cmocka_unit_test(test_values_out_of_range_refused),
	    cmocka_unit_test(test_oversize_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
