#include "tests/fuzz/vouchers.h"

#include <string.h>

#include "base/str.h"
#include "voucher/fields.h"

void
fuzz_check_voucher(const struct voucher *v)
{
	FUZZ_CHECK(strlen(v->serial_number) < VOUCHER_SERIAL_MAX);
	FUZZ_CHECK(str_is_printable(v->serial_number));
	FUZZ_CHECK(v->assertion >= VOUCHER_ASSERTION_NONE &&
		   v->assertion <= VOUCHER_AGENT_PROXIMITY);
	FUZZ_CHECK(v->nonce.len <= VOUCHER_NONCE_MAX);
	FUZZ_CHECK(!v->nonce.is_text || v->nonce.len == 0 ||
		   memchr(v->nonce.data, '\0', v->nonce.len) == NULL);
	FUZZ_CHECK(v->created_on >= 0 && v->expires_on >= 0 &&
		   v->last_renewal_date >= 0);
	for (size_t i = 0; i < n_voucher_fields; i++) {
		const struct voucher_field *field = &voucher_fields[i];

		/* What is not of this kind is absent. */
		if ((v->kind == VOUCHER_REQUEST ? field->sid_request
						: field->sid_voucher) == 0)
			FUZZ_CHECK(!voucher_field_is_set(v, field));
	}
}

static void
check_opened(const struct voucher_opened *opened, enum voucher_kind kind)
{
	struct reason why = {""};

	FUZZ_CHECK(opened->v.kind == kind);
	FUZZ_CHECK(opened->signer.len != 0);
	FUZZ_CHECK(opened->certs.n <= VOUCHER_CERTS_MAX);
	fuzz_check_voucher(&opened->v);
	fuzz_check_refusal(voucher_check(&opened->v, &why), &why);
}

/* Stripping never makes more of it, and strips but once. */
static void
check_strip(enum voucher_format format, struct bytes artifact)
{
	struct blob once = {0}, twice = {0};

	if (voucher_strip(&once, format, artifact) != 0)
		return;
	FUZZ_CHECK(voucher_strip(&twice, format, blob_bytes(&once)) == 0);
	FUZZ_CHECK(bytes_equal(blob_bytes(&once), blob_bytes(&twice)));
	blob_fini(&once);
	blob_fini(&twice);
}

void
fuzz_open_voucher(enum voucher_format format, struct bytes in)
{
	uint8_t choice = fuzz_take_byte(&in);
	struct voucher_open_params params = {.format = format,
	    .kind = (choice & 1) != 0 ? VOUCHER_VOUCHER : VOUCHER_REQUEST,
	    .plain_root = (choice & 2) != 0};
	struct voucher_opened opened;
	struct reason why = {""};
	int err = voucher_open(&opened, in, &params, &why);

	fuzz_check_refusal(err, &why);
	check_strip(format, in);
	if (err != 0)
		return;
	check_opened(&opened, params.kind);
	voucher_opened_fini(&opened);
}
