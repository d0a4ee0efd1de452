#include "registrar/voucher_request.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

/* --- the pledge's --- */

/* [RFC8995 5.2] The certificate that the pledge saw is the one that we showed:
 * nobody stands between. */
static bool
is_proximate(const struct voucher *v, struct bytes registrar_cert)
{
	AUTOFREE struct cert_info *own = calloc(1, sizeof(*own));
	struct bytes hash = blob_bytes(&v->proximity_registrar_pubk_sha256);
	uint8_t pubk_sha256[32];

	if (own == NULL || cert_parse(own, registrar_cert, NULL) != 0)
		return false;
	if (v->proximity_registrar_cert.len != 0 &&
	    !bytes_equal(
		blob_bytes(&v->proximity_registrar_cert), registrar_cert))
		return false;
	if (v->proximity_registrar_pubk.len != 0) {
		cert_sha256(
		    pubk_sha256, blob_bytes(&v->proximity_registrar_pubk));
		if (memcmp(pubk_sha256, own->spki_sha256, 32) != 0)
			return false;
	}
	if (hash.len != 0 &&
	    !bytes_equal(hash, (struct bytes){own->spki_sha256, 32}))
		return false;
	return v->proximity_registrar_cert.len != 0 ||
	       v->proximity_registrar_pubk.len != 0 || hash.len != 0;
}

static int
judge_fields(
    const struct voucher *v, const struct pvr_terms *terms, struct reason *why)
{
	char quoted[160];
	int err = voucher_check(v, why);

	if (err != 0)
		return err;
	if (strcmp(v->serial_number, terms->serial_number) != 0)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8995 5.5: the request is for the serial number %s, "
		    "which is not the IDevID's",
		    log_quote(quoted, sizeof(quoted), v->serial_number));
	if (v->nonce.len == 0)
		return reason_set(why, -ERR_INVALID,
		    "RFC 8995 5.2: the voucher request has no nonce");
	if (v->prior_signed_voucher_request.len != 0)
		return reason_set(why, -ERR_INVALID,
		    "RFC 8995 5.2: a pledge's request holds no other request");
	if (v->assertion != VOUCHER_PROXIMITY)
		return reason_set(why, PVR_NOT_PROXIMATE,
		    "RFC 8995 5.2: the request's assertion is not proximity");
	if (!is_proximate(v, terms->registrar_cert))
		return reason_set(why, PVR_NOT_PROXIMATE,
		    "RFC 8995 5.2: the request's proximity-registrar-cert is "
		    "not the certificate of this TLS connection");
	return 0;
}

/* [RFC8995 5.2] [RFC8995 5.5] */
int
pvr_judge(struct pvr *out, struct bytes artifact, const struct pvr_terms *terms,
    struct reason *why)
{
	struct voucher_certs candidates = {.n = 0};
	const struct voucher_open_params params = {.format = terms->format,
	    .kind = VOUCHER_REQUEST,
	    .candidates = &candidates,
	    .plain_root = terms->plain_root};
	struct voucher_opened opened;
	int err = voucher_certs_add(&candidates, terms->device);

	if (err == 0)
		err = voucher_open(&opened, artifact, &params, why);
	voucher_certs_fini(&candidates);
	if (err != 0)
		return err;
	if (!bytes_equal(blob_bytes(&opened.signer), terms->device))
		err = reason_set(why, -ERR_REFUSED,
		    "RFC 8995 5.5: the voucher request is not signed by the "
		    "TLS client's IDevID");
	else
		err = judge_fields(&opened.v, terms, why);
	if (err == 0)
		*out = (struct pvr){
		    .nonce = opened.v.nonce, .created_on = opened.v.created_on};
	voucher_opened_fini(&opened);
	return err;
}

int
pvr_check_age(const struct pvr *pvr, int64_t now, int64_t age_s, int64_t skew_s,
    struct reason *why)
{
	if (pvr->created_on == 0)
		return 0;
	if (pvr->created_on > now + skew_s)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8995 5.5: the voucher request is of the future: its "
		    "created-on is %lld s ahead of this registrar's clock",
		    (long long)(pvr->created_on - now));
	if (pvr->created_on < now - age_s - skew_s)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8995 5.5: the voucher request is stale: it was made "
		    "%lld s ago",
		    (long long)(now - pvr->created_on));
	return 0;
}

/* --- ours --- */

/* Exactly these; the registrar's own certificate is no field of it.
 * [RFC8995 5.5] */
static int
fill(struct voucher *v, const struct rvr_parts *parts)
{
	size_t len = strlen(parts->serial_number);
	int err;

	if (len >= sizeof(v->serial_number))
		return -ERR_TOO_LARGE;
	memcpy(v->serial_number, parts->serial_number, len + 1);
	v->created_on = parts->now;
	err = blob_copy(&v->idevid_issuer, parts->idevid_issuer);
	if (err != 0 || parts->nonce == NULL)
		return err;
	v->nonce = *parts->nonce;
	v->assertion = VOUCHER_PROXIMITY;
	return blob_copy(&v->prior_signed_voucher_request, parts->pvr);
}

/* What a MASA finds in the bag beside our chain.
 * [draft-ietf-anima-constrained-voucher 6.5] */
static int
add_device_certs(struct voucher_certs *certs, const struct rvr_parts *parts)
{
	int err = 0;

	if (parts->format != VOUCHER_COSE_CBOR)
		return 0;
	if (parts->device.len != 0)
		err = voucher_certs_add(certs, parts->device);
	for (size_t i = 0; err == 0 && parts->device_chain != NULL &&
			   i < parts->device_chain->n;
	     i++)
		err = voucher_certs_add(
		    certs, blob_bytes(&parts->device_chain->items[i]));
	return err;
}

int
rvr_build(struct blob *out, const struct rvr_parts *parts,
    const struct domain_signer *signer, struct reason *why)
{
	struct voucher_certs extra = {.n = 0};
	struct voucher_sign_params params = {.format = parts->format,
	    .n_chain = signer->chain.n,
	    .extra = &extra,
	    .plain_root = parts->plain_root};
	struct voucher v;
	int err;

	voucher_init(&v, VOUCHER_REQUEST);
	err = fill(&v, parts);
	if (err == 0)
		err = add_device_certs(&extra, parts);
	if (err == 0)
		err = voucher_sign(out, &v, signer->signer, &params);
	voucher_certs_fini(&extra);
	voucher_fini(&v);
	return err == 0
		   ? 0
		   : reason_set(why, err,
			 "the registrar's voucher request was not made: %s",
			 err_text(err));
}
