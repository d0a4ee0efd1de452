/* What the tests of this room share: signers, a voucher, and octets. */
#ifndef TESTS_UNIT_VOUCHER_SUPPORT_H
#define TESTS_UNIT_VOUCHER_SUPPORT_H

#include "voucher/artifact.h"
#include "voucher/ossl.h"

/* A self-signed certificate, serial number 1. */
struct identity {
	X509 *cert;
	EVP_PKEY *key;
	struct blob der;
	struct voucher_signer *signer;
};

/* Takes the key over. */
void identity_init(struct identity *id, const char *name, EVP_PKEY *key);
void identity_fini(struct identity *id);

/* One with a bit of everything of its kind. */
void voucher_fill(struct voucher *v, enum voucher_kind kind);
void assert_vouchers_equal(const struct voucher *a, const struct voucher *b);

/* The caller frees. */
void blob_of_hex(struct blob *out, const char *hex);
void blob_of_text(struct blob *out, const char *text);
struct bytes text_bytes(const char *text);
struct bytes buf_octets(const struct buf *buf);

/* The reason is given, and says this. */
void assert_reason(const struct reason *why, const char *part);

#endif
