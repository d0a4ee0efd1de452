/* The library context in which PAKE connections live, with the SPAKE2+ suite.
 * Immutable, reference-counted, used by any thread. */
#ifndef TLS_PAKE_LIBRARY_H
#define TLS_PAKE_LIBRARY_H

#include <openssl/types.h>

#include "tls/spake2p_protocol.h"

struct pake_library;

int pake_library_new(struct pake_library **out, struct reason *why) NODISCARD;
struct pake_library *pake_library_ref(struct pake_library *library);
/* NULL is accepted. The last one goes after every object made in libctx. */
void pake_library_unref(struct pake_library *library);

OSSL_LIB_CTX *pake_library_libctx(const struct pake_library *library);
const struct spake2p_suite *pake_library_suite(
    const struct pake_library *library);
/* The wrapped groups, best first, as SSL_CTX_set1_groups_list() takes them. No
 * other group may be used in this context. */
const char *pake_library_groups(const struct pake_library *library);

#endif
