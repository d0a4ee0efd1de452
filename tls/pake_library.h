/*
 * The library context in which PAKE connections live, with the SPAKE2+ suite.
 *
 * There is one a process, made when it is first asked for and never freed:
 * OpenSSL keeps per-thread state (random generators) of a library context and
 * looks at the context again when the thread ends, so that freeing it while any
 * thread lives that ever used it is a use after free. A renewed certificate
 * makes a new server, and workers outlive that.
 */
#ifndef TLS_PAKE_LIBRARY_H
#define TLS_PAKE_LIBRARY_H

#include <openssl/types.h>

#include "tls/spake2p_protocol.h"

struct pake_library; /* immutable, used by any thread */

/* The same outcome every time in one process. */
int pake_library_get(
    const struct pake_library **out, struct reason *why) NODISCARD;

OSSL_LIB_CTX *pake_library_libctx(const struct pake_library *library);
const struct spake2p_suite *pake_library_suite(
    const struct pake_library *library);
/* The wrapped groups, best first, as SSL_CTX_set1_groups_list() takes them. No
 * other group may be used in this context. */
const char *pake_library_groups(const struct pake_library *library);

#endif
