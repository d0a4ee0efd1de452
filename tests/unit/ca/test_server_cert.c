#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include <openssl/pem.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/server_cert.h"
#include "ca/server_pair.h"
#include "tests/unit/ca/craft.h"

#define NAME "dns.example.org"
#define LEAF                                                                   \
	{"basicConstraints", "critical,CA:FALSE"},                             \
	{                                                                      \
		"keyUsage", "critical,digitalSignature"                        \
	}
#define SERVER                                                                 \
	{                                                                      \
		"extendedKeyUsage", "serverAuth"                               \
	}
#define SAN                                                                    \
	{                                                                      \
		"subjectAltName", "DNS:" NAME                                  \
	}

/* A foreign CA and one good certificate. */
struct fixture {
	struct crafted root, leaf;
};

static void
craft_leaf(struct crafted *out, const struct fixture *f)
{
	const struct craft leaf = {
	    .cn = "leaf", .issuer = &f->root, .exts = {LEAF, SERVER, SAN}};

	craft_cert(out, &leaf);
}

static int
setup(void **state)
{
	static struct fixture f;
	const struct craft root = {.cn = "root", .exts = {CRAFT_CA}};

	memset(&f, 0, sizeof(f));
	craft_cert(&f.root, &root);
	craft_leaf(&f.leaf, &f);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	crafted_fini(&f->leaf);
	crafted_fini(&f->root);
	return 0;
}

static void
refused(const struct crafted *c, const char *name, const char *says)
{
	static struct cert_info info;
	struct reason why = {""};
	int err = server_cert_check(
	    &info, blob_bytes(&c->der), name, clock_now(), &why);

	if (err != -ERR_REFUSED || strstr(why.text, says) == NULL)
		fail_msg("%s: %d %s", says, err, why.text);
}

static void
test_good(void **state)
{
	struct fixture *f = *state;
	static struct cert_info info;
	struct bytes der = blob_bytes(&f->leaf.der);

	assert_int_equal(
	    0, server_cert_check(&info, der, NAME, clock_now(), NULL));
	assert_true(names_has(&info.names, NAME_DNS, NAME));
	/* The first and the last second. */
	assert_int_equal(
	    0, server_cert_check(&info, der, NAME, info.not_before, NULL));
	assert_int_equal(
	    0, server_cert_check(&info, der, NAME, info.not_after - 1, NULL));
	assert_int_equal(-ERR_REFUSED,
	    server_cert_check(&info, der, NAME, info.not_before - 1, NULL));
	assert_int_equal(-ERR_REFUSED,
	    server_cert_check(&info, der, NAME, info.not_after, NULL));
}

static void
test_truncated_refused(void **state)
{
	struct fixture *f = *state;
	static struct cert_info info;

	for (size_t len = 0; len < f->leaf.der.len; len++)
		assert_true(server_cert_check(&info,
				(struct bytes){f->leaf.der.data, len}, NAME,
				clock_now(), NULL) < 0);
}

static void
test_names_refused(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *san, *says;
	} bad[] = {{"DNS:x." NAME, "not among"}, {"DNS:example.org", "not"},
	    {"DNS:*.example.org", "wildcard"}, {"IP:192.0.2.1", "not among"},
	    {"DNS:dns.example.org.example.net", "not among"}};

	refused(&f->leaf, "other.example.org", "not among");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		/* A common name is no DNS-ID. */
		const struct craft craft = {.cn = NAME,
		    .issuer = &f->root,
		    .exts = {LEAF, SERVER, {"subjectAltName", bad[i].san}}};
		struct crafted c;

		craft_cert(&c, &craft);
		refused(&c, NAME, bad[i].says);
		crafted_fini(&c);
	}
}

static void
test_usage_refused(void **state)
{
	struct fixture *f = *state;
	const struct {
		struct craft craft;
		const char *says;
	} bad[] = {
	    {{.exts = {CRAFT_CA, SERVER, SAN}}, "CA certificate"},
	    /* keyCertSign alone makes a CA of it. */
	    {{.exts = {{"keyUsage", "keyCertSign"}, SERVER, SAN}},
		"CA certificate"},
	    {{.exts = {LEAF, {"extendedKeyUsage", "clientAuth"}, SAN}},
		"serverAuth"},
	    {{.exts = {{"keyUsage", "keyAgreement"}, SERVER, SAN}},
		"digitalSignature"},
	    {{.exts = {LEAF, SERVER, SAN, {"1.2.3.4", "critical,ASN1:NULL"}}},
		"critical"},
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct craft craft = bad[i].craft;
		struct crafted c;

		craft.cn = "bad";
		craft.issuer = &f->root;
		craft_cert(&c, &craft);
		refused(&c, NAME, bad[i].says);
		crafted_fini(&c);
	}
}

static void
test_weak_keys_refused(void **state)
{
	struct fixture *f = *state;
	struct craft craft = {
	    .cn = "weak", .issuer = &f->root, .exts = {LEAF, SERVER, SAN}};
	struct crafted c;

	craft.key = craft_key("P-521");
	craft_cert(&c, &craft);
	EVP_PKEY_free(craft.key);
	refused(&c, NAME, "secp521r1");
	crafted_fini(&c);
}

/* --- PEM texts --- */

static void
add_cert(struct buf *pem, const struct crafted *c)
{
	assert_int_equal(0, cert_to_pem(pem, blob_bytes(&c->der)));
}

static void
add_key(struct buf *pem, EVP_PKEY *key, const EVP_CIPHER *cipher)
{
	unsigned char pass[] = "x";
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	assert_int_equal(
	    1, PEM_write_bio_PKCS8PrivateKey(bio, key, cipher, (char *)pass,
		   cipher != NULL ? 1 : 0, NULL, NULL));
	len = BIO_get_mem_data(bio, &text);
	assert_int_equal(0, buf_add(pem, text, (size_t)len));
	BIO_free(bio);
}

