#include "tests/unit/cmocka.h"

#include <string.h>

#include "ca/csr.h"
#include "ca/key.h"
#include "client/enroll.h"
#include "client/refresh.h"
#include "tests/unit/client/certs.h"
#include "tests/unit/client/support.h"

#define YEAR (INT64_C(365) * 86400)
#define START INT64_C(1795287088) /* 2026-11-21T18:51:28Z */

static void
test_wish(void **state)
{
	struct csrattrs_wish wish = {.channel_binding = true};
	struct reason why = {""};

	(void)state;
	assert_int_equal(0, enroll_check_wish(&wish, &why));
	strcpy(wish.other_key, "RSA");
	assert_int_equal(-ERR_REFUSED, enroll_check_wish(&wish, &why));
	assert_non_null(strstr(why.text, "RSA"));
	wish.p256 = true;
	assert_int_equal(0, enroll_check_wish(&wish, &why));
	wish.names = true;
	assert_int_equal(-ERR_REFUSED, enroll_check_wish(&wish, &why));
}

/* The first of the PEM text; no key that fits. */
static void
make_enrolled(struct enrolled *out, const char *pem)
{
	struct cert_list certs;
	struct key *key = NULL;

	certs_of(&certs, pem);
	memset(out, 0, sizeof(*out));
	assert_int_equal(0, key_generate(&key));
	assert_int_equal(0, key_to_pem(&out->key, key));
	assert_int_equal(0, blob_copy(&out->cert, blob_bytes(&certs.items[0])));
	cert_list_fini(&certs);
	key_free(key);
}

static void
test_age(void **state)
{
	struct enrolled e = {0};

	(void)state;
	assert_int_equal(ENROLLED_NONE, enrolled_age(&e, NOW));
	make_enrolled(&e, PEM_DNS);
	assert_int_equal(ENROLLED_FRESH, enrolled_age(&e, START));
	assert_int_equal(ENROLLED_FRESH, enrolled_age(&e, START + 66 * YEAR));
	assert_int_equal(ENROLLED_DUE, enrolled_age(&e, START + 67 * YEAR));
	assert_int_equal(ENROLLED_DUE, enrolled_age(&e, START + 99 * YEAR));
	assert_int_equal(ENROLLED_OVER, enrolled_age(&e, START + 101 * YEAR));
	enrolled_fini(&e);
}

static void
test_refresh_decides(void **state)
{
	struct network_state network;
	struct trust *trust = trust_of(PEM_ROOT PEM_ISSUING);
	struct reason why = {""};

	(void)state;
	make_state(&network);
	assert_int_equal(REFRESH_KEEP,
	    refresh_decide(&network, trust, NULL, START + 70 * YEAR, &why));
	make_enrolled(&network.enrolled, PEM_DNS);
	assert_int_equal(
	    REFRESH_KEEP, refresh_decide(&network, trust, NULL, NOW, &why));
	assert_int_equal(REFRESH_FETCH,
	    refresh_decide(&network, trust, NULL, START + 70 * YEAR, &why));
	assert_non_null(strstr(why.text, "two thirds"));
	network_state_fini(&network);
	trust_free(trust);
}

/* [RFC7030 4.2.3] One certificate, for the key that was made. */
static void
test_answers_refused(void **state)
{
	struct trust *trust = trust_of(PEM_ROOT PEM_ISSUING);
	const struct enroll_params params = {.trust = trust, .now = NOW};
	struct reason why = {""};
	struct cert_list none = {0}, one, two;
	struct enrolled e;

	(void)state;
	make_enrolled(&e, PEM_DNS);
	blob_fini(&e.cert);
	certs_of(&one, PEM_DNS);
	certs_of(&two, PEM_DNS PEM_ISSUING);
	assert_int_equal(-ERR_REFUSED, enroll_accept(&e, &none, &params, &why));
	assert_int_equal(-ERR_REFUSED, enroll_accept(&e, &two, &params, &why));
	assert_non_null(strstr(why.text, "2 certificates"));
	assert_int_equal(-ERR_REFUSED, enroll_accept(&e, &one, &params, &why));
	assert_non_null(strstr(why.text, "another key"));
	assert_int_equal(0, e.cert.len);
	cert_list_fini(&one);
	cert_list_fini(&two);
	enrolled_fini(&e);
	trust_free(trust);
}

/* [RFC7030 3.5] [RFC7030 4.2.2] What the requests hold. */
static void
test_requests(void **state)
{
	struct cert_info *info = calloc(1, sizeof(*info));
	struct cert_list certs;
	struct key *key = NULL;
	struct csr *csr = NULL;
	struct blob der = {0};
	struct reason why = {""};

	(void)state;
	certs_of(&certs, PEM_DNS);
	assert_int_equal(
	    0, cert_parse(info, blob_bytes(&certs.items[0]), &why));
	assert_int_equal(0, key_generate(&key));
	assert_int_equal(0, key_make_est_csr(&der, key, "ABCD1234", "AB+/=="));
	assert_int_equal(0, csr_parse(&csr, blob_bytes(&der), &why));
	assert_string_equal("ABCD1234", csr_common_name(csr));
	assert_string_equal("AB+/==", csr_challenge(csr));
	assert_int_equal(0, csr_names(csr)->n);
	csr_free(csr);
	blob_fini(&der);
	assert_int_equal(0,
	    key_make_renewal_csr(&der, key, blob_bytes(&certs.items[0]), ""));
	assert_int_equal(0, csr_parse(&csr, blob_bytes(&der), &why));
	assert_string_equal(info->common_name, csr_common_name(csr));
	assert_true(names_equal(&info->names, csr_names(csr)));
	assert_string_equal("", csr_challenge(csr));
	csr_free(csr);
	blob_fini(&der);
	assert_false(key_is_of_cert(key, blob_bytes(&certs.items[0])));
	key_free(key);
	cert_list_fini(&certs);
	free(info);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wish),
	    cmocka_unit_test(test_age),
	    cmocka_unit_test(test_refresh_decides),
	    cmocka_unit_test(test_answers_refused),
	    cmocka_unit_test(test_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
