#include "tests/unit/cmocka.h"

#include <string.h>

#include <openssl/sha.h>

#include "base/clock.h"
#include "ca/trust.h"
#include "tests/unit/ca/craft.h"

#define SRV_OF(domain) "otherName:1.3.6.1.5.5.7.8.7;IA5:_domain-s." domain
#define SERVER_EXTS                                                            \
	{"basicConstraints", "critical,CA:FALSE"},                             \
	    {"keyUsage", "critical,digitalSignature"},                         \
	{                                                                      \
		"extendedKeyUsage", "serverAuth"                               \
	}

/* A constrained root, an issuing CA, and the trust made of the two. */
struct fixture {
	struct crafted root, issuing;
	struct trust *trust;
};

static int
from(struct trust **trust, const struct crafted *const *certs, size_t n,
    struct reason *why)
{
	struct cert_list list = {0};
	int err;

	for (size_t i = 0; i < n; i++)
		craft_list_add(&list, certs[i]);
	err = trust_from_certs(trust, &list, why);
	assert_true((err == 0) == (*trust != NULL));
	cert_list_fini(&list);
	return err;
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct crafted *certs[2];
	struct reason why = {""};

	craft_cert(&f->root,
	    &(struct craft){.cn = "Root",
		.not_after = clock_now() + 3650LL * CRAFT_DAY,
		.exts = {CRAFT_CA,
		    {"nameConstraints",
			"critical,permitted;DNS:" CRAFT_DOMAIN
			",permitted;IP:10.0.0.0/"
			"255.0.0.0,excluded;DNS:secret." CRAFT_DOMAIN}}});
	craft_cert(
	    &f->issuing, &(struct craft){.cn = "Issuing",
			     .issuer = &f->root,
			     .not_after = clock_now() + 1825LL * CRAFT_DAY,
			     .exts = {CRAFT_CA}});
	certs[0] = &f->issuing;
	certs[1] = &f->root;
	if (from(&f->trust, certs, 2, &why) != 0)
		fail_msg("%s", why.text);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	trust_free(f->trust);
	crafted_fini(&f->root);
	crafted_fini(&f->issuing);
	free(f);
	return 0;
}

static void
test_root(void **state)
{
	struct fixture *f = *state;
	uint8_t expected[32], got[32];

	assert_true(
	    bytes_equal(blob_bytes(&f->root.der), trust_root(f->trust)));
	SHA256(f->root.der.data, f->root.der.len, expected);
	trust_root_sha256(f->trust, got);
	assert_memory_equal(expected, got, 32);
	assert_int_equal(1, trust_constraints(f->trust)->n_domains);
	assert_string_equal(
	    CRAFT_DOMAIN, trust_constraints(f->trust)->domains[0]);
	assert_int_equal(1, trust_constraints(f->trust)->n_prefixes);
}

static void
test_unconstrained_anchor(void **state)
{
	struct crafted root;
	const struct crafted *certs[] = {&root};
	struct trust *trust = NULL;

	(void)state;
	craft_cert(&root, &(struct craft){.cn = "Root", .exts = {CRAFT_CA}});
	assert_int_equal(0, from(&trust, certs, 1, NULL));
	assert_int_equal(0, trust_constraints(trust)->n_domains);
	trust_free(trust);
	crafted_fini(&root);
}

static void
set_refused(const struct crafted *const *certs, size_t n, const char *says)
{
	struct trust *trust = NULL;
	struct reason why = {""};
	int err = from(&trust, certs, n, &why);

	if (err != -ERR_REFUSED || strstr(why.text, says) == NULL)
		fail_msg("%s: %d %s", says, err, why.text);
}

