#include "tests/fuzz/certs.h"

#include "ca/der.h"
#include "tests/fuzz/fuzz.h"

void
fuzz_check_names(const struct names *names)
{
	struct names again = {0};

	FUZZ_CHECK(names->n <= NAMES_MAX);
	for (size_t i = 0; i < names->n; i++)
		FUZZ_CHECK(names_add(&again, names->items[i].type,
			       names->items[i].text) == 0);
	FUZZ_CHECK(again.n == names->n);
	FUZZ_CHECK(names_equal(&again, names));
}

bool
fuzz_cert_lists_equal(const struct cert_list *a, const struct cert_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!bytes_equal(
			blob_bytes(&a->items[i]), blob_bytes(&b->items[i])))
			return false;
	return true;
}

void
fuzz_cert_list(struct cert_list *out, struct bytes in)
{
	struct bytes der;

	while (der_read_element(&der, &in) == 0)
		if (cert_list_add(out, der) != 0)
			return;
	if (in.len != 0)
		FUZZ_CHECK(
		    cert_list_add(out, in) == 0 || out->n == CERT_LIST_MAX);
}
