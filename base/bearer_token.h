/*
 * Administrators' tokens as they are handed out and sent (RFC 6750 2.1: a
 * b64token), of a fixed length and without a second spelling:
 *
 *	estuary_ID.SECRET.ROOT
 *
 * ID is 16 lower-case hex digits, SECRET 32 random octets and ROOT the SHA-256
 * of the appliance's root certificate, both base64url. ROOT lets the client
 * know the server before it sends the token.
 */
#ifndef BASE_BEARER_TOKEN_H
#define BASE_BEARER_TOKEN_H

#include <stdint.h>

#include "base/error.h"

#define BEARER_TOKEN_PREFIX "estuary_"
#define BEARER_ID_LEN 16
#define BEARER_SECRET_LEN 32
#define BEARER_TOKEN_LEN (8 + BEARER_ID_LEN + 1 + 43 + 1 + 43)

struct bearer_token {
	char id[BEARER_ID_LEN + 1];
	uint8_t secret[BEARER_SECRET_LEN];
	uint8_t root_sha256[32];
};

/* A new id and secret from the kernel's randomness. */
void bearer_token_generate(
    struct bearer_token *out, const uint8_t root_sha256[32]);

int bearer_token_format(
    char out[BEARER_TOKEN_LEN + 1], const struct bearer_token *token) NODISCARD;

/* Exactly what bearer_token_format() writes; else -ERR_INVALID. */
int bearer_token_parse(struct bearer_token *out, const char *text) NODISCARD;

#endif
