/* Channel bindings: both ends of a connection have the same, and no other
 * connection has it. */
#include "tests/unit/cmocka.h"

#include <string.h>
#include <unistd.h>

#include "tests/unit/tls/support.h"
#include "tls/conn_internal.h"

static struct tls_server *server;

/* Both ends of one connection. */
struct ends {
	struct tls_binding client, server;
};

static void
connect_both(struct ends *ends, int version, bool ems)
{
	struct test_service s = {.server = server};
	struct tls_client_config config = {
	    .timeout_ms = TEST_TIMEOUT_MS, .judge = test_accept_any};
	struct client_setup setup;
	struct tls_conn *client = NULL, *accepted = NULL;
	struct reason why = {""};
	int ours = 1, theirs = 1;

	assert_int_equal(0, client_setup_init(&setup, &config, NULL, &why));
	SSL_CTX_set_max_proto_version(setup.ctx, version);
	if (!ems)
		SSL_CTX_set_options(
		    setup.ctx, SSL_OP_NO_EXTENDED_MASTER_SECRET);
	test_service_pair(&s);
	assert_int_equal(
	    0, tls_conn_accept(&accepted, server, s.fds[0], NULL, NULL));
	assert_int_equal(
	    0, client_conn_new(&client, s.fds[1], &setup, &config, NULL, &why));
	assert_int_equal(
	    -ERR_CLOSED, tls_conn_binding(&ends->server, accepted));
	while (ours != 0 || theirs != 0) {
		theirs = tls_conn_handshake(client);
		ours = tls_conn_handshake(accepted);
		assert_true(ours >= 0 && theirs >= 0);
	}
	assert_int_equal(0, tls_conn_binding(&ends->server, accepted));
	assert_int_equal(0, tls_conn_binding(&ends->client, client));
	tls_conn_free(client);
	tls_conn_free(accepted);
	close(s.fds[0]);
	close(s.fds[1]);
	client_setup_fini(&setup);
}

static void
assert_binds(int version, const char *type, size_t len)
{
	struct ends one, other;

	connect_both(&one, version, true);
	connect_both(&other, version, true);
	assert_string_equal(type, one.server.type);
	assert_string_equal(type, one.client.type);
	assert_int_equal(len, one.server.len);
	assert_int_equal(len, one.client.len);
	assert_memory_equal(one.server.data, one.client.data, len);
	assert_memory_equal(other.server.data, other.client.data, len);
	assert_memory_not_equal(one.server.data, other.server.data, len);
}

/* [RFC5929 3.1] 12 bytes, the client's Finished */
static void
test_tls_unique(void **state)
{
	(void)state;
	assert_binds(TLS1_2_VERSION, "tls-unique", 12);
}

/* [RFC9266 2] */
static void
test_tls_exporter(void **state)
{
	(void)state;
	assert_binds(TLS1_3_VERSION, "tls-exporter", 32);
}

/* [RFC7627 4] */
static void
test_without_extended_master_secret(void **state)
{
	struct ends ends;

	(void)state;
	connect_both(&ends, TLS1_2_VERSION, false);
	assert_string_equal("tls-unique", ends.server.type);
	assert_int_equal(0, ends.server.len);
	assert_int_equal(0, ends.client.len);
}

static int
setup_group(void **state)
{
	(void)state;
	server = test_server_new(NULL, false);
	return 0;
}

static int
teardown_group(void **state)
{
	(void)state;
	tls_server_unref(server);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tls_unique),
	    cmocka_unit_test(test_tls_exporter),
	    cmocka_unit_test(test_without_extended_master_secret),
	};

	return cmocka_run_group_tests(tests, setup_group, teardown_group);
}
