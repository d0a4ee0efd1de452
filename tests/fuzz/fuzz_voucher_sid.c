#include "tests/fuzz/vouchers.h"
#include "voucher/json.h"
#include "voucher/sid.h"

/* What was read can be written, also as JSON, and is read as the same. */
static void
check_again(const struct voucher *v)
{
	struct voucher again;
	struct blob cbor = {0}, json = {0};

	FUZZ_CHECK(voucher_cbor_encode(&cbor, v) == 0);
	FUZZ_CHECK(
	    voucher_cbor_decode(&again, blob_bytes(&cbor), v->kind, NULL) == 0);
	FUZZ_CHECK(again.created_on == v->created_on &&
		   again.expires_on == v->expires_on);
	FUZZ_CHECK(voucher_nonce_equal(&again.nonce, &v->nonce));
	voucher_fini(&again);
	FUZZ_CHECK(voucher_json_encode(&json, v, false) == 0);
	blob_fini(&cbor);
	blob_fini(&json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	uint8_t choice = fuzz_take_byte(&in);
	struct voucher v;
	struct reason why = {""};
	int err = voucher_cbor_decode(&v, in,
	    (choice & 1) != 0 ? VOUCHER_VOUCHER : VOUCHER_REQUEST, &why);

	fuzz_check_refusal(err, &why);
	fuzz_check_voucher(&v);
	if (err == 0)
		check_again(&v);
	voucher_fini(&v);
	return 0;
}