static struct bytes
bytes_of(const struct buf *pem)
{
	return (struct bytes){(const uint8_t *)pem->data, pem->len};
}

static int
from_pem(struct buf *pem, size_t *n_more, const char *says)
{
	struct blob der = {0};
	struct reason why = {""};
	int err = server_cert_from_pem(&der, n_more, bytes_of(pem), &why);

	assert_true((err == 0) == (der.data != NULL));
	if (strstr(why.text, says) == NULL)
		fail_msg("%s: %s", says, why.text);
	blob_fini(&der);
	buf_fini(pem);
	return err;
}

static void
test_from_pem(void **state)
{
	struct fixture *f = *state;
	struct buf pem = {0};
	size_t n = 7;

	add_cert(&pem, &f->leaf);
	assert_int_equal(0, from_pem(&pem, &n, ""));
	assert_int_equal(0, n);
	pem = (struct buf){0};
	buf_adds(&pem, "Subject: whatever\n");
	add_cert(&pem, &f->leaf);
	add_cert(&pem, &f->root);
	assert_int_equal(0, from_pem(&pem, &n, ""));
	assert_int_equal(1, n);
}

static void
test_from_pem_refused(void **state)
{
	struct fixture *f = *state;
	struct buf pem = {0};
	size_t n;

	assert_int_equal(-ERR_INVALID, from_pem(&pem, &n, "no certificate"));
	add_cert(&pem, &f->leaf);
	add_cert(&pem, &f->leaf);
	assert_int_equal(-ERR_REFUSED, from_pem(&pem, &n, "certificate 2"));
	pem = (struct buf){0};
	add_cert(&pem, &f->leaf);
	add_key(&pem, f->leaf.key, NULL);
	assert_int_equal(-ERR_REFUSED, from_pem(&pem, &n, "private key"));
	pem = (struct buf){0};
	buf_adds(&pem, "-----BEGIN X-----\nAA==\n-----END X-----\n");
	assert_int_equal(-ERR_REFUSED, from_pem(&pem, &n, "holds a X"));
	pem = (struct buf){0};
	add_cert(&pem, &f->leaf);
	pem.len -= 30;
	assert_int_equal(-ERR_INVALID, from_pem(&pem, &n, "cut off"));
}

/* --- pairs --- */

struct texts {
	struct buf chain, key;
};

static int
pair(struct texts *t, const char *says)
{
	struct server_pair *out = calloc(1, sizeof(*out));
	struct reason why = {""};
	int err;

	assert_non_null(out);
	err = server_pair_read(out, bytes_of(&t->chain), bytes_of(&t->key),
	    NAME, clock_now(), &why);
	if (strstr(why.text, says) == NULL)
		fail_msg("%s: %d %s", says, err, why.text);
	assert_true((err == 0) == (out->chain_pem.len != 0));
	server_pair_fini(out);
	free(out);
	buf_fini(&t->chain);
	buf_fini(&t->key);
	*t = (struct texts){{0}, {0}};
	return err;
}

static void
test_pair(void **state)
{
	struct fixture *f = *state;
	struct texts t = {{0}, {0}};

	add_cert(&t.chain, &f->leaf);
	add_key(&t.key, f->leaf.key, NULL);
	assert_int_equal(0, pair(&t, ""));
	add_cert(&t.chain, &f->leaf);
	add_cert(&t.chain, &f->root);
	add_cert(&t.key, &f->leaf);
	add_key(&t.key, f->leaf.key, NULL);
	assert_int_equal(0, pair(&t, ""));
}

static void
test_pair_refused(void **state)
{
	struct fixture *f = *state;
	struct texts t = {{0}, {0}};
	struct crafted other;

	craft_leaf(&other, f);
	add_cert(&t.chain, &f->leaf);
	add_key(&t.key, other.key, NULL);
	assert_int_equal(-ERR_REFUSED, pair(&t, "not that of"));
	add_cert(&t.chain, &f->leaf);
	add_cert(&t.chain, &other);
	add_key(&t.key, f->leaf.key, NULL);
	assert_int_equal(-ERR_REFUSED, pair(&t, "certificate 2 of the chain"));
	add_cert(&t.chain, &f->leaf);
	add_key(&t.key, f->leaf.key, EVP_aes_256_cbc());
	assert_int_equal(-ERR_REFUSED, pair(&t, "encrypted"));
	add_cert(&t.chain, &f->leaf);
	add_key(&t.key, f->leaf.key, NULL);
	add_key(&t.key, f->leaf.key, NULL);
	assert_int_equal(-ERR_INVALID, pair(&t, "2 private keys"));
	add_cert(&t.chain, &f->leaf);
	assert_int_equal(-ERR_INVALID, pair(&t, "0 private keys"));
	add_key(&t.key, f->leaf.key, NULL);
	assert_int_equal(-ERR_INVALID, pair(&t, "no certificate"));
	add_cert(&t.chain, &f->leaf);
	buf_adds(&t.key, "-----BEGIN PRIVATE KEY-----\nMAA=\n"
			 "-----END PRIVATE KEY-----\n");
	assert_int_equal(-ERR_INVALID, pair(&t, "cannot be read"));
	crafted_fini(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_truncated_refused),
	    cmocka_unit_test(test_names_refused),
	    cmocka_unit_test(test_usage_refused),
	    cmocka_unit_test(test_weak_keys_refused),
	    cmocka_unit_test(test_from_pem),
	    cmocka_unit_test(test_from_pem_refused),
	    cmocka_unit_test(test_pair),
	    cmocka_unit_test(test_pair_refused),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, setup, teardown);
}
