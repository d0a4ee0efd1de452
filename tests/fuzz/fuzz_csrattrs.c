/* What an EST server wants in a certification request, DER. */
#include <string.h>

#include "ca/csrattrs.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct csrattrs_wish wish;
	struct reason why = {""};
	int err = csrattrs_decode(&wish, (struct bytes){data, size}, &why);

	fuzz_check_refusal(err, &why);
	if (err == 0)
		FUZZ_CHECK(memchr(wish.other_key, '\0',
			       sizeof(wish.other_key)) != NULL);
	return 0;
}
