/* Published example data, read from $ESTUARY_VECTORS (by default the directory
 * shared/vectors beside the repository) when it is there. */
#ifndef TESTS_UNIT_VOUCHER_VECTORS_H
#define TESTS_UNIT_VOUCHER_VECTORS_H

#include "base/buf.h"

/* Skips the running test without the directory; fails it without the file. The
 * caller frees. */
void vector_read(struct blob *out, const char *name);
/* The first certificate of a PEM file, in DER. */
void vector_read_cert(struct blob *out, const char *name);

#endif
