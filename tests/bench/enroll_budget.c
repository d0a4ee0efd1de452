/*
 * enroll-budget: what the parts of one enrollment cost that are computed, in
 * microseconds of CPU, beside OpenSSL's own primitives, which nothing built on
 * it gets below. One line a part. What the kernel does (connections, the hop to
 * the signer, the commit) is measured by scripts/bench on the real thing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "base/base64.h"
#include "base/clock.h"
#include "ca/authority.h"
#include "ca/authority_sign.h"
#include "ca/certs_only.h"
#include "ca/csr_openssl.h"

#define ROUNDS 5
#define ROUND_NS INT64_C(200000000)
#define NS_A_SECOND INT64_C(1000000000)
#define DOMAIN "lab.test"

struct bench {
	struct authority *authority;
	struct signer_request request; /* for one endpoint */
	struct buf csr_text;
	struct csr *csr;
	struct blob cert;
	EVP_PKEY *p256, *x25519_peer;
	uint8_t digest[32], signature[80];
	size_t signature_len;
};

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "enroll-budget: %s failed\n", what);
	exit(1);
}

/* --- the parts --- */

static void
ecdsa_sign(struct bench *b)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(b->p256, NULL);

	b->signature_len = sizeof(b->signature);
	must(EVP_PKEY_sign_init(ctx) == 1 &&
		 EVP_PKEY_sign(ctx, b->signature, &b->signature_len, b->digest,
		     sizeof(b->digest)) == 1,
	    "sign");
	EVP_PKEY_CTX_free(ctx);
}

static void
ecdsa_verify(struct bench *b)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(b->p256, NULL);

	must(EVP_PKEY_verify_init(ctx) == 1 &&
		 EVP_PKEY_verify(ctx, b->signature, b->signature_len, b->digest,
		     sizeof(b->digest)) == 1,
	    "verify");
	EVP_PKEY_CTX_free(ctx);
}

static void
x25519_exchange(struct bench *b)
{
	EVP_PKEY *own = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
	uint8_t secret[32];
	size_t len = sizeof(secret);

	must(EVP_PKEY_derive_init(ctx) == 1 &&
		 EVP_PKEY_derive_set_peer(ctx, b->x25519_peer) == 1 &&
		 EVP_PKEY_derive(ctx, secret, &len) == 1,
	    "exchange");
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(own);
}

static void
read_csr(struct bench *b)
{
	struct csr *csr = NULL;

	must(csr_read_text(&csr, b->csr_text.data, b->csr_text.len, NULL) == 0,
	    "read request");
	csr_free(csr);
}

static void
read_csr_general(struct bench *b)
{
	struct csr *csr = NULL;

	must(csr_read(&csr, csr_der(b->csr), false, NULL) == 0,
	    "read request in general");
	csr_free(csr);
}

static void
check_proof(struct bench *b)
{
	must(csr_check_proof(b->csr, NULL) == 0, "check proof");
}

static void
issue(struct bench *b)
{
	struct blob cert = {0};
	struct reason why = {"make certificate"};

	must(authority_sign(&cert, b->authority, &b->request, &why) == 0,
	    why.text);
	blob_fini(&cert);
}

static void
outline(struct bench *b)
{
	struct cert_outline out;

	must(cert_outline_parse(&out, blob_bytes(&b->cert), NULL) == 0,
	    "outline");
}

static void
reply(struct bench *b)
{
	struct cert_list certs = {0};
	struct blob cms = {0};
	struct buf text = {0};

	must(cert_list_add(&certs, blob_bytes(&b->cert)) == 0 &&
		 certs_only_encode(&cms, &certs) == 0 &&
		 base64_encode(&text, blob_bytes(&cms), 0) == 0,
	    "reply");
	buf_fini(&text);
	blob_fini(&cms);
	cert_list_fini(&certs);
}

