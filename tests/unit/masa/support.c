#include "tests/unit/masa/support.h"

#include "tests/unit/cmocka.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "base/clock.h"
#include "base/str.h"
#include "ca/digest.h"

const enum voucher_format all_formats[3] = {
    VOUCHER_CMS_JSON, VOUCHER_JWS_JSON, VOUCHER_COSE_CBOR};

/* --- certificates --- */

#define CMC_RA "1.3.6.1.5.5.7.3.28"

struct voucher_signer *
signer_of(const struct crafted *const *chain, size_t n)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct voucher_signer *signer = NULL;
	struct buf pem = {0};
	struct reason why = {""};
	char *data;
	long len;

	for (size_t i = 0; i < n; i++)
		assert_int_equal(
		    0, cert_to_pem(&pem, blob_bytes(&chain[i]->der)));
	assert_int_equal(1, PEM_write_bio_PrivateKey(
				bio, chain[0]->key, NULL, NULL, 0, NULL, NULL));
	len = BIO_get_mem_data(bio, &data);
	if (voucher_signer_new(&signer,
		(struct bytes){(const uint8_t *)pem.data, pem.len},
		(struct bytes){(const uint8_t *)data, (size_t)len}, &why) != 0)
		fail_msg("%s", why.text);
	BIO_free(bio);
	buf_fini(&pem);
	return signer;
}

static void
domain_init(struct domain *d, const char *name)
{
	const struct crafted *chain[] = {&d->registrar, &d->issuing, &d->root};
	char names[4][64];

	snprintf(names[0], sizeof(names[0]), "%s root", name);
	snprintf(names[1], sizeof(names[1]), "%s issuing", name);
	snprintf(names[2], sizeof(names[2]), "%s registrar", name);
	snprintf(names[3], sizeof(names[3]), "%s front", name);
	craft_cert(
	    &d->root, &(struct craft){.cn = names[0], .exts = {CRAFT_CA}});
	craft_cert(&d->issuing,
	    &(struct craft){
		.cn = names[1], .issuer = &d->root, .exts = {CRAFT_CA}});
	craft_cert(&d->registrar,
	    &(struct craft){.cn = names[2],
		.issuer = &d->issuing,
		.exts = {{"extendedKeyUsage", "serverAuth," CMC_RA}}});
	craft_cert(
	    &d->front, &(struct craft){.cn = names[3],
			   .issuer = &d->issuing,
			   .exts = {{"extendedKeyUsage", "serverAuth"}}});
	d->signer = signer_of(chain, ARRAY_LEN(chain));
}

static void
domain_fini(struct domain *d)
{
	voucher_signer_free(d->signer);
	crafted_fini(&d->root);
	crafted_fini(&d->issuing);
	crafted_fini(&d->registrar);
	crafted_fini(&d->front);
}

static void
service_init(struct fixture *f)
{
	const struct crafted *chain[] = {&f->voucher_cert, &f->voucher_ca};
	struct cert_list list = {.n = 0};
	struct reason why = {""};

	craft_cert(
	    &f->masa_ca, &(struct craft){.cn = "MASA CA", .exts = {CRAFT_CA}});
	craft_cert(&f->voucher_ca,
	    &(struct craft){
		.cn = "voucher CA", .issuer = &f->masa_ca, .exts = {CRAFT_CA}});
	craft_cert(&f->voucher_cert,
	    &(struct craft){.cn = "vouchers", .issuer = &f->voucher_ca});
	craft_cert(
	    &f->customer, &(struct craft){.cn = "customer",
			      .issuer = &f->masa_ca,
			      .exts = {{"extendedKeyUsage", "clientAuth"}}});
	f->voucher_signer = signer_of(chain, ARRAY_LEN(chain));
	craft_list_add(&list, &f->masa_ca);
	if (trust_from_certs(&f->customers, &list, &why) != 0)
		fail_msg("%s", why.text);
	cert_list_fini(&list);
}

static void
devices_init(struct fixture *f)
{
	craft_cert(
	    &f->vendor, &(struct craft){.cn = "vendor", .exts = {CRAFT_CA}});
	for (size_t i = 0; i < ARRAY_LEN(f->devices); i++) {
		const struct crafted *chain = &f->devices[i];

		craft_cert(&f->devices[i],
		    &(struct craft){.cn = i == 0 ? SERIAL_FREE : SERIAL_HOME,
			.issuer = &f->vendor});
		f->device_signers[i] = signer_of(&chain, 1);
	}
}

/* --- the store --- */

struct txn_job {
	struct store_job job;
	txn_fn fn;
	void *arg;
};

static int
txn_run(struct store_job *job, struct store_txn *txn)
{
	struct txn_job *t = CONTAINER_OF(job, struct txn_job, job);

	return t->fn(txn, t->arg);
}

int
in_txn(struct store *store, txn_fn fn, void *arg)
{
	struct txn_job t = {.job = {.run = txn_run}, .fn = fn, .arg = arg};

	return store_apply(store, &t.job);
}

static int
add_devices(struct store_txn *txn, void *arg)
{
	struct fixture *f = arg;
	int err =
	    masa_device_add(txn, SERIAL_FREE, blob_bytes(&f->devices[0].der));

	if (err == 0)
		err = masa_device_add(
		    txn, SERIAL_HOME, blob_bytes(&f->devices[1].der));
	if (err == 0)
		err = masa_device_own(
		    txn, SERIAL_HOME, blob_bytes(&f->home.root.der));
	return err;
}

