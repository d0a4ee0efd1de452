#include "tests/unit/cmocka.h"

#include <string.h>

#include "tests/unit/voucher/support.h"
#include "voucher/cbor_item.h"
#include "voucher/cose.h"
#include "voucher/sigalg.h"

/* A COSE_Sign1 of which every part can be wrong; "" stands for what is
 * right. */
struct shape {
	const char *head, *protected, *unprotected, *payload, *signature, *tail;
	bool with_cert; /* as x5bag, in the place of unprotected */
};

static const struct shape good_shape = {
    "d284", "a10126", "a0", "43616263", "", "", false};

static void
add_hex(struct buf *out, const char *hex)
{
	struct blob octets = {0};

	blob_of_hex(&octets, hex);
	buf_add(out, octets.data, octets.len);
	blob_fini(&octets);
}

static void
sign(struct blob *out, const struct shape *shape, const struct identity *id)
{
	struct buf input CLEANUP(buf_fini) = {0};
	struct blob protected = {0};

	blob_of_hex(&protected, shape->protected);
	add_hex(&input, "846a5369676e617475726531");
	cbor_put_bytes(&input, blob_bytes(&protected));
	cbor_put_bytes(&input, (struct bytes){NULL, 0});
	add_hex(&input, shape->payload);
	assert_int_equal(sigalg_sign(out, sigalg_of_key(id->key), id->key,
			     buf_octets(&input)),
	    0);
	blob_fini(&protected);
}

static void
build(struct buf *out, const struct shape *shape, const struct identity *id)
{
	struct blob protected = {0}, signature = {0};

	blob_of_hex(&protected, shape->protected);
	add_hex(out, shape->head);
	cbor_put_bytes(out, blob_bytes(&protected));
	if (shape->with_cert) {
		add_hex(out, "a11820");
		cbor_put_bytes(out, blob_bytes(&id->der));
	} else {
		add_hex(out, shape->unprotected);
	}
	add_hex(out, shape->payload);
	sign(&signature, shape, id);
	if (shape->signature[0] != '\0')
		add_hex(out, shape->signature);
	else
		cbor_put_bytes(out, blob_bytes(&signature));
	add_hex(out, shape->tail);
	assert_int_equal(buf_status(out), 0);
	blob_fini(&protected);
	blob_fini(&signature);
}

static int
open_octets(struct bytes cose, const struct identity *id, struct reason *why)
{
	struct voucher_certs candidates = {.n = 0}, certs = {.n = 0};
	struct blob content = {0}, signer = {0}, copy = {0};
	int err;

	assert_int_equal(blob_copy(&copy, cose), 0);
	assert_int_equal(
	    voucher_certs_add(&candidates, blob_bytes(&id->der)), 0);
	err = cose_open_content(
	    &content, &signer, &certs, blob_bytes(&copy), &candidates, why);
	if (err == 0) {
		assert_true(
		    bytes_equal(blob_bytes(&signer), blob_bytes(&id->der)));
		assert_true(
		    bytes_equal(blob_bytes(&content), text_bytes("abc")));
	}
	voucher_certs_fini(&candidates);
	voucher_certs_fini(&certs);
	blob_fini(&content);
	blob_fini(&signer);
	blob_fini(&copy);
	return err;
}

static int
open_shape(
    const struct shape *shape, const struct identity *id, struct reason *why)
{
	struct buf cose CLEANUP(buf_fini) = {0};

	build(&cose, shape, id);
	return open_octets(buf_octets(&cose), id, why);
}

static int
setup(void **state)
{
	static struct identity id;

	identity_init(&id, "signer", EVP_EC_gen("P-256"));
	*state = &id;
	return 0;
}

static int
teardown(void **state)
{
	identity_fini(*state);
	return 0;
}

/* [RFC9052 4.2] [RFC9052 4.4] With and without the tag, further headers in both
 * maps, any lengths. */
static void
test_good(void **state)
{
	struct shape shapes[] = {good_shape, good_shape, good_shape, good_shape,
	    good_shape, good_shape};

	shapes[1].head = "84";
	shapes[2].protected = "a2012604427071";
	shapes[3].unprotected = "a2044200016161f6";
	shapes[4].head = "9f";
	shapes[4].tail = "ff";
	shapes[5].with_cert = true;
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		struct reason why = {""};

		if (open_shape(&shapes[i], *state, &why) != 0)
			fail_msg("%zu: %s", i, why.text);
	}
}

