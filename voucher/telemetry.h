/* What a pledge tells about its voucher and its enrollment (RFC 8995 5.7,
 * 5.9.4), in JSON or CBOR. */
#ifndef VOUCHER_TELEMETRY_H
#define VOUCHER_TELEMETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define TELEMETRY_MAX_BYTES 8192
#define TELEMETRY_REASON_MAX 256

struct telemetry {
	int64_t version; /* 1; higher ones only add */
	bool status;
	char
	    reason[TELEMETRY_REASON_MAX]; /* printable, cut off; "" if absent */
	char context[TELEMETRY_REASON_MAX]; /* reason-context as compact JSON,
					     * cut off; "" if absent */
};

/* version and status must be there, nothing twice; unknown members are skipped.
 * A version given as a string of digits is read. */
int telemetry_parse(struct telemetry *out, bool cbor, struct bytes body,
    struct reason *why) NODISCARD;
int telemetry_encode(
    struct blob *out, bool cbor, const struct telemetry *t) NODISCARD;

#endif
