/* What a voucher service does wrong on request, so that registrars and devices
 * can be tried against it. */
#ifndef MASA_FAULT_H
#define MASA_FAULT_H

#include "voucher/artifact.h"

enum masa_fault {
	FAULT_NONE = 0,
	FAULT_EXPIRED,
	FAULT_WRONG_NONCE,
	FAULT_WRONG_PIN,
	FAULT_WRONG_SERIAL,
	FAULT_WRONG_SIGNATURE,
	/* In place of any answer, also of an audit log. */
	FAULT_BIG, /* FAULT_BIG_BYTES of nothing */
	FAULT_GARBAGE,
	FAULT_RESET,
	FAULT_STALL, /* until the connection or the service ends */
};

#define FAULT_BIG_BYTES ((size_t)10 * 1024 * 1024)

/* "wrong-serial". -ERR_INVALID. */
int fault_parse(enum masa_fault *out, const char *text) NODISCARD;
/* False for those that only vouchers can have. */
bool fault_fits_audit_log(enum masa_fault fault);

/* Before it is signed; stranger is a certificate that is not the domain's. */
int fault_spoil(
    struct voucher *v, enum masa_fault fault, struct bytes stranger) NODISCARD;
/* After it was signed, in place. */
void fault_spoil_signed(
    struct blob *artifact, enum voucher_format format, enum masa_fault fault);

#endif
