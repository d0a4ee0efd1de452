/* What the signer does not certify, and CAs that it does not start with. */
#include "tests/unit/cmocka.h"

#include <string.h>

#include "tests/unit/ca/signer_support.h"

static void
refused(struct fixture *f, struct signer_request *request, int err,
    const char *says)
{
	int got = signer_issue(f->signer, request);

	if (got != err || strstr(request->why.text, says) == NULL)
		fail_msg("%s: %d %s", says, got, request->why.text);
	assert_int_equal(err, request->result);
	assert_null(request->cert.data);
	request_free(request);
}

static struct signer_request *
with_name(struct signer_request *request, enum name_type type, const char *text)
{
	assert_int_equal(0, names_add(&request->names, type, text));
	return request;
}

static void
test_names_refused(void **state)
{
	struct fixture *f = *state;

	refused(f, craft_request(PROFILE_DNS_SERVER, "dns.example.org"),
	    -ERR_REFUSED, "dns.example.org is outside");
	refused(f,
	    with_name(craft_request(PROFILE_DNS_SERVER, CRAFT_ADN), NAME_IP,
		"192.0.2.1"),
	    -ERR_REFUSED, "192.0.2.1 is outside");
	refused(f,
	    with_name(craft_request(PROFILE_DNS_SERVER, CRAFT_ADN), NAME_SRV,
		"_doh.dns.example.org"),
	    -ERR_REFUSED, "_doh.dns.example.org");
	refused(f,
	    with_name(craft_request(PROFILE_DNS_SERVER, CRAFT_ADN), NAME_SRV,
		"_ldap." CRAFT_ADN),
	    -ERR_REFUSED, "label ldap");
	refused(f,
	    with_name(craft_request(PROFILE_DNS_SERVER, CRAFT_ADN), NAME_DNS,
		"x." CRAFT_DOMAIN),
	    -ERR_REFUSED, "one DNS name");
	refused(f,
	    with_name(craft_request(PROFILE_DNS_SERVER, CRAFT_ADN), NAME_OTHER,
		"email"),
	    -ERR_REFUSED, "email");
	refused(f, craft_request(PROFILE_DNS_SERVER, "*." CRAFT_DOMAIN),
	    -ERR_REFUSED, "wildcard");
	refused(
	    f, craft_request(PROFILE_DNS_SERVER, NULL), -ERR_REFUSED, "needed");
	refused(f, craft_request(PROFILE_DNS_SERVER, CRAFT_SERVER),
	    -ERR_REFUSED, "reserved");
	refused(f, craft_request(PROFILE_EST_SERVER, CRAFT_ADN), -ERR_REFUSED,
	    "only server.name");
	refused(f, craft_request(0, CRAFT_ADN), -ERR_INVALID, "profile");
}

static struct signer_request *
with_common_name(const char *common_name)
{
	struct signer_request *request =
	    craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);

	memset(request->common_name, 0, sizeof(request->common_name));
	strcpy(request->common_name, common_name);
	return request;
}

static void
test_common_name_refused(void **state)
{
	struct fixture *f = *state;

	refused(
	    f, with_common_name("bank.example.org"), -ERR_REFUSED, "not among");
	refused(f, with_common_name("10.1.1.1"), -ERR_REFUSED, "not among");
	refused(f, with_common_name("fd00::1"), -ERR_REFUSED, "not among");
	refused(f, with_common_name("a\nb"), -ERR_REFUSED, "printable");
	refused(f,
	    with_common_name("0123456789012345678901234567890123456789"
			     "0123456789012345678901234"),
	    -ERR_REFUSED, "64");
}

/* A request as a broken or hostile sender could write it into memory. */
static void
test_malformed_request_refused(void **state)
{
	struct fixture *f = *state;
	struct signer_request *request;

	request = craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	request->csr_len = sizeof(request->csr) + 1;
	refused(f, request, -ERR_INVALID, "malformed");
	request = craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	request->names.n = NAMES_MAX + 1;
	refused(f, request, -ERR_INVALID, "malformed");
	request = craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	memset(request->common_name, 'x', sizeof(request->common_name));
	refused(f, request, -ERR_INVALID, "malformed");
	request = craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	memset(request->names.items[0].text, 'x', NAME_TEXT_MAX);
	refused(f, request, -ERR_INVALID, "malformed");
	request = craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	strcpy(request->names.items[0].text, "DNS." CRAFT_DOMAIN);
	refused(f, request, -ERR_INVALID, "malformed");
	request = craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	request->names.items[1] = request->names.items[0];
	request->names.n = 2;
	refused(f, request, -ERR_INVALID, "malformed");
	request = craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	request->csr_len = 0;
	refused(f, request, -ERR_INVALID, "empty");
}

static void
test_bad_key_or_proof_refused(void **state)
{
	struct fixture *f = *state;
	EVP_PKEY *key = craft_key("P-256"), *other = craft_key("P-256");
	EVP_PKEY *weak = craft_rsa_public(1024, 65537);
	struct signer_request *request;

	request = craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	request_set_csr(
	    request, &(struct craft_csr){.key = key, .signer = other});
	refused(f, request, -ERR_INVALID, "proof of possession");
	request = craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	request_set_csr(
	    request, &(struct craft_csr){.key = weak, .signer = other});
	refused(f, request, -ERR_INVALID, "1024");
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	EVP_PKEY_free(weak);
}

/* server.name may be another CA's to certify: it is not this one's then. */
static void
test_server_name_outside_is_not_certified(void **state)
{
	struct fixture *f = *state;
	struct signer_config config = {
	    .ca_dir = f->ca.dir, .server_name = "est.example.org"};

	signer_stop(STEAL(f->signer));
	assert_int_equal(0, signer_start(&f->signer, &config, NULL));
	refused(f, craft_request(PROFILE_EST_SERVER, "est.example.org"),
	    -ERR_REFUSED, "est.example.org is outside");
	/* Nor is any other name the server's. */
	refused(f, craft_request(PROFILE_EST_SERVER, CRAFT_SERVER),
	    -ERR_REFUSED, "only server.name");
}

static void
test_start_refused(void **state)
{
	struct fixture *f = *state;
	struct signer_config config = {
	    .ca_dir = f->ca.dir, .server_name = "not a name"};
	struct signer *signer = NULL;
	struct reason why = {""};

	assert_int_equal(-ERR_INVALID, signer_start(&signer, &config, &why));
	assert_non_null(strstr(why.text, "server.name"));
	config.ca_dir = "/nonexistent";
	assert_int_equal(-ERR_NOT_FOUND, signer_start(&signer, &config, &why));
	assert_non_null(strstr(why.text, "/nonexistent"));
	assert_null(signer);
	signer_stop(NULL);
}

#define SIGNER_TEST(fn)                                                        \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    SIGNER_TEST(test_names_refused),
	    SIGNER_TEST(test_common_name_refused),
	    SIGNER_TEST(test_malformed_request_refused),
	    SIGNER_TEST(test_bad_key_or_proof_refused),
	    SIGNER_TEST(test_server_name_outside_is_not_certified),
	    SIGNER_TEST(test_start_refused),
	};

	if (signer_is_called(argc, argv))
		return signer_main(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
