#include "tests/unit/registrar/world.h"

#include "tests/unit/cmocka.h"

#include <string.h>

#include <openssl/pem.h>

const enum voucher_format world_formats[WORLD_FORMATS] = {
    VOUCHER_CMS_JSON, VOUCHER_JWS_JSON, VOUCHER_COSE_CBOR};

static void
to_pem(struct buf *out, const struct crafted *c, bool with_key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long len;

	assert_int_equal(cert_to_pem(out, blob_bytes(&c->der)), 0);
	if (with_key)
		PEM_write_bio_PrivateKey(
		    bio, c->key, NULL, NULL, 0, NULL, NULL);
	len = BIO_get_mem_data(bio, &data);
	assert_int_equal(buf_add(out, data, (size_t)len), 0);
	BIO_free(bio);
}

static struct bytes
text_bytes(const struct buf *text)
{
	return (struct bytes){(const uint8_t *)text->data, text->len};
}

struct voucher_signer *
world_signer(const struct crafted *c)
{
	struct voucher_signer *signer = NULL;
	struct buf pem = {0};

	to_pem(&pem, c, true);
	assert_int_equal(voucher_signer_new(
			     &signer, text_bytes(&pem), text_bytes(&pem), NULL),
	    0);
	buf_fini(&pem);
	return signer;
}

void
world_craft(struct crafted *out, const char *cn, const struct crafted *issuer)
{
	struct craft c = {.cn = cn, .issuer = issuer};
	const struct craft ca = {
	    .cn = cn, .issuer = issuer, .exts = {CRAFT_CA}};

	craft_cert(out, strstr(cn, "CA") != NULL ? &ca : &c);
}

int
world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct reason why = {""};
	struct buf chain = {0};

	world_craft(&w->root, "our root CA", NULL);
	world_craft(&w->issuing, "our issuing CA", &w->root);
	world_craft(&w->leaf, "registrar", &w->issuing);
	world_craft(&w->maker, "maker's CA", NULL);
	world_craft(&w->device, "device", &w->maker);
	world_craft(&w->other, "another", &w->maker);
	world_craft(&w->voucher_ca, "voucher CA", &w->maker);
	world_craft(&w->masa, "masa", &w->voucher_ca);
	to_pem(&chain, &w->leaf, true);
	to_pem(&chain, &w->issuing, false);
	if (domain_signer_new(&w->domain, text_bytes(&chain),
		text_bytes(&chain), blob_bytes(&w->root.der), &why) != 0)
		fail_msg("%s", why.text);
	w->device_signer = world_signer(&w->device);
	w->other_signer = world_signer(&w->other);
	w->masa_signer = world_signer(&w->masa);
	buf_fini(&chain);
	*state = w;
	return 0;
}

int
world_teardown(void **state)
{
	struct world *w = *state;

	voucher_signer_free(w->device_signer);
	voucher_signer_free(w->other_signer);
	voucher_signer_free(w->masa_signer);
	domain_signer_unref(w->domain);
	crafted_fini(&w->root);
	crafted_fini(&w->issuing);
	crafted_fini(&w->leaf);
	crafted_fini(&w->maker);
	crafted_fini(&w->device);
	crafted_fini(&w->other);
	crafted_fini(&w->voucher_ca);
	crafted_fini(&w->masa);
	free(w);
	return 0;
}
