#include "voucher/artifact.h"

#include "voucher/cms.h"
#include "voucher/cose.h"
#include "voucher/json.h"
#include "voucher/jws.h"
#include "voucher/sid.h"

#define AUTOBLOB CLEANUP(blob_fini)

int
voucher_sign(struct blob *out, const struct voucher *v,
    const struct voucher_signer *signer,
    const struct voucher_sign_params *params)
{
	struct blob content AUTOBLOB = {0};
	int err;

	if (params->format == VOUCHER_COSE_CBOR)
		err = voucher_cbor_encode(&content, v);
	else
		err = voucher_json_encode(&content, v, params->plain_root);
	if (err != 0)
		return err;
	switch (params->format) {
	case VOUCHER_CMS_JSON:
		return cms_sign_content(
		    out, blob_bytes(&content), signer, params);
	case VOUCHER_JWS_JSON:
		return jws_sign_content(
		    out, blob_bytes(&content), signer, params);
	case VOUCHER_COSE_CBOR:
		return cose_sign_content(
		    out, blob_bytes(&content), signer, params);
	}
	return -ERR_INVALID;
}

static int
open_content(struct blob *content, struct voucher_opened *out,
    struct bytes artifact, const struct voucher_open_params *params,
    struct reason *why)
{
	switch (params->format) {
	case VOUCHER_CMS_JSON:
		return cms_open_content(content, &out->signer, &out->certs,
		    artifact, params->candidates, why);
	case VOUCHER_JWS_JSON:
		return jws_open_content(content, &out->signer, &out->certs,
		    artifact, params->candidates, why);
	case VOUCHER_COSE_CBOR:
		return cose_open_content(content, &out->signer, &out->certs,
		    artifact, params->candidates, why);
	}
	return -ERR_INVALID;
}

static int
open_artifact(struct voucher_opened *out, struct bytes artifact,
    const struct voucher_open_params *params, struct reason *why)
{
	struct blob content AUTOBLOB = {0};
	int err = open_content(&content, out, artifact, params, why);

	if (err != 0)
		return err;
	if (params->format == VOUCHER_COSE_CBOR)
		return voucher_cbor_decode(
		    &out->v, blob_bytes(&content), params->kind, why);
	return voucher_json_decode(&out->v, blob_bytes(&content), params->kind,
	    params->plain_root, why);
}

int
voucher_open(struct voucher_opened *out, struct bytes artifact,
    const struct voucher_open_params *params, struct reason *why)
{
	struct voucher_opened opened = {.signer = {0}};
	int err;

	if (artifact.len == 0)
		return reason_set(why, -ERR_INVALID, "the voucher is empty");
	if (artifact.len > VOUCHER_MAX_BYTES)
		return reason_set(why, -ERR_TOO_LARGE,
		    "the voucher is larger than %zu bytes", VOUCHER_MAX_BYTES);
	voucher_init(&opened.v, params->kind);
	err = open_artifact(&opened, artifact, params, why);
	if (err != 0) {
		voucher_opened_fini(&opened);
		return err;
	}
	*out = opened;
	return 0;
}

void
voucher_opened_fini(struct voucher_opened *opened)
{
	voucher_fini(&opened->v);
	blob_fini(&opened->signer);
	voucher_certs_fini(&opened->certs);
}

int
voucher_strip(
    struct blob *out, enum voucher_format format, struct bytes artifact)
{
	if (artifact.len > VOUCHER_MAX_BYTES)
		return -ERR_TOO_LARGE;
	if (format == VOUCHER_COSE_CBOR)
		return cose_strip(out, artifact);
	return blob_copy(out, artifact);
}
