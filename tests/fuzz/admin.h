/* What the targets of the administrators' JSON share. */
#ifndef TESTS_FUZZ_ADMIN_H
#define TESTS_FUZZ_ADMIN_H

#include "server/admin_body.h"
#include "tests/fuzz/fuzz.h"

/* The input as a body with no members but keys (NULL-terminated); NULL when it
 * is refused, which is checked. The caller decrefs. */
json_t *fuzz_admin_body(struct bytes in, const char *const *keys);

#endif
