/* Judging a password that came in the clear (HTTP Basic) by the record that
 * SPAKE2+ keeps in its place. */
#ifndef TLS_PASSWORD_H
#define TLS_PASSWORD_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/verifier.h"

#define PASSWORD_MAC_LEN 32
#define PASSWORD_MAC_INPUT_MAX 512 /* user, NUL and password */

/* True if both come from the same password and names: w0 and L, compared in
 * constant time. */
bool verifier_equal(const struct verifier *a, const struct verifier *b);

/* HMAC-SHA-256 under key of user, a NUL, and password: what a cache of good
 * passwords may keep of them. -ERR_TOO_LARGE. */
int password_mac(uint8_t out[PASSWORD_MAC_LEN],
    const uint8_t key[PASSWORD_MAC_LEN], const char *user,
    const char *password) NODISCARD;
bool password_mac_equal(
    const uint8_t a[PASSWORD_MAC_LEN], const uint8_t b[PASSWORD_MAC_LEN]);

#endif
