#include "tests/unit/cmocka.h"

#include <string.h>

#include "tests/unit/tls/support.h"

static struct test_cert cert;

static int
make(struct tls_server_config config, struct reason *why)
{
	struct tls_server *server;
	int err;

	config.pake_extension = PAKE_EXTENSION_DEFAULT;
	config.pake_scheme = PAKE_SCHEME_SPAKE2PLUS_DEFAULT;
	config.server_name = TEST_SERVER_NAME;
	err = tls_server_new(&server, &config, why);
	if (err == 0)
		tls_server_unref(server);
	return err;
}

static struct bytes
text(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}

static void
test_selftest_passes(void **state)
{
	struct tls_server *server = test_server_new(&cert, true);

	(void)state;
	assert_true(tls_server_offers_pake(server));
	assert_ptr_equal(server, tls_server_ref(server));
	tls_server_unref(server);
	tls_server_unref(server);
	tls_server_unref(NULL);
}

static void
test_bad_material_refused(void **state)
{
	struct test_cert other;
	struct reason why;
	struct bytes chain = blob_bytes(&cert.chain_pem);
	struct bytes key = blob_bytes(&cert.key_pem);

	(void)state;
	test_cert_init(&other, "other");
	assert_int_equal(-ERR_CRYPTO,
	    make((struct tls_server_config){.key_pem = key}, &why));
	assert_int_equal(-ERR_CRYPTO,
	    make((struct tls_server_config){.chain_pem = chain}, &why));
	assert_int_equal(-ERR_CRYPTO,
	    make((struct tls_server_config){.chain_pem = text("nonsense"),
		     .key_pem = key},
		&why));
	assert_int_equal(
	    -ERR_CRYPTO, make((struct tls_server_config){.chain_pem = chain,
				  .key_pem = blob_bytes(&other.key_pem)},
			     &why));
	assert_non_null(strstr(why.text, "server key"));
	test_cert_fini(&other);
}

static void
test_broken_chain_refused(void **state)
{
	static const char junk[] = "-----BEGIN CERTIFICATE-----\nAAAA\n"
				   "-----END CERTIFICATE-----\n";
	struct buf chain = {0};
	struct reason why;

	(void)state;
	buf_add(&chain, cert.chain_pem.data, cert.chain_pem.len);
	buf_adds(&chain, junk);
	assert_int_equal(-ERR_CRYPTO,
	    make((struct tls_server_config){.chain_pem = text(buf_text(&chain)),
		     .key_pem = blob_bytes(&cert.key_pem)},
		&why));
	assert_non_null(strstr(why.text, "chain"));
	buf_fini(&chain);
}

/* An extension number that libssl keeps for itself cannot carry the PAKE: the
 * server is made without it, and says so. */
static void
test_mechanism_failure_drops_pake(void **state)
{
	struct tls_server_config config = {
	    .chain_pem = blob_bytes(&cert.chain_pem),
	    .key_pem = blob_bytes(&cert.key_pem),
	    .server_name = TEST_SERVER_NAME,
	    .pake = true,
	    .pake_extension = 51,
	    .pake_scheme = PAKE_SCHEME_SPAKE2PLUS_DEFAULT};
	struct tls_server *server;
	struct reason why;

	(void)state;
	assert_int_equal(0, tls_server_new(&server, &config, &why));
	assert_false(tls_server_offers_pake(server));
	assert_non_null(strstr(why.text, "PAKE is not offered"));
	tls_server_unref(server);
}

static int
setup(void **state)
{
	(void)state;
	test_cert_init(&cert, TEST_SERVER_NAME);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	test_cert_fini(&cert);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_selftest_passes),
	    cmocka_unit_test(test_bad_material_refused),
	    cmocka_unit_test(test_broken_chain_refused),
	    cmocka_unit_test(test_mechanism_failure_drops_pake),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
