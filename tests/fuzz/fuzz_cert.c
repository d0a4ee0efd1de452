#include <string.h>

#include "base/str.h"
#include "tests/fuzz/certs.h"
#include "tests/fuzz/fuzz.h"

static void
check_as_pem(struct bytes der)
{
	struct cert_list list CLEANUP(cert_list_fini) = {0};
	struct buf pem CLEANUP(buf_fini) = {0};
	struct reason why = {""};

	FUZZ_CHECK(cert_to_pem(&pem, der) == 0);
	FUZZ_CHECK(
	    cert_list_from_pem(&list,
		(struct bytes){(const uint8_t *)pem.data, pem.len}, &why) == 0);
	FUZZ_CHECK(list.n == 1);
	FUZZ_CHECK(bytes_equal(blob_bytes(&list.items[0]), der));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	struct cert_info info;
	struct reason why = {""};
	int err = cert_parse(&info, in, &why);

	fuzz_check_refusal(err, &why);
	if (err != 0)
		return 0;
	FUZZ_CHECK(
	    strspn(info.serial, "0123456789abcdef") == strlen(info.serial));
	/* RFC 4514 text escapes what is not printable. */
	FUZZ_CHECK(str_is_printable(info.subject));
	FUZZ_CHECK(str_is_printable(info.issuer));
	fuzz_check_names(&info.names);
	check_as_pem(in);
	return 0;
}
