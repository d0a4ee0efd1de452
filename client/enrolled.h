/* The certificate that the network's CA issued to this endpoint, with its key:
 * made here, kept in the network's state file (0600), and never sent. */
#ifndef CLIENT_ENROLLED_H
#define CLIENT_ENROLLED_H

#include "ca/cert.h"

struct enrolled {
	struct blob cert; /* DER; no bytes: there is none */
	struct blob key;  /* PKCS #8 PEM, a secret */
};

enum enrolled_age {
	ENROLLED_NONE = 1,
	ENROLLED_FRESH,
	ENROLLED_DUE,  /* two thirds of its life are over: to be renewed */
	ENROLLED_OVER, /* expired: it renews nothing any more */
};

void enrolled_fini(struct enrolled *enrolled);
int enrolled_copy(struct enrolled *out, const struct enrolled *from) NODISCARD;

/* By the certificate's dates alone; one that cannot be read is over. */
enum enrolled_age enrolled_age(const struct enrolled *enrolled, int64_t now);

/* Whether certificate and key parse and go together: -ERR_INVALID. */
int enrolled_check(
    const struct enrolled *enrolled, struct reason *why) NODISCARD;

#endif
