#include "tests/unit/cmocka.h"

#include <string.h>

#include "client/join.h"
#include "client/judge.h"
#include "tests/unit/client/certs.h"
#include "tests/unit/client/support.h"

#define EXPIRED INT64_C(5000000000) /* 2128 */

static int
judge_pem(struct judge *judge, const char *pem)
{
	struct cert_list certs;
	struct bytes leaf;
	struct reason why = {""};
	int err;

	certs_of(&certs, pem);
	leaf = blob_bytes(&certs.items[0]);
	judge->refused = false;
	err = judge_dns_server(judge, &leaf, 1, &why);
	assert_int_equal(err != 0, judge->refused);
	if (err != 0)
		assert_string_equal(why.text, judge->why.text);
	cert_list_fini(&certs);
	return err;
}

struct fixture {
	struct network_state state;
	struct trust *trust;
	struct judge judge;
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	make_state(&f->state);
	f->trust = trust_of(PEM_ROOT PEM_ISSUING);
	f->judge = (struct judge){.trust = f->trust,
	    .resolvers = &f->state.resolvers,
	    .adn = "dns.example.net",
	    .label = LABEL_DOT,
	    .now = NOW};
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	network_state_fini(&f->state);
	trust_free(f->trust);
	free(f);
	return 0;
}

static void
test_current_and_next(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(0, judge_pem(&f->judge, PEM_DNS));
	assert_int_equal(0, judge_pem(&f->judge, PEM_NEXT));
}

/* Valid and of the right name, but not fetched for this service. */
static void
test_other_certificate_refused(void **state)
{
	struct fixture *f = *state;

	f->judge.label = LABEL_DOH;
	assert_int_equal(0, judge_pem(&f->judge, PEM_DNS));
	assert_int_equal(-ERR_REFUSED, judge_pem(&f->judge, PEM_NEXT));
	assert_non_null(strstr(f->judge.why.text, "certificate match"));
	f->judge.adn = "other.example.net";
	assert_int_equal(-ERR_REFUSED, judge_pem(&f->judge, PEM_DNS));
}

static void
test_expired_refused(void **state)
{
	struct fixture *f = *state;

	f->judge.now = EXPIRED;
	assert_int_equal(-ERR_REFUSED, judge_pem(&f->judge, PEM_DNS));
	assert_non_null(strstr(f->judge.why.text, "path validation"));
}

static void
test_other_anchor_refused(void **state)
{
	struct fixture *f = *state;
	struct trust *other = trust_of(PEM_FREEROOT);

	f->judge.trust = other;
	assert_int_equal(-ERR_REFUSED, judge_pem(&f->judge, PEM_DNS));
	assert_non_null(strstr(f->judge.why.text, "path validation"));
	trust_free(other);
}

/* The reason may be the judge's own. */
static void
test_no_certificate_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    -ERR_REFUSED, judge_dns_server(&f->judge, NULL, 0, &f->judge.why));
	assert_true(f->judge.refused);
	assert_non_null(strstr(f->judge.why.text, "no certificate"));
}

static void
test_est_server_names(void **state)
{
	struct cert_list certs;
	struct reason why = {""};
	char name[DOMAIN_MAX + 1];
	bool has;

	(void)state;
	certs_of(&certs, PEM_EST PEM_ROOT);
	assert_int_equal(
	    0, cert_single_dns_id(name, blob_bytes(&certs.items[0]), &why));
	assert_string_equal("est.example.net", name);
	assert_int_equal(0, cert_has_dns_id(&has, blob_bytes(&certs.items[0]),
				"est.example.net", &why));
	assert_true(has);
	assert_int_equal(0, cert_has_dns_id(&has, blob_bytes(&certs.items[0]),
				"example.net", &why));
	assert_false(has);
	assert_int_equal(-ERR_NOT_FOUND,
	    cert_single_dns_id(name, blob_bytes(&certs.items[1]), &why));
	cert_list_fini(&certs);
}

/* The root's hash and its constraints (join_trust). */
static void
test_anchor_refused(void **state)
{
	struct cert_list bound, loose;
	struct trust *trust = NULL;
	struct reason why = {""};
	uint8_t hash[32];

	(void)state;
	certs_of(&bound, PEM_ROOT PEM_ISSUING);
	certs_of(&loose, PEM_FREEROOT);
	assert_int_equal(0, join_trust(&trust, &bound, NULL, false, &why));
	trust_root_sha256(trust, hash);
	trust_free(trust);
	assert_int_equal(0, join_trust(&trust, &bound, hash, false, &why));
	trust_free(trust);
	trust = NULL;
	hash[31] ^= 1;
	assert_int_equal(
	    -ERR_REFUSED, join_trust(&trust, &bound, hash, true, &why));
	assert_non_null(strstr(why.text, "root hash"));
	assert_int_equal(
	    -ERR_REFUSED, join_trust(&trust, &loose, NULL, false, &why));
	assert_non_null(strstr(why.text, "--allow-unconstrained"));
	assert_null(trust);
	assert_int_equal(0, join_trust(&trust, &loose, NULL, true, &why));
	trust_free(trust);
	cert_list_fini(&bound);
	cert_list_fini(&loose);
}

#define judge_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    judge_test(test_current_and_next),
	    judge_test(test_other_certificate_refused),
	    judge_test(test_expired_refused),
	    judge_test(test_other_anchor_refused),
	    judge_test(test_no_certificate_refused),
	    cmocka_unit_test(test_est_server_names),
	    cmocka_unit_test(test_anchor_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