static const struct part {
	const char *name, *what;
	void (*run)(struct bench *b);
} parts[] = {
    {"openssl-sign", "OpenSSL: ECDSA P-256 signature", ecdsa_sign},
    {"openssl-verify", "OpenSSL: its verification", ecdsa_verify},
    {"openssl-x25519", "OpenSSL: X25519 key and exchange", x25519_exchange},
    {"csr-read", "request: base64, structure, names", read_csr},
    {"csr-read-general", "the same the general way", read_csr_general},
    {"csr-proof", "request: point and proof of possession", check_proof},
    {"issue", "signer: request, proof, certificate, signature", issue},
    {"outline", "certificate: what the store keeps of it", outline},
    {"reply", "answer: certs-only, base64", reply},
};

/* --- measuring --- */

static int64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * NS_A_SECOND + t.tv_nsec;
}

static double
round_us(struct bench *b, const struct part *part)
{
	int64_t start = cpu_ns(), now;
	long n = 0;

	do {
		part->run(b);
		n++;
		now = cpu_ns();
	} while (now - start < ROUND_NS);
	return (double)(now - start) / 1000.0 / (double)n;
}

/* The best round: the others had more of what else runs here. */
static double
part_us(struct bench *b, const struct part *part)
{
	double best = 0;

	for (int i = 0; i < ROUNDS; i++) {
		double us = round_us(b, part);

		best = i == 0 || us < best ? us : best;
	}
	return best;
}

/* --- the scene --- */

static void
make_request(struct bench *b)
{
	struct signer_request *r = &b->request;
	struct key *key = NULL;
	struct blob der = {0};

	must(names_add(&r->names, NAME_DNS, "laptop-17." DOMAIN) == 0 &&
		 key_generate(&key) == 0 &&
		 key_make_csr(&der, key, "laptop-17", &r->names) == 0 &&
		 base64_encode(&b->csr_text, blob_bytes(&der), 0) == 0 &&
		 csr_read(&b->csr, blob_bytes(&der), true, NULL) == 0,
	    "make request");
	r->profile = PROFILE_ENDPOINT;
	r->not_before = clock_now();
	r->csr_len = der.len;
	memcpy(r->csr, der.data, der.len);
	strcpy(r->common_name, "laptop-17");
	blob_fini(&der);
	key_free(key);
}

static void
make_ca(struct bench *b, const char *dir)
{
	struct authority_params params = {
	    .domain = DOMAIN, .root_days = 3650, .issuing_days = 1825};
	struct reason why = {"make CA"};

	params.constraints.n_domains = 1;
	strcpy(params.constraints.domains[0], DOMAIN);
	must(authority_create(dir, &params, &why) == 0 &&
		 authority_load(&b->authority, dir, "est." DOMAIN, &why) == 0,
	    why.text);
}

static void
make_scene(struct bench *b, const char *dir)
{
	make_ca(b, dir);
	make_request(b);
	must(authority_sign(&b->cert, b->authority, &b->request, NULL) == 0,
	    "first certificate");
	b->p256 = EVP_EC_gen("P-256");
	b->x25519_peer = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	must(b->p256 != NULL && b->x25519_peer != NULL, "make keys");
	memset(b->digest, 0x5a, sizeof(b->digest));
	ecdsa_sign(b);
}

static void
remove_ca(const char *dir)
{
	static const char *const files[] = {
	    CA_ROOT_CERT, CA_ROOT_KEY, CA_ISSUING_CERT, CA_ISSUING_KEY};
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
}

int
main(int argc, char **argv)
{
	struct bench *b = calloc(1, sizeof(*b));
	char parent[] = "/tmp/enroll-budget.XXXXXX", dir[64];
	bool json = argc == 2 && strcmp(argv[1], "--json") == 0;

	if (argc > 1 && !json) {
		fprintf(stderr, "usage: enroll-budget [--json]\n");
		return 2;
	}
	must(b != NULL && mkdtemp(parent) != NULL, "make directory");
	snprintf(dir, sizeof(dir), "%s/ca", parent);
	make_scene(b, dir);
	remove_ca(dir);
	rmdir(parent);
	printf("%s", json ? "{" : "");
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		double us = part_us(b, &parts[i]);

		if (json)
			printf("%s\"%s\": %.1f", i > 0 ? ", " : "",
			    parts[i].name, us);
		else
			printf("%8.1f us  %s\n", us, parts[i].what);
	}
	printf("%s", json ? "}\n" : "");
	return 0;
}
