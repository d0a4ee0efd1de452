#include "tests/fuzz/fuzz.h"
#include "voucher/cbor_item.h"

/* Every reader may be asked about every item. */
static void
check_item(const cbor_item_t *item)
{
	struct bytes bytes;
	uint64_t number;
	int64_t value;
	bool flag;
	size_t n = 0;
	int kinds = 0;

	kinds += cbor_item_bytes(&bytes, item);
	kinds += cbor_item_text(&bytes, item);
	kinds += cbor_item_bool(&flag, item);
	kinds += cbor_item_is_null(item);
	kinds += cbor_item_array(&n, item) != NULL;
	kinds += cbor_item_map(&n, item) != NULL;
	if (cbor_item_uint(&number, item) && number <= INT64_MAX)
		FUZZ_CHECK(cbor_item_int(&value, item));
	kinds += cbor_item_int(&value, item);
	FUZZ_CHECK(kinds <= 1);
	if (cbor_map_is_plain(item))
		FUZZ_CHECK(cbor_isa_map(item));
}

/* libcbor, asked without the scan, agrees that it is well-formed. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cbor_load_result result;
	cbor_item_t *item = NULL, *again;
	struct cbor_pair *pairs;
	size_t n = 0;

	if (cbor_item_load(&item, (struct bytes){data, size}) != 0)
		return 0;
	check_item(item);
	pairs = cbor_item_map(&n, item);
	for (size_t i = 0; i < n && pairs != NULL; i++) {
		check_item(pairs[i].key);
		check_item(pairs[i].value);
	}
	again = cbor_load(data, size, &result);
	FUZZ_CHECK(again != NULL && result.read == size);
	cbor_decref(&again);
	cbor_decref(&item);
	return 0;
}