/* [RFC7030 4.1.3] */
static void
test_bad_cacerts_refused(void **state)
{
	struct fixture *f = *state;
	struct crafted leaf, decoy, other, stray, no_usage;
	const struct crafted *certs[3] = {&f->root, &f->issuing, NULL};

	craft_cert(&leaf,
	    &(struct craft){
		.cn = "x", .issuer = &f->issuing, .exts = {SERVER_EXTS}});
	craft_cert(&decoy, &(struct craft){.cn = "x", .exts = {SERVER_EXTS}});
	craft_cert(&other, &(struct craft){.cn = "Other", .exts = {CRAFT_CA}});
	craft_cert(
	    &stray, &(struct craft){
			.cn = "Stray", .issuer = &other, .exts = {CRAFT_CA}});
	craft_cert(
	    &no_usage, &(struct craft){.cn = "Root",
			   .exts = {{"basicConstraints", "critical,CA:TRUE"},
			       {"keyUsage", "critical,digitalSignature"}}});
	certs[2] = &leaf;
	set_refused(certs, 3, "not a CA certificate");
	certs[2] = &decoy;
	set_refused(certs, 3, "not a CA certificate");
	certs[2] = &other;
	set_refused(certs, 3, "does not chain");
	certs[2] = &stray;
	set_refused(certs, 3, "does not chain");
	set_refused(certs + 1, 1, "no self-signed");
	set_refused(certs, 0, "no self-signed");
	certs[0] = &no_usage;
	set_refused(certs, 1, "not a CA certificate");
	crafted_fini(&leaf);
	crafted_fini(&decoy);
	crafted_fini(&other);
	crafted_fini(&stray);
	crafted_fini(&no_usage);
}

/* RFC 4210 4.4: all four certificates of a rollover; the root is the one with
 * the latest notAfter. An old root alone is not vouched for. */
static void
test_rollover(void **state)
{
	int64_t soon = clock_now() + 100LL * CRAFT_DAY;
	int64_t late = clock_now() + 1000LL * CRAFT_DAY;
	struct crafted old, new, old_with_new, new_with_old, by_old, by_new;
	const struct crafted *certs[] = {
	    &old, &old_with_new, &new_with_old, &new};
	const struct crafted *two[] = {&old, &new};
	struct trust *trust = NULL;
	struct reason why = {""};

	(void)state;
	craft_cert(
	    &old, &(struct craft){
		      .cn = "Root", .not_after = soon, .exts = {CRAFT_CA}});
	craft_cert(
	    &new, &(struct craft){
		      .cn = "Root", .not_after = late, .exts = {CRAFT_CA}});
	craft_cert(&old_with_new, &(struct craft){.cn = "Root",
				      .issuer = &new,
				      .key = old.key,
				      .not_after = soon,
				      .exts = {CRAFT_CA}});
	craft_cert(&new_with_old, &(struct craft){.cn = "Root",
				      .issuer = &old,
				      .key = new.key,
				      .not_after = soon,
				      .exts = {CRAFT_CA}});
	set_refused(two, 2, "does not chain");
	certs[2] = &new;
	if (from(&trust, certs, 3, &why) != 0)
		fail_msg("%s", why.text);
	assert_true(bytes_equal(blob_bytes(&new.der), trust_root(trust)));
	trust_free(trust);
	trust = NULL;
	certs[2] = &new_with_old;
	if (from(&trust, certs, 4, &why) != 0)
		fail_msg("%s", why.text);
	assert_true(bytes_equal(blob_bytes(&new.der), trust_root(trust)));
	/* Servers certified by either key go on. */
	craft_cert(&by_old,
	    &(struct craft){.cn = "x", .issuer = &old, .exts = {SERVER_EXTS}});
	craft_cert(&by_new,
	    &(struct craft){.cn = "x", .issuer = &new, .exts = {SERVER_EXTS}});
	assert_int_equal(0, trust_verify_server(trust, blob_bytes(&by_old.der),
				NULL, clock_now(), NULL));
	assert_int_equal(0, trust_verify_server(trust, blob_bytes(&by_new.der),
				NULL, clock_now(), NULL));
	trust_free(trust);
	crafted_fini(&by_old);
	crafted_fini(&by_new);
	crafted_fini(&old);
	crafted_fini(&new);
	crafted_fini(&old_with_new);
	crafted_fini(&new_with_old);
}

