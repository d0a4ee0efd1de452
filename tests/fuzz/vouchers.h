/* What the targets of vouchers share. */
#ifndef TESTS_FUZZ_VOUCHERS_H
#define TESTS_FUZZ_VOUCHERS_H

#include "tests/fuzz/fuzz.h"
#include "voucher/artifact.h"

/* Whatever was read, it is what a voucher's fields can be. */
void fuzz_check_voucher(const struct voucher *v);

/* The first byte: 0x01 a voucher instead of a request, 0x02 the plain root. */
void fuzz_open_voucher(enum voucher_format format, struct bytes in);

#endif
