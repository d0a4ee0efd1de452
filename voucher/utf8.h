/* Whether octets are UTF-8. */
#ifndef VOUCHER_UTF8_H
#define VOUCHER_UTF8_H

#include "base/buf.h"

/* [RFC3629 3] Shortest forms only, no surrogates, nothing over U+10FFFF. */
bool utf8_is_valid(struct bytes text);

#endif
