#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/implicit.h"
#include "client/network_state.h"
#include "tests/unit/client/certs.h"
#include "tests/unit/client/support.h"

static char store[] = "/tmp/estuary-test-XXXXXX";

/* The system's store is this PEM text. */
static void
use_store(const char *pem)
{
	FILE *f = fopen(store, "w");

	assert_non_null(f);
	assert_true(fputs(pem, f) >= 0);
	assert_int_equal(0, fclose(f));
}

static int
set_up(void **state)
{
	int fd = mkstemp(store);

	(void)state;
	if (fd < 0 || close(fd) != 0)
		return -1;
	return setenv("SSL_CERT_FILE", store, 1) != 0 ||
		       setenv("SSL_CERT_DIR", "/nonexistent", 1) != 0
		   ? -1
		   : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return unlink(store);
}

/* What /cacerts gives makes of leaf; chain has no more than the leaf. */
static int
verify(const char *cacerts_pem, const char *leaf_pem, size_t *n_kept)
{
	struct cert_list cacerts, leaf, kept = {0};
	const struct implicit_params params = {.chain = &leaf};
	struct trust *trust = NULL;
	struct reason why = {""};
	int err;

	certs_of(&cacerts, cacerts_pem);
	certs_of(&leaf, leaf_pem);
	assert_int_equal(0, implicit_accept(&trust, &cacerts, &params, &why));
	assert_int_equal(0, trust_intermediates(&kept, trust));
	*n_kept = kept.n;
	err = trust_verify_server(
	    trust, blob_bytes(&leaf.items[0]), NULL, NOW, &why);
	trust_free(trust);
	cert_list_fini(&kept);
	cert_list_fini(&cacerts);
	cert_list_fini(&leaf);
	return err;
}

/* [RFC7030 3.6] [RFC7030 3.6.2] */
static void
test_store_decides(void **state)
{
	size_t n;

	(void)state;
	use_store(PEM_ROOT);
	assert_int_equal(0, verify(PEM_ROOT PEM_ISSUING, PEM_DNS, &n));
	assert_int_equal(1, n);
	assert_int_equal(
	    -ERR_REFUSED, verify(PEM_FREEROOT PEM_ISSUING, PEM_STRAY, &n));
	/* The root that /cacerts brings is no anchor. */
	use_store(PEM_FREEROOT);
	assert_int_equal(
	    -ERR_REFUSED, verify(PEM_ROOT PEM_ISSUING, PEM_DNS, &n));
	assert_int_equal(0, n);
	assert_int_equal(0, verify(PEM_ROOT, PEM_STRAY, &n));
	/* Nor is an intermediate in the store. */
	use_store(PEM_ISSUING);
	assert_int_equal(
	    -ERR_REFUSED, verify(PEM_ROOT PEM_ISSUING, PEM_DNS, &n));
	use_store("");
	assert_int_equal(
	    -ERR_REFUSED, verify(PEM_ROOT PEM_ISSUING, PEM_DNS, &n));
}

static void
test_root_hash_of_the_code(void **state)
{
	struct cert_list cacerts, chain;
	uint8_t sha256[32];
	const struct implicit_params params = {
	    .chain = &chain, .root_sha256 = sha256};
	struct trust *trust = NULL;
	struct reason why = {""};

	(void)state;
	use_store(PEM_ROOT);
	certs_of(&cacerts, PEM_ROOT PEM_ISSUING);
	certs_of(&chain, PEM_EST);
	cert_sha256(sha256, blob_bytes(&cacerts.items[0]));
	assert_int_equal(0, implicit_accept(&trust, &cacerts, &params, &why));
	trust_free(trust);
	sha256[31] ^= 1;
	assert_int_equal(
	    -ERR_REFUSED, implicit_accept(&trust, &cacerts, &params, &why));
	assert_non_null(strstr(why.text, "root hash"));
	cert_list_fini(&cacerts);
	cert_list_fini(&chain);
}

/* A state of implicit trust: no root, and none is let in. */
static void
test_state(void **state)
{
	struct network_state in, out;
	struct reason why = {""};
	struct buf json = {0}, text = {0};
	struct trust *trust = NULL;
	char *at;

	(void)state;
	use_store(PEM_ROOT);
	make_state(&in);
	in.trust = NETWORK_IMPLICIT;
	cert_list_fini(&in.anchor);
	certs_of(&in.intermediates, PEM_ISSUING);
	assert_int_equal(0, network_state_encode(&json, &in));
	assert_null(strstr(json.data, "\"root\""));
	assert_int_equal(
	    0, network_state_parse(
		   &out, (struct bytes){(uint8_t *)json.data, json.len}, &why));
	assert_int_equal(NETWORK_IMPLICIT, out.trust);
	assert_int_equal(0, out.anchor.n);
	assert_int_equal(1, out.intermediates.n);
	assert_int_equal(0, network_state_trust(&trust, &out, &why));
	assert_int_equal(
	    0, trust_verify_server(trust,
		   blob_bytes(&out.resolvers.items[0].cert), NULL, NOW, &why));
	trust_free(trust);
	network_state_fini(&out);
	network_state_fini(&in);
	at = strstr(json.data, "\"version\"");
	assert_non_null(at);
	assert_int_equal(0, buf_printf(&text, "{\"root\": \"\", %s", at));
	assert_int_equal(-ERR_CORRUPT,
	    network_state_parse(
		&out, (struct bytes){(uint8_t *)text.data, text.len}, &why));
	assert_non_null(strstr(why.text, "implicit"));
	buf_fini(&text);
	buf_fini(&json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_store_decides),
	    cmocka_unit_test(test_root_hash_of_the_code),
	    cmocka_unit_test(test_state),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
