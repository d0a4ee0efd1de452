/* Signatures as JOSE (RFC 7518, RFC 8037) and COSE (RFC 9053) write them: for
 * ECDSA r and s side by side. */
#ifndef VOUCHER_SIGALG_H
#define VOUCHER_SIGALG_H

#include "voucher/ossl.h"

struct sigalg {
	const char *jose;   /* "ES256" */
	int cose;           /* -7 */
	int key_type;       /* EVP_PKEY_EC */
	int curve;          /* NID_X9_62_prime256v1; 0 unless EC */
	const char *digest; /* NULL: the algorithm's own */
};

/* NULL if it is not known. */
const struct sigalg *sigalg_by_jose(const char *name);
const struct sigalg *sigalg_by_cose(int64_t id);
/* The one for a key; NULL if there is none. */
const struct sigalg *sigalg_of_key(EVP_PKEY *key);

int sigalg_sign(struct blob *out, const struct sigalg *alg, EVP_PKEY *key,
    struct bytes data) NODISCARD;
/* False also for a key that the algorithm does not fit. */
bool sigalg_verify(const struct sigalg *alg, EVP_PKEY *key, struct bytes data,
    struct bytes signature);

#endif
