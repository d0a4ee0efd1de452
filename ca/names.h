/* The names that a certificate carries in subjectAltName: DNS-ID, IP address,
 * and SRV-ID (RFC 4985: otherName id-on-dnsSRV, IA5String "_label.domain", no
 * protocol label). */
#ifndef CA_NAMES_H
#define CA_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/domain.h"
#include "base/error.h"

enum name_type {
	NAME_DNS = 1,
	NAME_IP,
	NAME_SRV,
	NAME_OTHER, /* any other GeneralName; text says which, for messages */
};

#define NAME_TEXT_MAX 280
#define NAMES_MAX 32
#define SRV_LABEL_MAX 16 /* with NUL */

struct name {
	enum name_type type;
	/* DNS: lower-case domain, maybe with a "*." in front; IP: as inet_ntop
	 * writes it; SRV: "_label.domain" in lower case. */
	char text[NAME_TEXT_MAX];
};

struct names {
	struct name items[NAMES_MAX];
	size_t n;
};

/* Checks the text by its type, normalizes and appends it; a name that is
 * already there is not added twice. -ERR_INVALID, -ERR_TOO_LARGE. */
int names_add(
    struct names *names, enum name_type type, const char *text) NODISCARD;
/* Appends "_label.domain". */
int names_add_srv(
    struct names *names, const char *label, const char *domain) NODISCARD;
bool names_has(
    const struct names *names, enum name_type type, const char *text);
/* Equal as sets. */
bool names_equal(const struct names *a, const struct names *b);
/* Splits an SRV-ID's text into its label (without underscore) and domain. */
int srv_id_split(char label[SRV_LABEL_MAX], char domain[DOMAIN_MAX + 1],
    const char *text) NODISCARD;

#endif
