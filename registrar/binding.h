/* Linking identity and proof of possession (RFC 7030 3.5): the request's
 * challengePassword against the connection that it came over. */
#ifndef REGISTRAR_BINDING_H
#define REGISTRAR_BINDING_H

#include <stdbool.h>

#include "tls/conn.h"

/* challenge is "" for a request without one. -ERR_INVALID for one that is no
 * channel binding or another connection's; -ERR_REFUSED when it is missing and
 * required. */
int binding_check(const char *challenge, const struct tls_binding *binding,
    bool required, struct reason *why) NODISCARD;

#endif