static void
verify(struct fixture *f, const struct craft *craft, int64_t offset_s,
    const char *says)
{
	struct crafted leaf;
	struct reason why = {""};
	int err;

	craft_cert(&leaf, craft);
	err = trust_verify_server(f->trust, blob_bytes(&leaf.der), NULL,
	    clock_now() + offset_s, &why);
	if (says == NULL && err != 0)
		fail_msg("%s", why.text);
	if (says != NULL &&
	    (err != -ERR_REFUSED || strstr(why.text, says) == NULL))
		fail_msg("%s: %d %s", says, err, why.text);
	crafted_fini(&leaf);
}

static void
names(struct fixture *f, const char *san, const char *says)
{
	const struct craft craft = {.cn = "x",
	    .issuer = &f->issuing,
	    .exts = {SERVER_EXTS, {"subjectAltName", san}}};

	verify(f, &craft, 0, says);
}

static void
test_names(void **state)
{
	struct fixture *f = *state;

	names(f, "DNS:" CRAFT_ADN, NULL);
	names(f, "DNS:" CRAFT_ADN "," SRV_OF(CRAFT_ADN) ",IP:10.0.0.1", NULL);
	names(f, "DNS:dns.example.org", "permitted subtree violation");
	names(f, "DNS:" CRAFT_ADN ",IP:192.0.2.1", "permitted subtree");
	names(f, "DNS:x.secret." CRAFT_DOMAIN, "excluded subtree");
}

/* What no library does: SRV-IDs against the DNS subtrees. */
static void
test_srv_outside_refused(void **state)
{
	struct fixture *f = *state;

	names(f, "DNS:" CRAFT_ADN "," SRV_OF("dns.example.org"),
	    "SRV-ID _domain-s.dns.example.org is outside");
	names(f, "DNS:" CRAFT_ADN "," SRV_OF("x.secret." CRAFT_DOMAIN),
	    "may not certify");
	names(f,
	    "DNS:" CRAFT_ADN "," SRV_OF(CRAFT_ADN) "," SRV_OF("example.org"),
	    "_domain-s.example.org is outside");
}

/* The constraints of an intermediate count too. */
static void
test_srv_outside_of_intermediate_refused(void **state)
{
	struct fixture *f = *state;
	struct crafted sub, leaf;
	struct cert_list more = {0};
	struct reason why = {""};

	craft_cert(
	    &sub, &(struct craft){.cn = "Sub",
		      .issuer = &f->issuing,
		      .exts = {CRAFT_CA,
			  {"nameConstraints",
			      "critical,permitted;DNS:sub." CRAFT_DOMAIN}}});
	craft_list_add(&more, &sub);
	craft_cert(&leaf,
	    &(struct craft){.cn = "x",
		.issuer = &sub,
		.exts = {SERVER_EXTS,
		    {"subjectAltName", "DNS:a.sub." CRAFT_DOMAIN
				       "," SRV_OF("a.sub." CRAFT_DOMAIN)}}});
	assert_int_equal(
	    -ERR_REFUSED, trust_verify_server(f->trust, blob_bytes(&leaf.der),
			      NULL, clock_now(), &why));
	if (trust_verify_server(
		f->trust, blob_bytes(&leaf.der), &more, clock_now(), &why) != 0)
		fail_msg("%s", why.text);
	crafted_fini(&leaf);
	craft_cert(&leaf, &(struct craft){.cn = "x",
			      .issuer = &sub,
			      .exts = {SERVER_EXTS,
				  {"subjectAltName", "DNS:a.sub." CRAFT_DOMAIN
						     "," SRV_OF(CRAFT_ADN)}}});
	assert_int_equal(
	    -ERR_REFUSED, trust_verify_server(f->trust, blob_bytes(&leaf.der),
			      &more, clock_now(), &why));
	assert_non_null(strstr(why.text, "SRV-ID"));
	crafted_fini(&leaf);
	crafted_fini(&sub);
	cert_list_fini(&more);
}

