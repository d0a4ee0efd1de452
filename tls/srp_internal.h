/* The group and the cipher suites of TLS-SRP, for this room's own files. */
#ifndef TLS_SRP_INTERNAL_H
#define TLS_SRP_INTERNAL_H

#include <openssl/bn.h>

/* [RFC5054 2.7] Without a certificate: this server's is ECDSA, which no SRP
 * suite has. 3DES is left out. */
#define SRP_CIPHERS "SRP-AES-256-CBC-SHA:SRP-AES-128-CBC-SHA"
#define SRP_AES_256_CBC_SHA 0xc020
#define SRP_AES_128_CBC_SHA 0xc01d

#define SRP_GROUP_GENERATOR 5

/* A new one; NULL without memory. */
BIGNUM *srp_group_modulus(void);

#endif
