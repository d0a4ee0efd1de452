#include "tests/unit/cmocka.h"

#include <string.h>

#include "client/judge.h"
#include "client/refresh.h"
#include "tests/unit/client/certs.h"
#include "tests/unit/client/rollover.h"
#include "tests/unit/client/support.h"

#define EXPIRED INT64_C(5000000000) /* 2128 */

struct fixture {
	struct network_state state;
	struct trust *trust;
	struct check_report report;
	struct reason why;
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	make_state(&f->state);
	f->trust = trust_of(PEM_ROOT PEM_ISSUING);
	for (size_t i = 0; i < 2; i++) {
		f->report.items[i].resolver = &f->state.resolvers.items[i];
		f->report.items[i].outcome = CHECK_OK;
		strcpy(f->report.items[i].why.text, "said by the check");
	}
	f->report.n = 2;
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

static enum refresh_verdict
decide(struct fixture *f, bool asked, int64_t now)
{
	return refresh_decide(
	    &f->state, f->trust, asked ? &f->report : NULL, now, &f->why);
}

static void
test_kept_while_valid(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(REFRESH_KEEP, decide(f, false, NOW));
	assert_int_equal(REFRESH_KEEP, decide(f, true, NOW));
}

/* Silence is no proof of anything. */
static void
test_kept_when_unreachable(void **state)
{
	struct fixture *f = *state;

	f->report.items[0].outcome = CHECK_UNREACHABLE;
	f->report.items[1].outcome = CHECK_NO_ANSWER;
	assert_int_equal(REFRESH_KEEP, decide(f, true, NOW));
}

static void
test_fetched_on_mismatch(void **state)
{
	struct fixture *f = *state;

	f->report.items[0].outcome = CHECK_UNREACHABLE;
	f->report.items[1].outcome = CHECK_REFUSED;
	assert_int_equal(REFRESH_FETCH, decide(f, true, NOW));
	assert_string_equal("said by the check", f->why.text);
}

static void
test_fetched_when_expired(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(REFRESH_FETCH, decide(f, false, EXPIRED));
	assert_non_null(strstr(f->why.text, "dns.example.net is no longer"));
	assert_int_equal(REFRESH_FETCH, decide(f, true, EXPIRED));
}

/* A stored certificate that the anchor does not validate. */
static void
test_fetched_when_not_of_the_anchor(void **state)
{
	struct fixture *f = *state;
	struct cert_list stray;
	struct blob *cert =
	    &f->state.resolvers.items[f->state.resolvers.n - 1].cert;

	certs_of(&stray, PEM_STRAY);
	blob_fini(cert);
	assert_int_equal(0, blob_copy(cert, blob_bytes(&stray.items[0])));
	cert_list_fini(&stray);
	assert_int_equal(REFRESH_FETCH, decide(f, false, NOW));
}

/* What a later /cacerts gives, for an endpoint that knows stored. */
static int
renew(const char *stored, const char *cacerts, bool *new_root, char **text)
{
	static struct reason why;
	struct trust *known = trust_of(stored), *trust = NULL;
	struct cert_list certs;
	int err;

	certs_of(&certs, cacerts);
	memset(&why, 0, sizeof(why));
	err = refresh_trust(&trust, &certs, known, NOW, &why);
	assert_int_equal(err == 0, trust != NULL);
	if (err == 0 && new_root != NULL)
		*new_root = !bytes_equal(trust_root(trust), trust_root(known));
	if (text != NULL)
		*text = why.text;
	trust_free(trust);
	trust_free(known);
	cert_list_fini(&certs);
	return err;
}

static void
test_same_root(void **state)
{
	bool other;

	(void)state;
	assert_int_equal(
	    0, renew(PEM_ROOT PEM_ISSUING, PEM_ROOT, &other, NULL));
	assert_false(other);
	assert_int_equal(
	    0, renew(PEM_ROOT, PEM_ISSUING PEM_ROOT, &other, NULL));
	assert_false(other);
}

/* [RFC4210 4.4] */
static void
test_rollover(void **state)
{
	bool other;

	(void)state;
	assert_int_equal(
	    0, renew(PEM_OLD, PEM_OLD PEM_NEW PEM_OLD_WITH_NEW PEM_NEW_WITH_OLD,
		   &other, NULL));
	assert_true(other);
	/* The same key, certified again. */
	assert_int_equal(0, renew(PEM_OLD, PEM_RENEWED, &other, NULL));
	assert_true(other);
	/* The old root itself need not be among them. */
	assert_int_equal(
	    0, renew(PEM_OLD, PEM_NEW PEM_NEW_WITH_OLD, &other, NULL));
	assert_true(other);
}

/* The new root vouches for the old one, as any root may; not the reverse. */
static void
test_root_without_voucher_refused(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(-ERR_REFUSED, renew(PEM_OLD, PEM_NEW, NULL, &text));
	assert_non_null(strstr(text, "RFC 4210 4.4"));
	assert_int_equal(
	    -ERR_REFUSED, renew(PEM_OLD, PEM_NEW PEM_OLD_WITH_NEW, NULL, NULL));
	assert_int_equal(-ERR_REFUSED,
	    renew(PEM_OLD, PEM_OLD PEM_NEW PEM_OLD_WITH_NEW, NULL, NULL));
	assert_int_equal(
	    -ERR_REFUSED, renew(PEM_ROOT, PEM_FREEROOT, NULL, NULL));
	/* A stranger's chain beside the stored root. */
	assert_int_equal(
	    -ERR_REFUSED, renew(PEM_ROOT, PEM_ROOT PEM_FREEROOT, NULL, &text));
	assert_non_null(strstr(text, "does not chain"));
}

/* Vouched for, but permitted more than what was agreed to. */
static void
test_wider_root_refused(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(-ERR_REFUSED,
	    renew(PEM_OLD, PEM_OLD PEM_WIDE PEM_OLD_WITH_WIDE PEM_WIDE_WITH_OLD,
		NULL, &text));
	assert_non_null(strstr(text, "other names"));
	assert_int_equal(
	    -ERR_REFUSED, renew(PEM_OLD, PEM_RENEWED_WIDE, NULL, NULL));
}

/* The EST server at a later connection. */
static int
judge_pem(const char *anchor, const char *name, const char *pem, int64_t now)
{
	struct trust *trust = trust_of(anchor);
	struct est_judge judge = {
	    .trust = trust, .server_name = name, .now = now};
	struct cert_list certs;
	struct bytes chain[4];
	struct reason why = {""};
	int err;

	certs_of(&certs, pem);
	assert_in_range(certs.n, 1, ARRAY_LEN(chain));
	for (size_t i = 0; i < certs.n; i++)
		chain[i] = blob_bytes(&certs.items[i]);
	err = judge_est_server(&judge, chain, certs.n, &why);
	assert_int_equal(err != 0, why.text[0] != '\0');
	cert_list_fini(&certs);
	trust_free(trust);
	return err;
}

static void
test_est_server(void **state)
{
	(void)state;
	assert_int_equal(0,
	    judge_pem(PEM_ROOT PEM_ISSUING, "est.example.net", PEM_EST, NOW));
	/* With the intermediate of the handshake. */
	assert_int_equal(0,
	    judge_pem(PEM_ROOT, "est.example.net", PEM_EST PEM_ISSUING, NOW));
}

/* [RFC9525 6] [RFC5280 6.1] */
static void
test_est_server_refused(void **state)
{
	struct est_judge judge = {.server_name = "est.example.net"};
	struct reason why = {""};

	(void)state;
	assert_int_equal(-ERR_REFUSED,
	    judge_pem(PEM_ROOT PEM_ISSUING, "dns.example.net", PEM_EST, NOW));
	assert_int_equal(-ERR_REFUSED,
	    judge_pem(PEM_ROOT PEM_ISSUING, "example.net", PEM_EST, NOW));
	assert_int_equal(
	    -ERR_REFUSED, judge_pem(PEM_ROOT PEM_ISSUING, "est.example.net",
			      PEM_EST, EXPIRED));
	assert_int_equal(
	    -ERR_REFUSED, judge_pem(PEM_FREEROOT, "est.example.net",
			      PEM_EST PEM_ISSUING, NOW));
	assert_int_equal(
	    -ERR_REFUSED, judge_pem(PEM_ROOT, "est.example.net", PEM_EST, NOW));
	assert_int_equal(-ERR_REFUSED, judge_est_server(&judge, NULL, 0, &why));
}

#define refresh_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    refresh_test(test_kept_while_valid),
	    refresh_test(test_kept_when_unreachable),
	    refresh_test(test_fetched_on_mismatch),
	    refresh_test(test_fetched_when_expired),
	    refresh_test(test_fetched_when_not_of_the_anchor),
	    cmocka_unit_test(test_same_root),
	    cmocka_unit_test(test_rollover),
	    cmocka_unit_test(test_root_without_voucher_refused),
	    cmocka_unit_test(test_wider_root_refused),
	    cmocka_unit_test(test_est_server),
	    cmocka_unit_test(test_est_server_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
