/*
 * Which names an identity may have in its certificates: its own in the common
 * name, and what its patterns allow. A pattern is a domain name in which whole
 * labels may be `*`, each standing for exactly one label; an IP address; or an
 * IP prefix. Patterns come as text, one a line.
 */
#ifndef REGISTRAR_NAME_POLICY_H
#define REGISTRAR_NAME_POLICY_H

#include <stdbool.h>

#include "base/domain.h"
#include "ca/csr.h"

/* -ERR_INVALID with the first line that is no pattern; "" is fine. */
int name_patterns_check(const char *patterns, struct reason *why) NODISCARD;
/* For an identity of a DNS server: exactly one domain name without `*`, its
 * ADN, besides addresses. adn is in lower case. */
int name_patterns_adn(char adn[DOMAIN_MAX + 1], const char *patterns,
    struct reason *why) NODISCARD;

/* True if one of the patterns allows the name. */
bool name_is_allowed(const struct name *name, const char *patterns);

/* 0 or -ERR_REFUSED with the name and the rule: the subject is empty or one
 * common name, the identity or a name that a pattern allows; every SAN is one
 * that a pattern allows. */
int name_policy_check(const struct csr *csr, const char *identity,
    const char *patterns, struct reason *why) NODISCARD;

#endif
