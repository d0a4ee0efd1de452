/* What the targets of certificates and requests share. */
#ifndef TESTS_FUZZ_CERTS_H
#define TESTS_FUZZ_CERTS_H

#include "ca/cert.h"

/* Each name is in the form that names_add() gives it, and none is there
 * twice. */
void fuzz_check_names(const struct names *names);

bool fuzz_cert_lists_equal(
    const struct cert_list *a, const struct cert_list *b);

/* The DER elements that follow each other in in, which need not be
 * certificates; what is left over is the last one. */
void fuzz_cert_list(struct cert_list *out, struct bytes in);

#endif
