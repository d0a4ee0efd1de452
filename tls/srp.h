/*
 * TLS-SRP (RFC 5054) as far as it needs no TLS: the extension's body, the salt,
 * the verifier. The group is the 3072-bit one for everybody, so that its size
 * tells nothing; the salt follows from the appliance's seed and the user name
 * for everybody too, whether there is such a user or not.
 */
#ifndef TLS_SRP_H
#define TLS_SRP_H

#include "base/buf.h"
#include "base/verifier.h"

#define SRP_USER_MAX 255
#define SRP_SALT_LEN 16

/* [RFC5054 2.8.1] The body of the srp extension: opaque srp_I<1..2^8-1>, here
 * without a NUL. *user points into body. -ERR_INVALID. */
int srp_user_parse(struct bytes *user, struct bytes body) NODISCARD;

/* True if one of the cipher suites, two octets each, is one that this server
 * speaks with SRP. */
bool srp_suite_offered(struct bytes suites);

/* [RFC5054 2.5.1.3] HMAC-SHA-256(seed, "srp salt" || user), its first octets.
 */
int srp_salt(uint8_t out[SRP_SALT_LEN], const uint8_t seed[SRP_SEED_LEN],
    struct bytes user) NODISCARD;

/* [RFC5054 2.4] What the server keeps of a password. SHA-1 is RFC 5054's, and
 * cheap to guess with: for generated secrets only. */
int srp_register(struct srp_verifier *out, const uint8_t seed[SRP_SEED_LEN],
    const char *user, const char *password) NODISCARD;

/* One that nobody knows the password of. */
int srp_register_dummy(
    struct srp_verifier *out, const uint8_t seed[SRP_SEED_LEN]) NODISCARD;

#endif
