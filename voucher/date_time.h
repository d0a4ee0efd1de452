/* YANG's date-and-time. [RFC6991 3] */
#ifndef VOUCHER_DATE_TIME_H
#define VOUCHER_DATE_TIME_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* RFC 3339 with any offset, in the years 0 to 9999 of UTC; up to nine digits of
 * a fraction are cut off. Leap seconds are -ERR_INVALID. text needs no NUL. */
int voucher_time_parse(int64_t *out, const char *text, size_t len) NODISCARD;

#endif