static void
test_malformed_refused(void **state)
{
	const struct shape g = good_shape;
	const struct {
		struct shape shape;
		const char *reason;
	} cases[] = {
	    /* The array. */
	    {{"d283", g.protected, "a0", g.payload, "", "", false}, "not CBOR"},
	    {{"d285", g.protected, "a0", g.payload, "", "f6", false},
		"COSE_Sign1"},
	    {{"d81284", g.protected, "a0", g.payload, "", "", false},
		"COSE_Sign1"},
	    {{g.head, g.protected, "80", g.payload, "", "", false},
		"COSE_Sign1"},
	    {{g.head, g.protected, "a0", g.payload, "", "00", false},
		"not CBOR"},
	    /* A payload that is elsewhere, no byte string, or in chunks. */
	    {{g.head, g.protected, "a0", "f6", "", "", false}, "COSE_Sign1"},
	    {{g.head, g.protected, "a0", "63616263", "", "", false},
		"COSE_Sign1"},
	    {{g.head, g.protected, "a0", "5f43616263ff", "", "", false},
		"COSE_Sign1"},
	    /* The signature. */
	    {{g.head, g.protected, "a0", g.payload, "f6", "", false},
		"COSE_Sign1"},
	    /* [RFC9052 3] [RFC9052 3.1] The protected header: none, no map,
	     * something behind, alg twice, absent, a word, unknown, symmetric,
	     * critical. */
	    {{g.head, "", "a0", g.payload, "", "", false}, "malformed"},
	    {{g.head, "80", "a0", g.payload, "", "", false}, "malformed"},
	    {{g.head, "a1012600", "a0", g.payload, "", "", false}, "malformed"},
	    {{g.head, "a201260126", "a0", g.payload, "", "", false},
		"malformed"},
	    {{g.head, "a2012618013822", "a0", g.payload, "", "", false},
		"malformed"},
	    {{g.head, "a0", "a0", g.payload, "", "", false}, "algorithm"},
	    {{g.head, "a101654553323536", "a0", g.payload, "", "", false},
		"algorithm"},
	    {{g.head, "a10100", "a0", g.payload, "", "", false}, "algorithm"},
	    {{g.head, "a10105", "a0", g.payload, "", "", false}, "algorithm"},
	    {{g.head, "a1013bffffffffffffffff", "a0", g.payload, "", "", false},
		"algorithm"},
	    {{g.head, "a2012602811863", "a0", g.payload, "", "", false},
		"critical"},
	    /* [RFC9052 3.1] In the unprotected header: alg, crit, a label
	     * twice. */
	    {{g.head, "a0", "a10126", g.payload, "", "", false},
		"not protected"},
	    {{g.head, g.protected, "a10126", g.payload, "", "", false},
		"not protected"},
	    {{g.head, g.protected, "a102811863", g.payload, "", "", false},
		"critical"},
	    {{g.head, g.protected, "a2044100044100", g.payload, "", "", false},
		"COSE_Sign1"},
	    /* Certificates that are none: x5bag, x5chain, an array. */
	    {{g.head, g.protected, "a1182043010203", g.payload, "", "", false},
		"certificates"},
	    {{g.head, g.protected, "a1182143010203", g.payload, "", "", false},
		"certificates"},
	    {{g.head, g.protected, "a11820824101f6", g.payload, "", "", false},
		"certificates"},
	    {{g.head, g.protected, "a11820f6", g.payload, "", "", false},
		"certificates"},
	    {{g.head, g.protected, "a1182040", g.payload, "", "", false},
		"certificates"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reason why = {""};
		int err;

		err = open_shape(&cases[i].shape, *state, &why);
		if (err != -ERR_INVALID)
			fail_msg("case %zu: %d", i, err);
		assert_reason(&why, "RFC 9052");
		assert_reason(&why, cases[i].reason);
	}
}

/* [RFC9052 4.4] */
static void
test_bad_signature_refused(void **state)
{
	struct shape shapes[] = {
	    good_shape, good_shape, good_shape, good_shape, good_shape};

	shapes[0].signature = "40";
	shapes[1].signature = "4100";
	/* r and s are 0. */
	shapes[2].signature =
	    "5840000000000000000000000000000000000000000000000000000000000000"
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "0000";
	/* Another algorithm than the key's. */
	shapes[3].protected = "a1013822";
	shapes[4].protected = "a10127";
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		struct reason why = {""};

		assert_int_equal(
		    open_shape(&shapes[i], *state, &why), -ERR_REFUSED);
		assert_reason(&why, "RFC 9052 4.4");
	}
}

