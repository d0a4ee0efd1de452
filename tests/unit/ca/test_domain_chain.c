#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/clock.h"
#include "ca/domain_chain.h"
#include "tests/unit/ca/craft.h"

#define CMC_RA "1.3.6.1.5.5.7.3.28"

struct family {
	struct crafted root, middle, issuing, registrar, other;
};

static int
setup(void **state)
{
	struct family *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	craft_cert(&f->root, &(struct craft){.cn = "root", .exts = {CRAFT_CA}});
	craft_cert(&f->middle,
	    &(struct craft){
		.cn = "middle", .issuer = &f->root, .exts = {CRAFT_CA}});
	craft_cert(&f->issuing,
	    &(struct craft){
		.cn = "issuing", .issuer = &f->middle, .exts = {CRAFT_CA}});
	craft_cert(&f->registrar,
	    &(struct craft){.cn = "registrar",
		.issuer = &f->issuing,
		.exts = {{"extendedKeyUsage", "clientAuth," CMC_RA}}});
	/* Another root of the same name. */
	craft_cert(
	    &f->other, &(struct craft){.cn = "root", .exts = {CRAFT_CA}});
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct family *f = *state;

	crafted_fini(&f->root);
	crafted_fini(&f->middle);
	crafted_fini(&f->issuing);
	crafted_fini(&f->registrar);
	crafted_fini(&f->other);
	free(f);
	return 0;
}

static void
order(struct cert_list *out, const struct crafted *leaf,
    const struct crafted *const *others, size_t n)
{
	struct blob items[8];
	struct reason why = {""};

	assert_true(n <= ARRAY_LEN(items));
	for (size_t i = 0; i < n; i++)
		items[i] = others[i]->der;
	if (domain_chain_order(out, blob_bytes(&leaf->der), items, n, &why) !=
	    0)
		fail_msg("%s", why.text);
}

static void
assert_chain(const struct cert_list *chain,
    const struct crafted *const *expected, size_t n)
{
	assert_int_equal(n, chain->n);
	for (size_t i = 0; i < n; i++)
		assert_true(bytes_equal(blob_bytes(&chain->items[i]),
		    blob_bytes(&expected[i]->der)));
}

static void
test_order(void **state)
{
	const struct family *f = *state;
	const struct crafted *mixed[] = {&f->other, &f->root, &f->registrar,
	    &f->issuing, &f->middle, &f->root};
	const struct crafted *all[] = {
	    &f->registrar, &f->issuing, &f->middle, &f->root};
	const struct crafted *gap[] = {&f->root, &f->issuing};
	struct cert_list chain = {.n = 0};

	order(&chain, &f->registrar, mixed, ARRAY_LEN(mixed));
	assert_chain(&chain, all, 4);
	cert_list_fini(&chain);
	order(&chain, &f->registrar, NULL, 0);
	assert_chain(&chain, all, 1);
	cert_list_fini(&chain);
	/* What a missing CA is between does not belong. */
	order(&chain, &f->registrar, gap, ARRAY_LEN(gap));
	assert_chain(&chain, all, 2);
	cert_list_fini(&chain);
	/* A self-signed one ends. */
	order(&chain, &f->root, mixed, ARRAY_LEN(mixed));
	assert_chain(&chain, &all[3], 1);
	cert_list_fini(&chain);
}

/* An end entity that signs is no CA, however it is named. */
static void
test_no_ca_refused(void **state)
{
	const struct family *f = *state;
	const struct crafted *others[] = {&f->registrar};
	const struct crafted *alone;
	struct cert_list chain = {.n = 0};
	struct crafted below;

	craft_cert(
	    &below, &(struct craft){.cn = "below", .issuer = &f->registrar});
	alone = &below;
	order(&chain, &below, others, 1);
	assert_chain(&chain, &alone, 1);
	cert_list_fini(&chain);
	order(&chain, &f->registrar, NULL, 0);
	assert_false(domain_chain_has(&chain, blob_bytes(&below.der)));
	cert_list_fini(&chain);
	crafted_fini(&below);
}

static void
test_belongs(void **state)
{
	const struct family *f = *state;
	const struct crafted *others[] = {&f->issuing, &f->middle};
	struct cert_list chain = {.n = 0};
	struct crafted sibling, stranger;

	craft_cert(
	    &sibling, &(struct craft){.cn = "sibling", .issuer = &f->issuing});
	craft_cert(
	    &stranger, &(struct craft){.cn = "stranger", .issuer = &f->other});
	order(&chain, &f->registrar, others, ARRAY_LEN(others));
	assert_true(domain_chain_has(&chain, blob_bytes(&f->registrar.der)));
	assert_true(domain_chain_has(&chain, blob_bytes(&sibling.der)));
	assert_false(domain_chain_has(&chain, blob_bytes(&stranger.der)));
	assert_false(domain_chain_has(&chain, blob_bytes(&f->root.der)));
	/* The root did not come along. */
	assert_true(domain_chain_is_of(&chain, blob_bytes(&f->root.der)));
	assert_true(domain_chain_is_of(&chain, blob_bytes(&f->issuing.der)));
	assert_false(domain_chain_is_of(&chain, blob_bytes(&f->other.der)));
	assert_false(domain_chain_is_of(&chain, blob_bytes(&stranger.der)));
	cert_list_fini(&chain);
	crafted_fini(&sibling);
	crafted_fini(&stranger);
}

/* [RFC8995 5.5.4] */
static void
test_registrar(void **state)
{
	const struct family *f = *state;
	struct cert_list chain = {.n = 0};
	struct reason why = {""};
	struct crafted plain;
	int64_t now = clock_now();

	order(&chain, &f->registrar, NULL, 0);
	assert_int_equal(0, domain_chain_check_registrar(&chain, now, &why));
	assert_int_equal(-ERR_REFUSED,
	    domain_chain_check_registrar(&chain, now + 3650 * CRAFT_DAY, &why));
	assert_int_equal(-ERR_REFUSED,
	    domain_chain_check_registrar(&chain, now - 3650 * CRAFT_DAY, &why));
	assert_non_null(strstr(why.text, "not in date"));
	cert_list_fini(&chain);

	craft_cert(&plain, &(struct craft){.cn = "any", .issuer = &f->issuing});
	order(&chain, &plain, NULL, 0);
	assert_int_equal(
	    -ERR_REFUSED, domain_chain_check_registrar(&chain, now, &why));
	assert_non_null(strstr(why.text, "id-kp-cmcRA"));
	cert_list_fini(&chain);
	crafted_fini(&plain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_no_ca_refused),
	    cmocka_unit_test(test_belongs),
	    cmocka_unit_test(test_registrar),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
