/* What the signer's process refuses by itself, and what ends it. */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/str.h"
#include "tests/unit/ca/signer_driven.h"

static void
refused(
    struct driven *d, struct signer_request *request, int err, const char *says)
{
	struct signer_issued issued;
	int got = driven_issue(d, request, &issued);

	if (got != err || strstr(issued.why.text, says) == NULL)
		fail_msg("%s: %d %s", says, got, issued.why.text);
}

/* --- what it refuses by itself --- */

static void
test_caps_refused(void **state)
{
	struct driven *d = *state;
	struct signer_request *request;
	struct signer_issued issued;

	assert_int_equal(0, driven_greet(d));
	refused(d, craft_request(PROFILE_DNS_SERVER, "dns.example.org"),
	    -ERR_REFUSED, "dns.example.org is outside");
	request = good_request();
	assert_int_equal(0, names_add(&request->names, NAME_IP, "192.0.2.1"));
	refused(d, request, -ERR_REFUSED, "192.0.2.1 is outside");
	refused(d, craft_request(PROFILE_DNS_SERVER, CRAFT_SERVER),
	    -ERR_REFUSED, "reserved");
	refused(d, craft_request(PROFILE_EST_SERVER, CRAFT_ADN), -ERR_REFUSED,
	    "only server.name");
	refused(d, craft_request(0, CRAFT_ADN), -ERR_INVALID, "profile");
	refused(d,
	    craft_request((enum profile_id)SIGNER_PROFILES_MAX, CRAFT_ADN),
	    -ERR_INVALID, "profile");
	refused(d, craft_request((enum profile_id) - 1, CRAFT_ADN),
	    -ERR_INVALID, "profile");
	request = good_request();
	request->valid_days = 398;
	refused(d, request, -ERR_REFUSED, "397");
	request = good_request();
	request->not_before = INT64_MAX;
	refused(d, request, -ERR_REFUSED, "validity");
	request = good_request();
	request->csr_len = 0;
	refused(d, request, -ERR_INVALID, "empty");
	request = good_request();
	request->csr_len--;
	refused(d, request, -ERR_INVALID, "");
	request = good_request();
	request->csr[request->csr_len - 1] ^= 1;
	refused(d, request, -ERR_INVALID, "proof of possession");
	/* A name in a form that names_add() does not give, of no type. */
	request = good_request();
	strcpy(request->names.items[0].text, "DNS." CRAFT_DOMAIN);
	refused(d, request, -ERR_INVALID, "malformed name");
	request = good_request();
	request->names.items[0].type = (enum name_type)200;
	refused(d, request, -ERR_INVALID, "malformed name");
	/* And it goes on. */
	assert_int_equal(0, driven_issue(d, good_request(), &issued));
}

static void
test_rate_refused(void **state)
{
	struct driven *d = *state;
	struct signer_issued issued;
	struct signer_request *own;

	d->hello.per_hour[PROFILE_DNS_SERVER] = 3;
	assert_int_equal(0, driven_greet(d));
	/* What is refused anyway does not count. */
	for (int i = 0; i < 5; i++)
		refused(d, craft_request(PROFILE_DNS_SERVER, CRAFT_SERVER),
		    -ERR_REFUSED, "reserved");
	for (int i = 0; i < 3; i++)
		assert_int_equal(0, driven_issue(d, good_request(), &issued));
	refused(d, good_request(), -ERR_BUSY, "profile dns-server");
	/* Each profile has its own, and none a new one from a new process. */
	own = craft_request(PROFILE_EST_SERVER, CRAFT_SERVER);
	assert_int_equal(0, driven_issue(d, own, &issued));
	driven_restart(d, SIGNER_ARGUMENT);
	refused(d, good_request(), -ERR_BUSY, "3 certificates an hour");
	own = craft_request(PROFILE_EST_SERVER, CRAFT_SERVER);
	assert_int_equal(0, driven_issue(d, own, &issued));
}

static void
test_default_rate_of_own_certificates_refused(void **state)
{
	struct driven *d = *state;
	struct signer_issued issued;

	assert_int_equal(0, driven_greet(d));
	for (int i = 0; i < RATE_EST_SERVER_PER_HOUR; i++)
		assert_int_equal(
		    0, driven_issue(d,
			   craft_request(PROFILE_EST_SERVER, CRAFT_SERVER),
			   &issued));
	refused(d, craft_request(PROFILE_EST_SERVER, CRAFT_SERVER), -ERR_BUSY,
	    "est-server");
}

/* --- what ends it --- */

static void
send_raw(struct driven *d, const void *data, size_t len)
{
	d->out.len = 0;
	d->out.err = 0;
	buf_add(&d->out, data, len);
	driven_send(d);
}

