/* Certificates of the profile endpoint, from the signer to the judgement of a
 * TLS client. */
#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/clock.h"
#include "ca/signer.h"
#include "ca/signer_process.h"
#include "ca/trust.h"
#include "tests/unit/ca/craft.h"

struct fixture {
	struct craft_ca ca;
	struct signer *signer;
	struct trust *trust;
};

static int
setup(void **state)
{
	struct signer_config config = {.server_name = CRAFT_SERVER};
	struct fixture *f = calloc(1, sizeof(*f));
	struct cert_list cas = {0};
	struct reason why = {""};

	craft_ca_create(&f->ca);
	config.ca_dir = f->ca.dir;
	if (signer_start(&f->signer, &config, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(0, cert_list_add(&cas, signer_issuing(f->signer)));
	assert_int_equal(0, cert_list_add(&cas, signer_root(f->signer)));
	if (trust_from_certs(&f->trust, &cas, &why) != 0)
		fail_msg("%s", why.text);
	cert_list_fini(&cas);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	trust_free(f->trust);
	signer_stop(f->signer);
	craft_ca_remove(&f->ca);
	free(f);
	return 0;
}

static struct signer_request *
request_for(const char *common_name, const char *dns_name)
{
	struct signer_request *request =
	    craft_request(PROFILE_ENDPOINT, dns_name);

	memset(request->common_name, 0, sizeof(request->common_name));
	strcpy(request->common_name, common_name);
	return request;
}

static void
request_free(struct signer_request *request)
{
	blob_fini(&request->cert);
	free(request);
}

static void
issued(struct fixture *f, struct signer_request *request)
{
	struct reason why = {""};
	struct cert_info info;

	if (signer_issue(f->signer, request) != 0)
		fail_msg("%s", request->why.text);
	assert_int_equal(
	    0, cert_parse(&info, blob_bytes(&request->cert), NULL));
	assert_string_equal(request->common_name, info.common_name);
	assert_true(names_equal(&request->names, &info.names));
	assert_true(info.client_auth && !info.server_auth && !info.is_ca);
	assert_int_equal(request->not_before + 365 * CRAFT_DAY, info.not_after);
	if (trust_verify_client(
		f->trust, blob_bytes(&request->cert), clock_now(), &why) != 0)
		fail_msg("%s", why.text);
	/* It is no server's. */
	assert_int_equal(-ERR_REFUSED,
	    trust_verify_server(
		f->trust, blob_bytes(&request->cert), NULL, clock_now(), &why));
	assert_int_equal(-ERR_REFUSED,
	    trust_verify_client(f->trust, blob_bytes(&request->cert),
		info.not_after + 1, &why));
	assert_non_null(strstr(why.text, "expired"));
	request_free(request);
}

static void
test_issued(void **state)
{
	struct fixture *f = *state;
	struct signer_request *request;

	issued(f, request_for("alice", NULL));
	issued(f, request_for("alice@example.org", NULL));
	issued(f, request_for("", "phone." CRAFT_DOMAIN));
	request = request_for("laptop." CRAFT_DOMAIN, "a." CRAFT_DOMAIN);
	assert_int_equal(
	    0, names_add(&request->names, NAME_DNS, "b." CRAFT_DOMAIN));
	assert_int_equal(0, names_add(&request->names, NAME_IP, "10.0.0.7"));
	issued(f, request);
}

static void
refused(struct fixture *f, struct signer_request *request, const char *says)
{
	int err = signer_issue(f->signer, request);

	if (err != -ERR_REFUSED || strstr(request->why.text, says) == NULL)
		fail_msg("%s: %d %s", says, err, request->why.text);
	request_free(request);
}

static void
test_refused(void **state)
{
	struct fixture *f = *state;
	struct signer_request *request;

	refused(f, request_for("", NULL), "neither a subject nor a name");
	refused(f, request_for(CRAFT_SERVER, NULL), "reserved");
	refused(f, request_for("EST.Corp.Example.net", NULL), "reserved");
	refused(f, request_for("alice", CRAFT_SERVER), "reserved");
	refused(f, request_for("alice", "x.example.org"), "outside");
	refused(f, request_for("alice", "*." CRAFT_DOMAIN), "wildcard");
	request = request_for("alice", NULL);
	request->valid_days = 366;
	refused(f, request, "365");
}

/* Of another CA, and what is no client's. */
static void
test_client_refused(void **state)
{
	struct fixture *f = *state;
	struct signer_request *server =
	    craft_request(PROFILE_EST_SERVER, CRAFT_SERVER);
	struct crafted foreign;
	struct reason why = {""};

	assert_int_equal(0, signer_issue(f->signer, server));
	assert_int_equal(
	    -ERR_REFUSED, trust_verify_client(f->trust,
			      blob_bytes(&server->cert), clock_now(), &why));
	assert_non_null(strstr(why.text, "clientAuth"));
	request_free(server);
	craft_cert(&foreign, &(struct craft){.cn = "alice",
				 .exts = {{"extendedKeyUsage", "clientAuth"}}});
	assert_int_equal(
	    -ERR_REFUSED, trust_verify_client(f->trust,
			      blob_bytes(&foreign.der), clock_now(), &why));
	crafted_fini(&foreign);
	assert_int_equal(
	    -ERR_REFUSED, trust_verify_client(f->trust,
			      signer_issuing(f->signer), clock_now(), &why));
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* [RFC8995 2.3.1] [RFC8995 5.9.3] A device's certificate has its serial number;
 * no other's has one. */
static void
test_device(void **state)
{
	struct fixture *f = *state;
	struct signer_request *request = request_for("thing", NULL);
	struct cert_info info;

	strcpy(request->serial_number, "SN_1");
	assert_int_equal(-ERR_REFUSED, signer_issue(f->signer, request));
	assert_non_null(strstr(request->why.text, "serialNumber"));
	request->profile = PROFILE_DEVICE;
	request->serial_number[0] = '\0';
	assert_int_equal(-ERR_REFUSED, signer_issue(f->signer, request));
	strcpy(request->serial_number, "SN_1");
	request->common_name[0] = '\0';
	if (signer_issue(f->signer, request) != 0)
		fail_msg("%s", request->why.text);
	assert_int_equal(
	    0, cert_parse(&info, blob_bytes(&request->cert), NULL));
	assert_string_equal("SN_1", info.serial_number);
	assert_string_equal("", info.common_name);
	assert_true(info.client_auth && !info.server_auth && !info.is_ca);
	request_free(request);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {T(test_issued), T(test_refused),
	    T(test_client_refused), T(test_device)};

	if (signer_is_called(argc, argv))
		return signer_main(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