static void
test_other_leaves_refused(void **state)
{
	struct fixture *f = *state;
	struct crafted other, no_ca;

	craft_cert(
	    &other, &(struct craft){.cn = "Issuing", .exts = {CRAFT_CA}});
	craft_cert(&no_ca,
	    &(struct craft){
		.cn = "x", .issuer = &f->issuing, .exts = {SERVER_EXTS}});
	/* A decoy: self-signed, with the right names. */
	verify(f,
	    &(struct craft){.cn = CRAFT_ADN,
		.exts = {SERVER_EXTS, {"subjectAltName", "DNS:" CRAFT_ADN}}},
	    0, "self-signed");
	/* Another CA of the same name. */
	verify(f,
	    &(struct craft){.cn = CRAFT_ADN,
		.issuer = &other,
		.exts = {SERVER_EXTS, {"subjectAltName", "DNS:" CRAFT_ADN}}},
	    0, "path validation failed");
	/* Signed by an end entity. */
	verify(f,
	    &(struct craft){.cn = CRAFT_ADN,
		.issuer = &no_ca,
		.exts = {SERVER_EXTS, {"subjectAltName", "DNS:" CRAFT_ADN}}},
	    0, "path validation failed");
	crafted_fini(&other);
	crafted_fini(&no_ca);
}

static void
test_usage(void **state)
{
	struct fixture *f = *state;

	verify(f, &(struct craft){.cn = "x", .issuer = &f->issuing}, 0, NULL);
	verify(f,
	    &(struct craft){.cn = "x",
		.issuer = &f->issuing,
		.exts = {{"extendedKeyUsage", "clientAuth"}}},
	    0, "serverAuth");
	verify(f,
	    &(struct craft){.cn = "x",
		.issuer = &f->issuing,
		.exts = {{"extendedKeyUsage", "anyExtendedKeyUsage"}}},
	    0, "serverAuth");
	verify(f,
	    &(struct craft){.cn = "x",
		.issuer = &f->issuing,
		.exts = {{"keyUsage", "critical,keyCertSign"}}},
	    0, "path validation failed");
	verify(f,
	    &(struct craft){
		.cn = "x", .issuer = &f->issuing, .exts = {CRAFT_CA}},
	    0, "CA certificate");
	verify(f,
	    &(struct craft){.cn = "x",
		.issuer = &f->issuing,
		.exts = {{"1.2.3.4", "critical,DER:0500"}}},
	    0, "unhandled critical extension");
}

static void
test_time(void **state)
{
	struct fixture *f = *state;
	struct craft craft = {
	    .cn = "x", .issuer = &f->issuing, .exts = {SERVER_EXTS}};

	verify(f, &craft, 0, NULL);
	verify(f, &craft, 31LL * CRAFT_DAY, "expired");
	verify(f, &craft, -2LL * CRAFT_DAY, "not yet valid");
	/* The issuing CA's end, and the root's. */
	craft.not_after = clock_now() + 9000LL * CRAFT_DAY;
	verify(f, &craft, 1800LL * CRAFT_DAY, NULL);
	verify(f, &craft, 1830LL * CRAFT_DAY, "expired");
	verify(f, &craft, 3660LL * CRAFT_DAY, "expired");
}

/* A CA whose key usage or path length does not allow what it did. */
static void
test_path_length_refused(void **state)
{
	struct fixture *f = *state;
	struct crafted short_ca, below, leaf;
	struct cert_list more = {0};
	struct reason why = {""};

	craft_cert(&short_ca,
	    &(struct craft){.cn = "Short",
		.issuer = &f->root,
		.exts = {{"basicConstraints", "critical,CA:TRUE,pathlen:0"},
		    {"keyUsage", "critical,keyCertSign"}}});
	craft_cert(&below,
	    &(struct craft){
		.cn = "Below", .issuer = &short_ca, .exts = {CRAFT_CA}});
	craft_cert(
	    &leaf, &(struct craft){
		       .cn = "x", .issuer = &below, .exts = {SERVER_EXTS}});
	craft_list_add(&more, &short_ca);
	craft_list_add(&more, &below);
	assert_int_equal(
	    -ERR_REFUSED, trust_verify_server(f->trust, blob_bytes(&leaf.der),
			      &more, clock_now(), &why));
	assert_non_null(strstr(why.text, "path length"));
	crafted_fini(&short_ca);
	crafted_fini(&below);
	crafted_fini(&leaf);
	cert_list_fini(&more);
}

