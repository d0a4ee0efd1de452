/* What the targets of the endpoint share. */
#ifndef TESTS_FUZZ_RESOLVER_H
#define TESTS_FUZZ_RESOLVER_H

#include "client/resolver.h"

/* What may be stored: its JSON form reads as the same again. */
void fuzz_check_resolver(const struct resolver *resolver);

#endif
