/* What a voucher service makes of a registrar's request. [RFC8995 5.5] */
#ifndef MASA_JUDGE_H
#define MASA_JUDGE_H

#include "ca/domain_chain.h"
#include "ca/trust.h"
#include "db/masa.h"
#include "voucher/artifact.h"

struct masa_ask {
	enum voucher_format format;
	struct bytes body;
	struct bytes tls_client; /* the registrar's certificate in TLS, DER;
				  * none: empty */
	int64_t now;

	/* The service's. */
	struct store_reader *reader;
	const struct trust *customers; /* whose certificates are registrars that
					* it knows */
	bool owned_only; /* a device that was sold to nobody gets no voucher */
};

/* A request that may be answered. */
struct masa_case {
	struct voucher_opened request;
	struct cert_list chain; /* of the registrar, its end entity first */
	struct masa_device device;
	enum voucher_assertion assertion;
};

/* -ERR_NOT_FOUND for a serial number that is nobody's, -ERR_INVALID for a
 * malformed request, -ERR_REFUSED with the rule that it breaks. */
int masa_judge(struct masa_case *out, const struct masa_ask *ask,
    struct reason *why) NODISCARD;
void masa_case_fini(struct masa_case *c);

/* The certificate that a voucher for this request pins: of a nonced one the
 * lowest CA that came along, which binds the device tightest, else the highest.
 * [draft-ietf-anima-constrained-voucher 8.2] */
struct bytes masa_case_pin(const struct masa_case *c);

#endif