/* [RFC5280 4.2.1.3] a CA certificate MUST have a key usage */
static void
test_ca_without_key_usage_refused(void **state)
{
	struct fixture *f = *state;
	struct crafted bare;
	const struct crafted *certs[] = {&f->root, &bare};

	craft_cert(
	    &bare, &(struct craft){.cn = "Bare",
		       .issuer = &f->root,
		       .exts = {{"basicConstraints", "critical,CA:TRUE"}}});
	set_refused(certs, 2, "key usage");
	crafted_fini(&bare);
}

static void
test_weak_key_refused(void **state)
{
	struct fixture *f = *state;
	EVP_PKEY *weak = craft_rsa_public(1024, 65537);

	verify(f,
	    &(struct craft){.cn = "x",
		.issuer = &f->issuing,
		.key = weak,
		.exts = {SERVER_EXTS}},
	    0, "too weak");
	EVP_PKEY_free(weak);
}

/* What the peer sends is never an anchor. */
static void
test_sent_root_is_no_anchor(void **state)
{
	struct fixture *f = *state;
	struct crafted root, leaf;
	struct cert_list more = {0};

	craft_cert(&root, &(struct craft){.cn = "Root", .exts = {CRAFT_CA}});
	craft_cert(&leaf,
	    &(struct craft){.cn = "x", .issuer = &root, .exts = {SERVER_EXTS}});
	craft_list_add(&more, &root);
	assert_int_equal(
	    -ERR_REFUSED, trust_verify_server(f->trust, blob_bytes(&leaf.der),
			      &more, clock_now(), NULL));
	crafted_fini(&root);
	crafted_fini(&leaf);
	cert_list_fini(&more);
}

static void
test_malformed_refused(void **state)
{
	struct fixture *f = *state;
	struct crafted leaf;
	struct reason why = {""};
	struct cert_list more = {0};

	craft_cert(&leaf,
	    &(struct craft){
		.cn = "x", .issuer = &f->issuing, .exts = {SERVER_EXTS}});
	assert_int_equal(
	    -ERR_INVALID, trust_verify_server(f->trust,
			      (struct bytes){leaf.der.data, leaf.der.len - 1},
			      NULL, clock_now(), &why));
	assert_int_equal(0, cert_list_add(&more, (struct bytes){NULL, 0}));
	assert_int_equal(
	    -ERR_INVALID, trust_verify_server(f->trust, blob_bytes(&leaf.der),
			      &more, clock_now(), &why));
	/* A name that nobody can compare. */
	crafted_fini(&leaf);
	craft_cert(&leaf,
	    &(struct craft){.cn = "x",
		.issuer = &f->issuing,
		.exts = {SERVER_EXTS,
		    {"subjectAltName",
			"DNS:" CRAFT_ADN ",otherName:1.3.6.1.5.5.7.8.7;UTF8:"
			"_domain-s." CRAFT_ADN}}});
	assert_int_equal(
	    -ERR_INVALID, trust_verify_server(f->trust, blob_bytes(&leaf.der),
			      NULL, clock_now(), &why));
	crafted_fini(&leaf);
	cert_list_fini(&more);
}

#define TRUST_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TRUST_TEST(test_root),
	    cmocka_unit_test(test_unconstrained_anchor),
	    TRUST_TEST(test_bad_cacerts_refused),
	    cmocka_unit_test(test_rollover),
	    TRUST_TEST(test_names),
	    TRUST_TEST(test_srv_outside_refused),
	    TRUST_TEST(test_srv_outside_of_intermediate_refused),
	    TRUST_TEST(test_other_leaves_refused),
	    TRUST_TEST(test_usage),
	    TRUST_TEST(test_time),
	    TRUST_TEST(test_path_length_refused),
	    TRUST_TEST(test_ca_without_key_usage_refused),
	    TRUST_TEST(test_weak_key_refused),
	    TRUST_TEST(test_sent_root_is_no_anchor),
	    TRUST_TEST(test_malformed_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
