#include "registrar/voucher_judge.h"

#include <string.h>

#include "base/log.h"
#include "ca/idevid.h"

/* --- who signed --- */

static int
check_signer(const struct voucher_opened *opened,
    const struct voucher_terms *terms, struct reason *why)
{
	struct cert_list chain = {.n = 0};
	struct reason detail = {""};
	int err = 0;

	if (terms->anchors == NULL || terms->anchors->n == 0)
		return 0;
	for (size_t i = 0; i < opened->certs.n && err == 0; i++)
		err =
		    cert_list_add(&chain, blob_bytes(&opened->certs.items[i]));
	if (err == 0)
		err = idevid_verify(blob_bytes(&opened->signer), &chain,
		    terms->anchors, terms->now, &detail);
	cert_list_fini(&chain);
	if (err == -ERR_REFUSED)
		reason_set(why, err,
		    "RFC 8366 5.4: the voucher's signer does not chain to the "
		    "manufacturer's voucher anchors: %.100s",
		    detail.text);
	return err;
}

/* COSE mostly comes without its signer's certificate: an anchor may be it. */
static int
add_candidates(struct voucher_certs *out, const struct cert_list *anchors)
{
	int err = 0;

	for (size_t i = 0; anchors != NULL && err == 0 && i < anchors->n &&
			   i < VOUCHER_CERTS_MAX;
	     i++)
		err = voucher_certs_add(out, blob_bytes(&anchors->items[i]));
	return err;
}

static int
open_voucher(struct voucher_opened *out, struct bytes artifact,
    const struct voucher_terms *terms, struct reason *why)
{
	struct voucher_certs candidates = {.n = 0};
	const struct voucher_open_params params = {.format = terms->format,
	    .kind = VOUCHER_VOUCHER,
	    .candidates = &candidates};
	int err = add_candidates(&candidates, terms->anchors);

	if (err == 0)
		err = voucher_open(out, artifact, &params, why);
	voucher_certs_fini(&candidates);
	return err;
}

/* --- what it says --- */

/* Byte-equal to our leaf, issuing CA or root; or the key of one of them. */
static bool
pins_us(const struct voucher *v, const struct domain_signer *domain)
{
	struct bytes pubk = blob_bytes(&v->pinned_domain_pubk);
	struct bytes hash = blob_bytes(&v->pinned_domain_pubk_sha256);
	uint8_t sha256[32];

	if (v->pinned_domain_cert.len != 0)
		return domain_signer_has_cert(
		    domain, blob_bytes(&v->pinned_domain_cert));
	if (pubk.len != 0) {
		cert_sha256(sha256, pubk);
		return domain_signer_has_key(domain, sha256);
	}
	return hash.len == sizeof(sha256) &&
	       domain_signer_has_key(domain, hash.data);
}

static int
check_nonce(const struct voucher *v, const struct voucher_terms *terms,
    struct reason *why)
{
	if (v->nonce.len == 0 && terms->nonce != NULL &&
	    !terms->allow_nonceless)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8995 5.6: the voucher has no nonce, although the "
		    "request had one");
	if (v->nonce.len != 0 &&
	    (terms->nonce == NULL ||
		!voucher_nonce_equal(&v->nonce, terms->nonce)))
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8995 5.6: the voucher's nonce is not the request's");
	return 0;
}

static int
check_times(const struct voucher *v, const struct voucher_terms *terms,
    struct reason *why)
{
	if (v->created_on > terms->now + terms->skew_s)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8366 5.3: the voucher's created-on is in the future");
	if (v->expires_on != 0 && v->expires_on <= terms->now)
		return reason_set(
		    why, -ERR_REFUSED, "RFC 8366 5.3: the voucher is expired");
	if (v->expires_on != 0 && v->created_on != 0 &&
	    v->expires_on <= v->created_on)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8366 5.3: the voucher expires before it begins");
	return 0;
}

static int
check_fields(const struct voucher *v, const struct voucher_terms *terms,
    struct reason *why)
{
	char quoted[160];
	int err = voucher_check(v, why);

	if (err != 0)
		return err;
	if (strcmp(v->serial_number, terms->serial_number) != 0)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8995 5.6: the voucher is for another serial number, "
		    "%s",
		    log_quote(quoted, sizeof(quoted), v->serial_number));
	err = check_nonce(v, terms, why);
	if (err == 0)
		err = check_times(v, terms, why);
	if (err == 0 && !pins_us(v, terms->domain))
		err = reason_set(why, -ERR_REFUSED,
		    "RFC 8995 5.6: the voucher pins another domain than this "
		    "one");
	return err;
}

int
voucher_judge(struct voucher_judged *out, struct bytes artifact,
    const struct voucher_terms *terms, struct reason *why)
{
	struct voucher_judged judged = {.nonceless = false};
	struct voucher_opened opened;
	int err = open_voucher(&opened, artifact, terms, why);

	if (err != 0)
		return err;
	err = check_signer(&opened, terms, why);
	if (err == 0)
		err = check_fields(&opened.v, terms, why);
	if (err == 0)
		err = voucher_strip(&judged.voucher, terms->format, artifact);
	if (err == 0) {
		judged.assertion = opened.v.assertion;
		judged.expires_on = opened.v.expires_on;
		judged.nonceless = opened.v.nonce.len == 0;
		cert_sha256(judged.signer_sha256, blob_bytes(&opened.signer));
		*out = judged;
	}
	voucher_opened_fini(&opened);
	return err;
}

void
voucher_judged_fini(struct voucher_judged *judged)
{
	blob_fini(&judged->voucher);
}
