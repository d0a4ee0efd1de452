/* The onboarding code or the password, from a file, the terminal, or standard
 * input. */
#ifndef CLIENT_CREDENTIAL_H
#define CLIENT_CREDENTIAL_H

#include "base/onboarding.h"

#define PASSWORD_MAX 256

struct credential {
	char identity[65];
	char password[PASSWORD_MAX + 1];
	char server_name[DOMAIN_MAX + 1]; /* the code's; "" if absent */
	bool has_root;
	uint8_t root_sha256[32];
};

/* Parses text: with an identity it is that one's password, one line of
 * printable ASCII with at most one LF behind it; else an onboarding code.
 * -ERR_INVALID with the reason. */
int credential_parse(struct credential *out, const char *identity,
    const char *text, struct reason *why) NODISCARD;

/* Reads code_file, or, when it is NULL, one line of standard input, with a
 * prompt on a terminal (a password is not echoed), and parses it. */
int credential_read(struct credential *out, const char *identity,
    const char *code_file, struct reason *why) NODISCARD;

void credential_fini(struct credential *credential);

#endif
