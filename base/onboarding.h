/*
 * Onboarding codes: 20 characters of Crockford's base32 (no I L O U), shown as
 * XXXX-XXXX-XXXX-XXXX-XXXX: 8 of identity, 11 of secret, 1 check character;
 * and the URI that carries one in a QR code:
 *
 *	estuary:CODE?n=server.name&r=BASE64URL(SHA-256 of the root certificate)
 */
#ifndef BASE_ONBOARDING_H
#define BASE_ONBOARDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/domain.h"
#include "base/error.h"

#define CODE_LEN 20
#define CODE_IDENTITY_LEN 8
#define CODE_SECRET_LEN 11
#define CODE_TEXT_MAX (CODE_LEN + 4 + 1) /* with dashes and NUL */
#define CODE_URI_MAX 384

struct onboarding_code {
	char
	    identity[CODE_IDENTITY_LEN + 1]; /* upper case: the wire identity */
	char secret[CODE_SECRET_LEN + 1];    /* upper case: the password */
	/* Present when the code came as a URI that carries them. */
	char server_name[DOMAIN_MAX + 1]; /* "" if absent */
	bool has_root;
	uint8_t root_sha256[32];
};

/* A new code from the kernel's randomness. */
void code_generate(struct onboarding_code *out);

/* XXXX-XXXX-XXXX-XXXX-XXXX */
void code_format(char out[CODE_TEXT_MAX], const struct onboarding_code *code);

/* The URI, with n and r when the code has them. out has CODE_URI_MAX bytes. */
int code_format_uri(char *out, const struct onboarding_code *code) NODISCARD;

/* Reads a code or a URI: case-blind, dashes and surrounding white space
 * ignored. -ERR_INVALID with a reason when it is not one, also when the check
 * character does not fit. */
int code_parse(struct onboarding_code *out, const char *text,
    struct reason *why) NODISCARD;

/* A code given as a user name and a password: its identity, and its secret with
 * or without the check character behind it. Read as code_parse() does; only
 * identity and secret are set. -ERR_INVALID if it is not one. */
int code_from_parts(struct onboarding_code *out, const char *identity,
    const char *secret) NODISCARD;

#endif
