/* Domain names in their text form: lower-case A-labels without a final dot. */
#ifndef BASE_DOMAIN_H
#define BASE_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define DOMAIN_MAX 253 /* characters, RFC 1035 2.3.4 without the final dot */

/* Preferred name syntax (RFC 1034 3.5, RFC 1123 2.1): labels of 1 to 63
 * letters, digits and hyphens that neither begin nor end with a hyphen; no
 * final dot, no wildcard, not an all-numeric last label. */
bool domain_is_valid(const char *name);

/* Copies name in lower case, one final dot removed; -ERR_INVALID if the rest is
 * not valid. out has DOMAIN_MAX + 1 bytes. */
int domain_normalize(char *out, const char *name) NODISCARD;

/* True if name equals base or lies below it (case-blind). */
bool domain_within(const char *name, const char *base);

/* True for an SRV service label as this product uses them, without underscore:
 * 1 to 15 letters, digits and hyphens (RFC 6335 5.1). */
bool service_label_is_valid(const char *label);

#endif
