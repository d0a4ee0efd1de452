/* Randomness from the kernel. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>

/* Fills out; aborts the process when the kernel has none, since nothing in
 * this program is safe without it. */
void random_bytes(void *out, size_t len);

#endif
