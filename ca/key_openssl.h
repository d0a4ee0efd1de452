/* The key inside struct key, for this room. */
#ifndef CA_KEY_OPENSSL_H
#define CA_KEY_OPENSSL_H

#include <openssl/evp.h>

#include "ca/key.h"

/* Valid as long as the key. */
EVP_PKEY *key_pkey(const struct key *key);

#endif
