#include <string.h>

#include "ca/der.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size}, rest = in, content, element;
	struct buf header CLEANUP(buf_fini) = {0};

	if (der_check(in) != 0)
		return 0;
	/* Nothing behind it, and the header is the only one possible. */
	FUZZ_CHECK(der_read(&content, &rest, data[0]) == 0);
	FUZZ_CHECK(rest.len == 0);
	FUZZ_CHECK(der_header_len(content.len) + content.len == size);
	FUZZ_CHECK(der_add_header(&header, data[0], content.len) == 0);
	FUZZ_CHECK(memcmp(header.data, data, header.len) == 0);
	while (der_read_element(&element, &content) == 0)
		FUZZ_CHECK((data[0] & 0x20) == 0 || der_check(element) == 0);
	FUZZ_CHECK((data[0] & 0x20) == 0 || content.len == 0);
	FUZZ_CHECK(der_check((struct bytes){data, size - 1}) != 0);
	return 0;
}
