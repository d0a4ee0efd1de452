/* The ordinary groups as key encapsulation: what the provider wraps. Keys live
 * in the provider's inner library context, where nothing is shadowed. */
#ifndef TLS_PAKE_GROUP_H
#define TLS_PAKE_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>

#define PAKE_ALGORITHM_X25519 "PAKE-X25519"
#define PAKE_ALGORITHM_P256 "PAKE-P256"
#define PAKE_ALGORITHM_X25519MLKEM768 "PAKE-X25519MLKEM768"

struct pake_group {
	const char *tls_name;  /* in the capability */
	const char *algorithm; /* of the wrapper, unique to the provider */
	const char *inner_type;
	const char *inner_group; /* NULL where the type says it all */
	unsigned int id;         /* IANA TLS Supported Groups */
	unsigned int security_bits;
	bool inner_kem;
	size_t public_len, ciphertext_len, secret_len;
};

#define PAKE_GROUP_PUBLIC_MAX 1216

enum pake_group_index {
	PAKE_GROUP_X25519,
	PAKE_GROUP_P256,
	PAKE_GROUP_X25519MLKEM768,
	N_PAKE_GROUPS,
};

extern const struct pake_group pake_groups[N_PAKE_GROUPS];

bool pake_group_is_available(const struct pake_group *g, OSSL_LIB_CTX *inner);

/* NULL on failure, also for an encoding that is not a key of the group. */
EVP_PKEY *pake_group_generate(const struct pake_group *g, OSSL_LIB_CTX *inner);
EVP_PKEY *pake_group_decode(const struct pake_group *g, OSSL_LIB_CTX *inner,
    const void *data, size_t len);
/* out has PAKE_GROUP_PUBLIC_MAX bytes. */
bool pake_group_encode(unsigned char *out, size_t *len, const EVP_PKEY *pkey);

/* ciphertext and secret have the group's lengths. Diffie-Hellman's ciphertext
 * is an ephemeral public key. */
bool pake_group_encapsulate(const struct pake_group *g, OSSL_LIB_CTX *inner,
    EVP_PKEY *peer, unsigned char *ciphertext, unsigned char *secret);
bool pake_group_decapsulate(const struct pake_group *g, OSSL_LIB_CTX *inner,
    EVP_PKEY *own, unsigned char *secret, const unsigned char *ciphertext);

#endif
