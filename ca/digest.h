/* SHA-256 of what need not be a certificate, for rooms without a crypto
 * library. */
#ifndef CA_DIGEST_H
#define CA_DIGEST_H

#include "base/buf.h"

#define DIGEST_LEN 32

void digest_sha256(uint8_t out[DIGEST_LEN], struct bytes data);
/* In a time that does not depend on where they differ. */
bool digest_equal(const uint8_t a[DIGEST_LEN], const uint8_t b[DIGEST_LEN]);

#endif
