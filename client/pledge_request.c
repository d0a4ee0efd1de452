#include "client/pledge_request.h"

#include <string.h>

#include "base/base64.h"
#include "base/random.h"
#include "base/str.h"

#define NONCE_BYTES 16
#define STALE_S 86400

static const struct {
	const char *name;
	enum pledge_misbehaviour misbehaviour;
} misbehaviours[] = {
    {"bad-signature", MISBEHAVE_BAD_SIGNATURE},
    {"big", MISBEHAVE_BIG},
    {"hang", MISBEHAVE_HANG},
    {"no-nonce", MISBEHAVE_NO_NONCE},
    {"other-idevid", MISBEHAVE_OTHER_IDEVID},
    {"repeat", MISBEHAVE_REPEAT},
    {"stale", MISBEHAVE_STALE},
    {"truncate", MISBEHAVE_TRUNCATE},
    {"wrong-proximity", MISBEHAVE_WRONG_PROXIMITY},
    {"wrong-serial", MISBEHAVE_WRONG_SERIAL},
    {"wrong-type", MISBEHAVE_WRONG_TYPE},
};

int
pledge_misbehaviour_parse(enum pledge_misbehaviour *out, const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(misbehaviours); i++) {
		if (strcmp(misbehaviours[i].name, text) != 0)
			continue;
		*out = misbehaviours[i].misbehaviour;
		return 0;
	}
	return -ERR_INVALID;
}

/* [RFC8995 5.2] At least 64 random bits. In JSON YANG's binary is base64. */
static int
make_nonce(struct voucher_nonce *out, enum voucher_format format)
{
	uint8_t octets[NONCE_BYTES];
	struct buf text = {0};
	int err;

	random_bytes(octets, sizeof(octets));
	memset(out, 0, sizeof(*out));
	if (format == VOUCHER_COSE_CBOR) {
		memcpy(out->data, octets, sizeof(octets));
		out->len = sizeof(octets);
		return 0;
	}
	err = base64_encode(&text, (struct bytes){octets, sizeof(octets)}, 0);
	if (err == 0) {
		memcpy(out->data, text.data, text.len);
		out->len = text.len;
		out->is_text = true;
	}
	buf_fini(&text);
	return err;
}

static int
fill_serial(struct voucher *v, const struct pledge_request_params *params)
{
	bool wrong = params->misbehave == MISBEHAVE_WRONG_SERIAL;

	return str_format(v->serial_number, sizeof(v->serial_number), "%s%s",
	    params->identity->serial_number, wrong ? "-X" : "");
}

/* [RFC8995 5.2] */
static int
fill(struct voucher *v, const struct voucher_nonce *nonce,
    const struct pledge_request_params *params)
{
	bool wrong = params->misbehave == MISBEHAVE_WRONG_PROXIMITY;
	bool stale = params->misbehave == MISBEHAVE_STALE;
	int err = fill_serial(v, params);

	v->assertion = VOUCHER_PROXIMITY;
	v->created_on = params->now - (stale ? STALE_S : 0);
	v->nonce = *nonce;
	if (err != 0)
		return err;
	return blob_copy(&v->proximity_registrar_cert,
	    wrong ? blob_bytes(&params->identity->chain.items[0])
		  : params->registrar_cert);
}

/* What a signature ends with, CMS's and COSE's being at the very end. */
static void
spoil_signature(struct blob *artifact, enum voucher_format format)
{
	static const char member[] = "\"signature\":\"";
	uint8_t *at = artifact->data + artifact->len - 1;

	if (format != VOUCHER_JWS_JSON) {
		*at ^= 1;
		return;
	}
	at = memmem(artifact->data, artifact->len, member, strlen(member));
	if (at == NULL)
		return;
	at += strlen(member);
	*at = *at == 'A' ? 'B' : 'A';
}

static int
enlarge(struct blob *artifact)
{
	size_t len = VOUCHER_MAX_BYTES + 1;
	uint8_t *more = calloc(1, len);

	if (more == NULL)
		return -ERR_NOMEM;
	memcpy(more, artifact->data, artifact->len < len ? artifact->len : len);
	blob_fini(artifact);
	*artifact = (struct blob){more, len};
	return 0;
}

static int
spoil(struct blob *artifact, const struct pledge_request_params *params)
{
	switch (params->misbehave) {
	case MISBEHAVE_BAD_SIGNATURE:
		spoil_signature(artifact, params->format);
		return 0;
	case MISBEHAVE_TRUNCATE:
		artifact->len /= 2;
		return 0;
	case MISBEHAVE_BIG:
		return enlarge(artifact);
	default:
		return 0;
	}
}

static int
sign(struct blob *out, const struct voucher *v,
    const struct pledge_request_params *params)
{
	/* A COSE request has none: the TLS connection has shown them. */
	const struct voucher_sign_params sign_params = {
	    .format = params->format,
	    .n_chain = params->format == VOUCHER_COSE_CBOR
			   ? 0
			   : params->identity->chain.n,
	};
	struct blob artifact = {0};
	int err =
	    voucher_sign(&artifact, v, params->identity->signer, &sign_params);

	if (err == 0)
		err = spoil(&artifact, params);
	if (err == 0)
		*out = artifact;
	else
		blob_fini(&artifact);
	return err;
}

int
pledge_request_make(struct blob *out, struct voucher_nonce *nonce,
    const struct pledge_request_params *params, struct reason *why)
{
	struct voucher_nonce fresh = {.len = 0};
	struct voucher v;
	int err = 0;

	voucher_init(&v, VOUCHER_REQUEST);
	if (params->misbehave != MISBEHAVE_NO_NONCE)
		err = make_nonce(&fresh, params->format);
	if (err == 0)
		err = fill(&v, &fresh, params);
	if (err == 0)
		err = sign(out, &v, params);
	voucher_fini(&v);
	if (err != 0)
		return reason_set(
		    why, err, "voucher request: %s", err_text(err));
	*nonce = fresh;
	return 0;
}
