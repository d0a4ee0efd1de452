/* A MASA's voucher: whether it is an answer to what was asked, and pins this
 * domain. The pledge judges again, and by itself. [RFC8995 5.6] */
#ifndef REGISTRAR_VOUCHER_JUDGE_H
#define REGISTRAR_VOUCHER_JUDGE_H

#include "ca/cert.h"
#include "registrar/domain_signer.h"
#include "voucher/artifact.h"

struct voucher_terms {
	enum voucher_format format;
	const char *serial_number;
	const struct voucher_nonce *nonce; /* NULL: asked without one */
	bool allow_nonceless;              /* although a nonce was asked with */
	/* Of the MASA's signers; NULL or empty: the signature is verified, but
	 * not who signed. */
	const struct cert_list *anchors;
	const struct domain_signer *domain;
	int64_t now, skew_s;
};

struct voucher_judged {
	struct blob voucher; /* as the pledge gets it */
	enum voucher_assertion assertion;
	int64_t expires_on; /* 0: never */
	bool nonceless;
	uint8_t signer_sha256[32];
};

/* -ERR_INVALID or -ERR_REFUSED, and why names the check. */
int voucher_judge(struct voucher_judged *out, struct bytes artifact,
    const struct voucher_terms *terms, struct reason *why) NODISCARD;
void voucher_judged_fini(struct voucher_judged *judged);

#endif
