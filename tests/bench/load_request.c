#include "tests/bench/load_request.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/base64.h"

static int
out_of_memory(struct reason *why)
{
	return reason_set(why, -ERR_NOMEM, "%s", err_text(ERR_NOMEM));
}

static int
take_text(struct blob *out, struct buf *text)
{
	int err = buf_status(text);

	if (err == 0)
		*out = (struct blob){(uint8_t *)STEAL(text->data), text->len};
	else
		buf_fini(text);
	return err;
}

int
load_requests_get(struct load_requests *out, const char *host, const char *path,
    struct reason *why)
{
	struct load_requests requests = {
	    calloc(1, sizeof(struct blob)), 1, false};
	struct buf text = {0};

	buf_printf(&text, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, host);
	if (requests.items == NULL ||
	    take_text(&requests.items[0], &text) != 0) {
		buf_fini(&text);
		load_requests_fini(&requests);
		return out_of_memory(why);
	}
	*out = requests;
	return 0;
}

static int
add_san(X509_REQ *req, const char *name)
{
	STACK_OF(X509_EXTENSION) *list = NULL;
	X509_EXTENSION *san;
	char text[300];
	int ok = 0;

	snprintf(text, sizeof(text), "DNS:%s", name);
	san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
	if (san != NULL && X509v3_add_ext(&list, san, -1) != NULL)
		ok = X509_REQ_add_extensions(req, list);
	X509_EXTENSION_free(san);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return ok;
}

/* DER; the caller frees it with OPENSSL_free(). */
static int
make_csr(unsigned char **der, const char *name)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_REQ *req = X509_REQ_new();
	int len = -1;

	*der = NULL;
	if (key != NULL && req != NULL &&
	    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN",
		MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1 &&
	    add_san(req, name) == 1 && X509_REQ_set_pubkey(req, key) == 1 &&
	    X509_REQ_sign(req, key, EVP_sha256()) > 0)
		len = i2d_X509_REQ(req, der);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	return len;
}

static int
add_basic(struct buf *text, const char *identity, const char *password)
{
	struct buf both = {0};
	int err;

	buf_printf(&both, "%s:%s", identity, password);
	buf_adds(text, "Authorization: Basic ");
	err = base64_encode(
	    text, (struct bytes){(const uint8_t *)both.data, both.len}, 0);
	buf_adds(text, "\r\n");
	buf_wipe(&both);
	return err;
}

/* [RFC7030 4.2.1] A CSR is sent as base64 with application/pkcs10. */
static int
make_enroll(
    struct blob *out, const struct load_enroll *enroll, const char *name)
{
	struct buf body = {0}, text = {0};
	unsigned char *der;
	int len = make_csr(&der, name), err = -ERR_CRYPTO;

	if (len > 0)
		err =
		    base64_encode(&body, (struct bytes){der, (size_t)len}, 76);
	OPENSSL_free(der);
	buf_printf(&text,
	    "POST %s HTTP/1.1\r\nHost: %s\r\n"
	    "Content-Type: application/pkcs10\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "Content-Length: %zu\r\n",
	    enroll->path, enroll->host, body.len);
	if (err == 0 && enroll->identity != NULL)
		err = add_basic(&text, enroll->identity, enroll->password);
	buf_adds(&text, "\r\n");
	buf_adds(&text, buf_text(&body));
	buf_fini(&body);
	if (err == 0)
		return take_text(out, &text);
	buf_fini(&text);
	return err;
}

int
load_requests_enroll(struct load_requests *out,
    const struct load_enroll *enroll, struct reason *why)
{
	struct load_requests requests = {
	    calloc(enroll->n, sizeof(struct blob)), enroll->n, true};
	int err = 0;

	if (requests.items == NULL)
		return out_of_memory(why);
	for (size_t i = 0; i < enroll->n && err == 0; i++) {
		char name[280];

		snprintf(name, sizeof(name), "load-%zu.%s", enroll->first + i,
		    enroll->domain);
		err = make_enroll(&requests.items[i], enroll,
		    enroll->name != NULL ? enroll->name : name);
	}
	if (err != 0) {
		load_requests_fini(&requests);
		ERR_clear_error();
		return reason_set(why, err, "CSR: %s", err_text(err));
	}
	*out = requests;
	return 0;
}

void
load_requests_fini(struct load_requests *requests)
{
	for (size_t i = 0; requests->items != NULL && i < requests->n; i++)
		blob_wipe(&requests->items[i]);
	free(requests->items);
	*requests = (struct load_requests){0};
}