int
fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct reason why = {""};
	char path[80];

	assert_non_null(f);
	strcpy(f->dir, "/tmp/estuary-masa-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(path, sizeof(path), "%s/masa.db", f->dir);
	if (masa_store_open(&f->store, path, STORE_CREATE, &why) != 0)
		fail_msg("%s", why.text);
	domain_init(&f->home, "home");
	domain_init(&f->away, "away");
	devices_init(f);
	service_init(f);
	assert_int_equal(0, in_txn(f->store, add_devices, f));
	assert_int_equal(0, store_reader_open(&f->reader, f->store));
	*state = f;
	return 0;
}

static void
remove_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		closedir(dir);
	rmdir(path);
}

int
fixture_teardown(void **state)
{
	struct fixture *f = *state;

	store_reader_close(f->reader);
	store_close(f->store);
	remove_dir(f->dir);
	domain_fini(&f->home);
	domain_fini(&f->away);
	crafted_fini(&f->vendor);
	for (size_t i = 0; i < ARRAY_LEN(f->devices); i++) {
		crafted_fini(&f->devices[i]);
		voucher_signer_free(f->device_signers[i]);
	}
	crafted_fini(&f->masa_ca);
	crafted_fini(&f->voucher_ca);
	crafted_fini(&f->voucher_cert);
	crafted_fini(&f->customer);
	voucher_signer_free(f->voucher_signer);
	trust_free(f->customers);
	free(f);
	return 0;
}

/* --- requests --- */

static void
set_nonce(struct voucher *v, const char *text)
{
	v->nonce.len = strlen(text);
	v->nonce.is_text = true;
	memcpy(v->nonce.data, text, v->nonce.len);
}

static void
set_seen(struct voucher *v, const struct fixture *f, const struct scenario *s)
{
	const struct crafted *seen =
	    s->seen != NULL ? s->seen : &f->home.registrar;
	uint8_t digest[DIGEST_LEN];
	uint8_t *spki = NULL;
	int len = i2d_PUBKEY(seen->key, &spki);
	struct bytes key = {spki, (size_t)len};
	int err = 0;

	assert_true(len > 0);
	digest_sha256(digest, key);
	if (s->seen_key)
		err = blob_copy(&v->proximity_registrar_pubk, key);
	else if (s->seen_key_sha256)
		err = blob_copy(&v->proximity_registrar_pubk_sha256,
		    (struct bytes){digest, sizeof(digest)});
	else if (!s->no_proximity)
		err = blob_copy(
		    &v->proximity_registrar_cert, blob_bytes(&seen->der));
	assert_int_equal(0, err);
	OPENSSL_free(spki);
}

static void
make_prior(struct blob *out, const struct fixture *f, const struct scenario *s,
    enum voucher_format format)
{
	struct voucher_sign_params params = {
	    .format = s->prior_format != 0 ? s->prior_format : format};
	const char *serial = s->serial != NULL ? s->serial : SERIAL_FREE;
	size_t signer = strcmp(serial, SERIAL_HOME) == 0;
	struct voucher v;

	params.n_chain = params.format != VOUCHER_COSE_CBOR;
	if (s->prior_signer != 0)
		signer = (size_t)s->prior_signer - 1;
	if (s->prior_serial != NULL)
		serial = s->prior_serial;
	voucher_init(&v, VOUCHER_REQUEST);
	if (!s->no_assertion)
		v.assertion = VOUCHER_PROXIMITY;
	strcpy(v.serial_number, serial);
	set_nonce(&v, s->prior_nonce != NULL ? s->prior_nonce : NONCE);
	set_seen(&v, f, s);
	assert_int_equal(
	    0, voucher_sign(out, &v, f->device_signers[signer], &params));
	voucher_fini(&v);
}

void
make_request(struct blob *out, const struct fixture *f,
    const struct scenario *s, enum voucher_format format)
{
	const struct voucher_sign_params params = {
	    .format = format, .n_chain = s->n_chain != 0 ? s->n_chain : 3};
	struct voucher v;

	voucher_init(&v, VOUCHER_REQUEST);
	v.created_on = clock_now();
	strcpy(v.serial_number, s->serial != NULL ? s->serial : SERIAL_FREE);
	if (!s->nonceless)
		set_nonce(&v, NONCE);
	if (!s->nonceless && !s->no_prior)
		make_prior(&v.prior_signed_voucher_request, f, s, format);
	if (s->issuer != NULL)
		assert_int_equal(
		    0, blob_copy(&v.idevid_issuer, blob_bytes(s->issuer)));
	if (s->says_proximity)
		assert_int_equal(0, blob_copy(&v.proximity_registrar_cert,
					blob_bytes(&f->home.registrar.der)));
	assert_int_equal(
	    0, voucher_sign(out, &v,
		   s->signer != NULL ? s->signer : f->home.signer, &params));
	voucher_fini(&v);
}

int
judge_bytes(struct masa_case *out, const struct fixture *f,
    const struct scenario *s, enum voucher_format format, struct bytes body,
    struct reason *why)
{
	struct masa_ask ask = {.format = format,
	    .body = body,
	    .now = clock_now(),
	    .reader = f->reader,
	    .customers = f->customers,
	    .owned_only = s->owned_only};

	if (s->tls_client != NULL)
		ask.tls_client = blob_bytes(&s->tls_client->der);
	return masa_judge(out, &ask, why);
}

int
judge(struct masa_case *out, const struct fixture *f, const struct scenario *s,
    enum voucher_format format, struct reason *why)
{
	struct blob body = {0};
	int err;

	make_request(&body, f, s, format);
	err = judge_bytes(out, f, s, format, blob_bytes(&body), why);
	blob_fini(&body);
	return err;
}

void
judge_good(struct masa_case *out, const struct fixture *f,
    const struct scenario *s, enum voucher_format format)
{
	struct reason why = {""};

	if (judge(out, f, s, format, &why) != 0)
		fail_msg("format %d: %s", format, why.text);
}
