#include "client/pledge_voucher.h"

#include <string.h>

#include "ca/anchored.h"

static int
refuse(struct reason *why, const char *text)
{
	return reason_set(why, -ERR_REFUSED, "RFC 8995 5.6.1: %s", text);
}

/* A device's own certificate may have the same root as the MASA's: whoever
 * takes the key out of one device would speak for all. */
static int
check_role(struct bytes signer, struct reason *why)
{
	struct idevid idevid;
	struct reason inner = {""};
	bool device;

	/* What cannot be read as an IDevID is none. */
	if (idevid_parse(&idevid, signer, &inner) != 0)
		return 0;
	device = idevid.masa_url[0] != '\0';
	idevid_fini(&idevid);
	return device ? refuse(why, "the voucher was signed by a device") : 0;
}

static int
check_signer(const struct voucher_opened *opened,
    const struct pledge_expectation *e, struct reason *why)
{
	struct cert_list *chain CLEANUP(freep) = calloc(1, sizeof(*chain));
	struct reason inner = {""};
	int err = chain == NULL ? -ERR_NOMEM : 0;

	for (size_t i = 0; err == 0 && i < opened->certs.n; i++)
		err = cert_list_add(chain, blob_bytes(&opened->certs.items[i]));
	if (err == 0)
		err = anchored_verify(blob_bytes(&opened->signer), chain,
		    e->anchors, false, e->now, &inner);
	if (chain != NULL)
		cert_list_fini(chain);
	if (err != 0)
		return reason_set(why, err,
		    "RFC 8995 5.6.1: the voucher was not signed by the "
		    "manufacturer's MASA: %.150s",
		    inner.text[0] != '\0' ? inner.text : err_text(err));
	return check_role(blob_bytes(&opened->signer), why);
}

/* [RFC8366 5.3] The serial number, and where it is unique. */
static int
check_device(const struct voucher *v, const struct pledge_identity *identity,
    struct reason *why)
{
	struct bytes issuer = blob_bytes(&identity->idevid.issuer);
	struct bytes given = blob_bytes(&v->idevid_issuer);
	struct bytes inside = {issuer.data + 2, issuer.len - 2};

	if (strcmp(v->serial_number, identity->serial_number) != 0)
		return refuse(
		    why, "serial-number: the voucher is for another device");
	/* With the OCTET STRING's tag, or without. */
	if (given.len != 0 && !bytes_equal(given, issuer) &&
	    !bytes_equal(given, inside))
		return refuse(why, "idevid-issuer: the voucher is for another "
				   "manufacturer's device");
	return 0;
}

/* [RFC8995 5.6.1] */
static int
check_fresh(const struct voucher *v, const struct pledge_expectation *e,
    struct reason *why)
{
	if (v->expires_on != 0 && v->expires_on < e->now)
		return refuse(why, "expires-on: the voucher has expired");
	if (v->nonce.len != 0) {
		if (e->nonce->len == 0 ||
		    !voucher_nonce_equal(&v->nonce, e->nonce))
			return refuse(
			    why, "nonce: the voucher answers another request");
		return 0;
	}
	if (!e->accept_nonceless)
		return refuse(why,
		    "nonce: the voucher has none; --accept-nonceless takes it "
		    "all the same");
	if (v->expires_on == 0)
		return refuse(why,
		    "expires-on: a voucher without nonce that would be good "
		    "for ever");
	return 0;
}

static int
check_domain(const struct voucher *v, struct reason *why)
{
	if (v->assertion != VOUCHER_PROXIMITY &&
	    v->assertion != VOUCHER_LOGGED && v->assertion != VOUCHER_VERIFIED)
		return refuse(
		    why, "assertion: agent-proximity was not asked for");
	if (v->domain_cert_revocation_checks == 1)
		return refuse(why,
		    "domain-cert-revocation-checks: this device cannot make "
		    "them");
	if (v->pinned_domain_cert.len == 0)
		return refuse(why,
		    "pinned-domain-cert: the voucher pins a public key "
		    "instead, which this device does not know how to use");
	return 0;
}

static int
check(const struct voucher_opened *opened, const struct pledge_expectation *e,
    struct reason *why)
{
	int err = check_signer(opened, e, why);

