#include "tls/ossl.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/pem.h>

const char *
ossl_error_text(char *out, size_t size)
{
	unsigned long code = ERR_peek_error();
	const char *text = ERR_reason_error_string(code);

	if (code == 0)
		snprintf(out, size, "no detail");
	else if (text != NULL)
		snprintf(out, size, "%s", text);
	else
		ERR_error_string_n(code, out, size);
	ERR_clear_error();
	return out;
}

int
ossl_failed(struct reason *why, const char *what)
{
	char text[160];

	return reason_set(why, -ERR_CRYPTO, "%s: %s", what,
	    ossl_error_text(text, sizeof(text)));
}

static int
no_pass_phrase(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

EVP_PKEY *
ossl_read_key(struct bytes pem, OSSL_LIB_CTX *libctx)
{
	BIO *bio CLEANUP(BIO_free_all_p) = NULL;

	if (pem.len == 0 || pem.len > INT_MAX)
		return NULL;
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	return bio == NULL ? NULL
			   : PEM_read_bio_PrivateKey_ex(
				 bio, NULL, no_pass_phrase, NULL, libctx, NULL);
}
