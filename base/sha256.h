/* SHA-256 (FIPS 180-4), for chains and fingerprints. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include "base/buf.h"

#define SHA256_LEN 32

int sha256(uint8_t out[SHA256_LEN], struct bytes in) NODISCARD;

#endif