	if (err == 0)
		err = voucher_check(&opened->v, why);
	if (err == 0)
		err = check_device(&opened->v, e->identity, why);
	if (err == 0)
		err = check_fresh(&opened->v, e, why);
	if (err == 0)
		err = check_domain(&opened->v, why);
	return err;
}

int
pledge_voucher_open(struct voucher_opened *out, struct bytes artifact,
    const struct pledge_expectation *e, struct reason *why)
{
	struct voucher_certs candidates = {.n = 0};
	const struct voucher_open_params params = {
	    .format = e->format,
	    .kind = VOUCHER_VOUCHER,
	    .candidates = &candidates,
	};
	int err = 0;

	/* [draft-ietf-anima-constrained-voucher 6.6] A registrar strips the
	 * chain of a COSE voucher. */
	for (size_t i = 0; err == 0 && i < e->anchors->n; i++)
		err = voucher_certs_add(
		    &candidates, blob_bytes(&e->anchors->items[i]));
	if (err == 0)
		err = voucher_open(out, artifact, &params, why);
	voucher_certs_fini(&candidates);
	if (err != 0)
		return err;
	err = check(out, e, why);
	if (err != 0)
		voucher_opened_fini(out);
	return err;
}

/* --- the registrar --- */

/* [RFC7030 3.6.1] Whoever else has a certificate of the same CA is not the
 * registrar. */
static int
check_registrar_role(struct bytes leaf, struct reason *why)
{
	struct cert_info *info CLEANUP(freep) = calloc(1, sizeof(*info));
	int err = info == NULL ? -ERR_NOMEM : cert_parse(info, leaf, why);

	if (err != 0)
		return err;
	if (!info->cmc_ra || info->is_ca)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 7030 3.6.1: the server is no registrar of the "
		    "domain: its extended key usage lacks id-kp-cmcRA");
	return 0;
}

int
pledge_judge_registrar(struct bytes pinned, const struct cert_list *chain,
    int64_t now, struct reason *why)
{
	struct cert_list *anchors CLEANUP(freep) = calloc(1, sizeof(*anchors));
	struct bytes leaf = blob_bytes(&chain->items[0]);
	struct reason inner = {""};
	int err = anchors == NULL ? -ERR_NOMEM : cert_list_add(anchors, pinned);

	if (err == 0)
		err = anchored_verify(leaf, chain, anchors, true, now, &inner);
	if (anchors != NULL)
		cert_list_fini(anchors);
	if (err != 0)
		return reason_set(why, err,
		    "RFC 8995 5.6.2: the registrar's certificate does not "
		    "chain to the pinned-domain-cert: %.130s",
		    inner.text[0] != '\0' ? inner.text : err_text(err));
	return bytes_equal(leaf, pinned) ? 0 : check_registrar_role(leaf, why);
}

static int
check_pinned(const struct trust *trust, const struct cert_list *cacerts,
    struct bytes pinned, int64_t now, struct reason *why)
{
	struct cert_list *anchors CLEANUP(freep) = calloc(1, sizeof(*anchors));
	struct reason inner = {""};
	int err = anchors == NULL ? -ERR_NOMEM
				  : cert_list_add(anchors, trust_root(trust));

	if (err == 0)
		err = anchored_verify(
		    pinned, cacerts, anchors, false, now, &inner);
	if (anchors != NULL)
		cert_list_fini(anchors);
	if (err == 0)
		return 0;
	return reason_set(why, err,
	    "RFC 8995 5.9.1: the certificates of /cacerts are not those of the "
	    "pinned domain: %.130s",
	    inner.text[0] != '\0' ? inner.text : err_text(err));
}

int
pledge_trust(struct trust **out, const struct cert_list *cacerts,
    struct bytes pinned, int64_t now, struct reason *why)
{
	struct trust *trust = NULL;
	struct reason inner = {""};
	int err = trust_from_certs(&trust, cacerts, &inner);

	if (err != 0)
		return reason_set(why, err, "trust anchor: %.230s", inner.text);
	err = check_pinned(trust, cacerts, pinned, now, why);
	if (err != 0) {
		trust_free(trust);
		return err;
	}
	*out = trust;
	return 0;
}