static void
test_truncated_and_tampered_refused(void **state)
{
	struct buf cose CLEANUP(buf_fini) = {0};

	build(&cose, &good_shape, *state);
	for (size_t len = 0; len < cose.len; len++)
		assert_int_not_equal(
		    open_octets((struct bytes){(uint8_t *)cose.data, len},
			*state, NULL),
		    0);
	for (size_t at = 0; at < cose.len; at++) {
		cose.data[at] ^= 0x40;
		assert_int_not_equal(
		    open_octets(buf_octets(&cose), *state, NULL), 0);
		cose.data[at] ^= 0x40;
	}
}

/* The greatest number of certificates, and 1,000 of them. */
static void
test_many_certificates(void **state)
{
	static const size_t counts[] = {VOUCHER_CERTS_MAX, 1000};
	const struct identity *id = *state;

	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		struct buf cose CLEANUP(buf_fini) = {0};
		struct blob signature = {0};
		struct reason why = {""};

		add_hex(&cose, "d28443a10126a11820");
		cbor_put_array(&cose, counts[i]);
		for (size_t k = 0; k < counts[i]; k++)
			cbor_put_bytes(&cose, blob_bytes(&id->der));
		add_hex(&cose, "43616263");
		sign(&signature, &good_shape, id);
		cbor_put_bytes(&cose, blob_bytes(&signature));
		blob_fini(&signature);
		assert_int_equal(open_octets(buf_octets(&cose), id, &why),
		    i == 0 ? 0 : -ERR_INVALID);
	}
}

static int
strip(struct blob *out, const struct shape *shape, const struct identity *id)
{
	struct buf cose CLEANUP(buf_fini) = {0};

	build(&cose, shape, id);
	return cose_strip(out, buf_octets(&cose));
}

/* [draft-ietf-anima-constrained-voucher 6.6] Without certificates nothing is
 * changed; with them, only they go. */
static void
test_strip(void **state)
{
	struct shape shape = good_shape;
	const struct identity *id = *state;
	struct buf plain CLEANUP(buf_fini) = {0};
	struct blob stripped = {0};

	shape.head = "84";
	build(&plain, &shape, id);
	assert_int_equal(cose_strip(&stripped, buf_octets(&plain)), 0);
	assert_true(bytes_equal(buf_octets(&plain), blob_bytes(&stripped)));
	blob_fini(&stripped);

	shape.with_cert = true;
	assert_int_equal(strip(&stripped, &shape, id), 0);
	assert_memory_equal(stripped.data, "\xd2\x84\x43\xa1\x01\x26\xa0", 7);
	assert_int_equal(open_octets(blob_bytes(&stripped), id, NULL), 0);
	blob_fini(&stripped);

	/* x5chain and x5bag between others. */
	shape.with_cert = false;
	shape.unprotected = "a404420001182143010203182080617801";
	assert_int_equal(strip(&stripped, &shape, id), 0);
	assert_memory_equal(stripped.data,
	    "\xd2\x84\x43\xa1\x01\x26\xa2\x04\x42\x00\x01\x61x\x01", 14);
	assert_int_equal(open_octets(blob_bytes(&stripped), id, NULL), 0);
	blob_fini(&stripped);
	shape.head = "d283";
	assert_int_equal(strip(&stripped, &shape, id), -ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_malformed_refused),
	    cmocka_unit_test(test_bad_signature_refused),
	    cmocka_unit_test(test_truncated_and_tampered_refused),
	    cmocka_unit_test(test_many_certificates),
	    cmocka_unit_test(test_strip),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
