#include "masa/judge.h"

#include <string.h>

#include "ca/digest.h"
#include "ca/idevid.h"

/* A nonce of more octets has no room as base64 in an audit log. */
#define BINARY_NONCE_MAX 96

void
masa_case_fini(struct masa_case *c)
{
	voucher_opened_fini(&c->request);
	cert_list_fini(&c->chain);
	masa_device_fini(&c->device);
}

struct bytes
masa_case_pin(const struct masa_case *c)
{
	size_t i = c->chain.n - 1;

	if (c->request.v.nonce.len != 0 && i > 1)
		i = 1;
	return blob_bytes(&c->chain.items[i]);
}

static int
refuse(struct reason *why, const char *rule)
{
	return reason_set(why, -ERR_REFUSED, "%s", rule);
}

/* --- the registrar's request --- */

static int
check_request(const struct voucher *v, struct reason *why)
{
	int err = voucher_check(v, why);

	if (err != 0)
		return err;
	/* [RFC8995 5.5] */
	if (v->proximity_registrar_cert.len != 0 ||
	    v->proximity_registrar_pubk.len != 0 ||
	    v->proximity_registrar_pubk_sha256.len != 0)
		return refuse(why,
		    "RFC 8995 5.5: proximity-registrar-cert must not be in a "
		    "registrar's request: this is a device's");
	if (!v->nonce.is_text && v->nonce.len > BINARY_NONCE_MAX)
		return reason_set(why, -ERR_INVALID,
		    "the nonce has more than %d octets", BINARY_NONCE_MAX);
	return 0;
}

static int
find_device(struct masa_device *out, const struct masa_ask *ask,
    const struct voucher *v, struct reason *why)
{
	int err = masa_device_get(out, ask->reader, v->serial_number);

	if (err == -ERR_NOT_FOUND)
		return reason_set(why, err,
		    "RFC 8995 5.6: no device of this manufacturer has that "
		    "serial number");
	return err;
}

/* [RFC8366bis] Absent, the serial number alone says which device. */
static int
check_issuer(const struct masa_case *c, struct reason *why)
{
	const struct voucher *v = &c->request.v;
	struct idevid idevid;
	bool same;
	int err;

	if (v->idevid_issuer.len == 0)
		return 0;
	err = idevid_parse(&idevid, blob_bytes(&c->device.idevid), why);
	if (err != 0)
		return err;
	same = bytes_equal(
	    blob_bytes(&v->idevid_issuer), blob_bytes(&idevid.issuer));
	idevid_fini(&idevid);
	return same ? 0
		    : refuse(why,
			  "RFC 8995 5.5: idevid-issuer is not that of the "
			  "device's IDevID");
}

/* --- the device's request within --- */

/* A device may sign in another form than its registrar. */
static enum voucher_format
sniff(struct bytes artifact)
{
	if (artifact.len != 0 && artifact.data[0] == 0x30) /* SEQUENCE */
		return VOUCHER_CMS_JSON;
	if (artifact.len != 0 && artifact.data[0] == '{')
		return VOUCHER_JWS_JSON;
	return VOUCHER_COSE_CBOR;
}

/* The reason with what it is about. */
static int
within(struct reason *why, int err, const struct reason *detail)
{
	return reason_set(why, err == -ERR_NOMEM ? err : -ERR_REFUSED,
	    "RFC 8995 5.5.5: prior-signed-voucher-request: %.180s",
	    detail->text[0] != '\0' ? detail->text : err_text(err));
}

/* Signed by the very key of the device's IDevID. */
static int
open_prior(
    struct voucher_opened *out, const struct masa_case *c, struct reason *why)
{
	struct bytes artifact =
	    blob_bytes(&c->request.v.prior_signed_voucher_request);
	struct voucher_certs device CLEANUP(voucher_certs_fini) = {.n = 0};
	const struct voucher_open_params params = {.format = sniff(artifact),
	    .kind = VOUCHER_REQUEST,
	    .candidates = &device};
	struct reason detail = {""};
	int err = voucher_certs_add(&device, blob_bytes(&c->device.idevid));

	if (err == 0)
		err = voucher_open(out, artifact, &params, &detail);
	if (err != 0)
		return within(why, err, &detail);
	if (bytes_equal(
		blob_bytes(&out->signer), blob_bytes(&c->device.idevid)))
		return 0;
	voucher_opened_fini(out);
	return refuse(why,
	    "RFC 8995 5.5.5: prior-signed-voucher-request was signed by "
	    "another than this device");
}

static bool
names_key(const struct voucher *prior, struct bytes cert)
{
	struct bytes spki = blob_bytes(&prior->proximity_registrar_pubk);
	struct bytes hash = blob_bytes(&prior->proximity_registrar_pubk_sha256);
	AUTOFREE struct cert_info *info = calloc(1, sizeof(*info));
	uint8_t digest[DIGEST_LEN];

	if (info == NULL || cert_parse(info, cert, NULL) != 0)
		return false;
	if (hash.len != 0)
		return bytes_equal(
		    hash, (struct bytes){info->spki_sha256, DIGEST_LEN});
	digest_sha256(digest, spki);
	return memcmp(digest, info->spki_sha256, DIGEST_LEN) == 0;
}

/* The server that the device saw is the registrar that asks: its very
 * certificate, or another of its domain. */