/* It does not speak with what does not keep to the protocol. */
static void
test_broken_messages_end_it(void **state)
{
	static const uint16_t types[] = {0, SIGNER_HELLO, SIGNER_CHAIN,
	    SIGNER_ISSUED, 5, 6, 7, 8, SIGNER_CHECKPOINT, SIGNER_CHECKPOINTED,
	    11, UINT16_MAX};
	struct driven *d = *state;
	struct signer_request *request;

	assert_int_equal(0, driven_greet(d));
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		ipc_begin(&d->out, types[i], 9);
		driven_send(d);
		driven_ends(d, "exit status 1");
		driven_start(d, SIGNER_ARGUMENT);
		assert_int_equal(0, driven_greet(d));
	}
	send_raw(d, "\0", 1);
	driven_ends(d, "exit status 1");
	driven_start(d, SIGNER_ARGUMENT);
	assert_int_equal(0, driven_greet(d));
	request = good_request();
	assert_int_equal(0, signer_issue_encode(&d->out, 9, request));
	free(request);
	send_raw(d, d->out.data, d->out.len - 1);
	driven_ends(d, "exit status 1");
}

/* Nothing is signed before HELLO. */
static void
test_issue_before_hello_ends_it(void **state)
{
	struct driven *d = *state;
	struct signer_request *request = good_request();

	assert_int_equal(0, signer_issue_encode(&d->out, 1, request));
	free(request);
	driven_send(d);
	driven_ends(d, "exit status 1");
}

static void
test_ends_with_the_socket(void **state)
{
	struct driven *d = *state;
	char how[PROCESS_HOW_MAX];

	assert_int_equal(0, driven_greet(d));
	process_end(&d->process, LONG_MS, how);
	assert_string_equal("exit status 0", how);
}

static void
test_start_refused(void **state)
{
	struct driven *d = *state;
	char path[128];

	strcpy(d->hello.server_name, "not a name");
	assert_int_equal(-ERR_INVALID, driven_greet(d));
	assert_non_null(strstr(d->chain.why.text, "server.name"));
	driven_ends(d, "exit status 0");
	strcpy(d->hello.server_name, CRAFT_SERVER);
	snprintf(path, sizeof(path), "%s/%s", d->ca.dir, CA_ISSUING_KEY);
	assert_int_equal(0, chmod(path, 0440));
	driven_start(d, SIGNER_ARGUMENT);
	assert_int_equal(-ERR_PERMISSION, driven_greet(d));
	driven_ends(d, "exit status 0");
	/* There is a CA already. */
	assert_int_equal(0, chmod(path, 0400));
	d->hello.create = true;
	strcpy(d->hello.domain, CRAFT_DOMAIN);
	d->hello.root_days = d->hello.issuing_days = 10;
	driven_start(d, SIGNER_ARGUMENT);
	assert_int_equal(-ERR_EXISTS, driven_greet(d));
	driven_ends(d, "exit status 0");
}

static void
test_creates_the_ca(void **state)
{
	struct driven *d = *state;
	struct signer_issued issued;
	struct cert_info root;

	craft_ca_remove_files(&d->ca);
	d->hello.create = true;
	strcpy(d->hello.domain, CRAFT_DOMAIN);
	d->hello.root_days = 10;
	d->hello.issuing_days = 5;
	assert_int_equal(0, driven_greet(d));
	assert_int_equal(0, cert_parse(&root, d->chain.root, NULL));
	assert_string_equal("Estuary Root " CRAFT_DOMAIN, root.common_name);
	assert_int_equal(0, d->chain.constraints.n_domains);
	assert_int_equal(0, driven_issue(d, good_request(), &issued));
}

/* [RFC5280 4.1.2.2] unique, also from process to process; and each in the log,
 * with its hash, when its answer is there. */
static void
test_serials_and_log(void **state)
{
	struct driven *d = *state;
	struct signer_issued issued;
	struct cert_info info;
	struct blob log = {0};
	char path[128], sha256[65], line[256], serials[20][SERIAL_HEX_MAX];

	snprintf(path, sizeof(path), "%s/%s", d->ca.dir, ISSUE_LOG_FILE);
	assert_int_equal(0, driven_greet(d));
	for (size_t i = 0; i < ARRAY_LEN(serials); i++) {
		assert_int_equal(0, driven_issue(d, good_request(), &issued));
		assert_int_equal(0, cert_parse(&info, issued.cert, NULL));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(serials[j], info.serial);
		strcpy(serials[i], info.serial);
		hex_encode(
		    sha256, (struct bytes){info.sha256, sizeof(info.sha256)});
		snprintf(line, sizeof(line),
		    "Z serial=%s profile=dns-server sha256=%s subject=\"\"\n",
		    info.serial, sha256);
		assert_int_equal(0, file_read(&log, path, 1024 * 1024));
		assert_non_null(strstr((const char *)log.data, line));
		blob_fini(&log);
		if (i == ARRAY_LEN(serials) / 2)
			driven_restart(d, SIGNER_ARGUMENT);
	}
}

#define DRIVEN_TEST(fn)                                                        \
	cmocka_unit_test_setup_teardown(fn, driven_setup, driven_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    DRIVEN_TEST(test_caps_refused),
	    DRIVEN_TEST(test_rate_refused),
	    DRIVEN_TEST(test_default_rate_of_own_certificates_refused),
	    DRIVEN_TEST(test_broken_messages_end_it),
	    DRIVEN_TEST(test_issue_before_hello_ends_it),
	    DRIVEN_TEST(test_ends_with_the_socket),
	    DRIVEN_TEST(test_start_refused),
	    DRIVEN_TEST(test_creates_the_ca),
	    DRIVEN_TEST(test_serials_and_log),
	};

	if (signer_is_called(argc, argv))
		return signer_main(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
