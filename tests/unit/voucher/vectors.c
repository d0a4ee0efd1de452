#include "tests/unit/voucher/vectors.h"

#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "base/file.h"
#include "voucher/ossl.h"

#define VECTOR_MAX_BYTES 1000000

static const char *
vectors_dir(void)
{
	const char *dir = getenv("ESTUARY_VECTORS");

	return dir != NULL && dir[0] != '\0' ? dir : VECTORS_DEFAULT;
}

void
vector_read(struct blob *out, const char *name)
{
	char path[4096];

	if (access(vectors_dir(), R_OK) != 0)
		skip();
	snprintf(path, sizeof(path), "%s/brski/%s", vectors_dir(), name);
	if (file_read(out, path, VECTOR_MAX_BYTES) != 0)
		fail_msg("%s cannot be read", path);
}

void
vector_read_cert(struct blob *out, const char *name)
{
	struct blob pem = {0};
	BIO *bio;
	X509 *cert;

	vector_read(&pem, name);
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	assert_non_null(cert);
	assert_int_equal(voucher_x509_to_der(out, cert), 0);
	X509_free(cert);
	BIO_free(bio);
	blob_fini(&pem);
}