static bool
proximity_holds(const struct masa_case *c, const struct voucher *prior)
{
	const struct voucher_certs *others = &c->request.certs;

	if (prior->proximity_registrar_cert.len != 0)
		return domain_chain_has(
		    &c->chain, blob_bytes(&prior->proximity_registrar_cert));
	if (prior->proximity_registrar_pubk.len == 0 &&
	    prior->proximity_registrar_pubk_sha256.len == 0)
		return false;
	if (names_key(prior, blob_bytes(&c->chain.items[0])))
		return true;
	for (size_t i = 0; i < others->n; i++)
		if (domain_chain_has(
			&c->chain, blob_bytes(&others->items[i])) &&
		    names_key(prior, blob_bytes(&others->items[i])))
			return true;
	return false;
}

static bool
speaks_of_proximity(const struct voucher *prior)
{
	return prior->assertion == VOUCHER_PROXIMITY ||
	       prior->proximity_registrar_cert.len != 0 ||
	       prior->proximity_registrar_pubk.len != 0 ||
	       prior->proximity_registrar_pubk_sha256.len != 0;
}

/* [RFC8995 5.5.5] */
static int
judge_prior(
    struct masa_case *c, const struct voucher *prior, struct reason *why)
{
	const struct voucher *v = &c->request.v;

	if (strcmp(prior->serial_number, v->serial_number) != 0)
		return refuse(why,
		    "RFC 8995 5.5.5: the device's request is for another "
		    "serial number");
	if (!voucher_nonce_equal(&prior->nonce, &v->nonce))
		return refuse(why,
		    "RFC 8995 5.5.5: the device's request has another nonce");
	if (!speaks_of_proximity(prior))
		return 0;
	if (!proximity_holds(c, prior))
		return refuse(why,
		    "RFC 8995 5.5.5: the device saw another registrar than "
		    "the one that asks");
	if (prior->assertion == VOUCHER_PROXIMITY)
		c->assertion = VOUCHER_PROXIMITY;
	return 0;
}

static int
check_prior(struct masa_case *c, struct reason *why)
{
	struct voucher_opened prior;
	int err;

	if (c->request.v.prior_signed_voucher_request.len == 0)
		return c->request.v.nonce.len == 0
			   ? 0
			   : refuse(why,
				 "RFC 8995 5.5: prior-signed-voucher-request "
				 "is missing in a request with a nonce");
	err = open_prior(&prior, c, why);
	if (err != 0)
		return err;
	err = judge_prior(c, &prior.v, why);
	voucher_opened_fini(&prior);
	return err;
}

/* --- who asks --- */

/* A device that was sold is for its owner alone. */
static int
check_owner(struct masa_case *c, const struct masa_ask *ask, struct reason *why)
{
	struct bytes owner = blob_bytes(&c->device.owner);

	if (owner.len == 0 && ask->owned_only)
		return refuse(why,
		    "RFC 8995 5.5.3: this device was not sold to anybody who "
		    "is known here");
	if (owner.len != 0 && !domain_chain_is_of(&c->chain, owner))
		return refuse(why,
		    "RFC 8995 5.5.3: this device was sold to another domain");
	if (c->assertion == VOUCHER_ASSERTION_NONE)
		c->assertion =
		    owner.len != 0 ? VOUCHER_VERIFIED : VOUCHER_LOGGED;
	return 0;
}

/* [RFC8995 5.5.4] Without a nonce no device has said that it is here: only a
 * registrar that is known may ask. */
static int
check_nonceless(
    const struct masa_case *c, const struct masa_ask *ask, struct reason *why)
{
	if (c->request.v.nonce.len != 0)
		return 0;
	if (ask->tls_client.len == 0)
		return refuse(why,
		    "RFC 8995 5.5.4: a request without a nonce needs a TLS "
		    "client certificate");
	if (c->device.owner.len != 0 &&
	    domain_chain_has(&c->chain, ask->tls_client))
		return 0;
	if (trust_verify_client(
		ask->customers, ask->tls_client, ask->now, NULL) == 0)
		return 0;
	return refuse(why,
	    "RFC 8995 5.5.4: a request without a nonce needs the TLS client "
	    "certificate of a customer, or of the domain that owns the device");
}

static int
judge(struct masa_case *c, const struct masa_ask *ask, struct reason *why)
{
	const struct voucher_open_params params = {
	    .format = ask->format, .kind = VOUCHER_REQUEST};
	int err = voucher_open(&c->request, ask->body, &params, why);

	if (err == 0)
		err = check_request(&c->request.v, why);
	if (err == 0)
		err = domain_chain_order(&c->chain,
		    blob_bytes(&c->request.signer), c->request.certs.items,
		    c->request.certs.n, why);
	if (err == 0)
		err = domain_chain_check_registrar(&c->chain, ask->now, why);
	if (err == 0)
		err = find_device(&c->device, ask, &c->request.v, why);
	if (err == 0)
		err = check_issuer(c, why);
	if (err == 0)
		err = check_prior(c, why);
	if (err == 0)
		err = check_owner(c, ask, why);
	return err != 0 ? err : check_nonceless(c, ask, why);
}

int
masa_judge(
    struct masa_case *out, const struct masa_ask *ask, struct reason *why)
{
	AUTOFREE struct masa_case *c = calloc(1, sizeof(*c));
	int err = c != NULL ? 0 : -ERR_NOMEM;

	if (err != 0)
		return err;
	c->assertion = VOUCHER_ASSERTION_NONE;
	err = judge(c, ask, why);
	if (err != 0)
		masa_case_fini(c);
	else
		*out = *c;
	return err;
}
