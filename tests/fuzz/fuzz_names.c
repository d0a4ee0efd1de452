/* A name as text, of the type that the first byte says. */
#include <string.h>

#include "ca/names_openssl.h"
#include "ca/openssl_util.h"
#include "tests/fuzz/certs.h"
#include "tests/fuzz/fuzz.h"

static void
check_srv_id(const char *text)
{
	char label[SRV_LABEL_MAX], domain[DOMAIN_MAX + 1];
	struct names joined = {0}, whole = {0};
	int err = srv_id_split(label, domain, text);

	FUZZ_CHECK((err == 0) == (names_add(&whole, NAME_SRV, text) == 0));
	if (err != 0)
		return;
	FUZZ_CHECK(service_label_is_valid(label) && domain_is_valid(domain));
	FUZZ_CHECK(names_add_srv(&joined, label, domain) == 0);
	FUZZ_CHECK(names_equal(&joined, &whole));
}

/* What a certificate can carry comes back out of it as it went in. */
static void
check_general(const struct names *names)
{
	GENERAL_NAMES *general CLEANUP(general_names_freep) = NULL;
	struct names again = {0};
	struct reason why = {""};
	int err = names_to_general(&general, names);

	FUZZ_CHECK((err == 0) == (names->items[0].type != NAME_OTHER));
	if (err != 0)
		return;
	FUZZ_CHECK(names_from_general(&again, general, &why) == 0);
	FUZZ_CHECK(names_equal(names, &again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	enum name_type type =
	    (enum name_type)(fuzz_take_byte(&in) % (NAME_OTHER + 1));
	AUTOFREE char *text = fuzz_text(in);
	struct names names = {0};
	int err = names_add(&names, type, text);

	check_srv_id(text);
	FUZZ_CHECK(err == 0 || err == -ERR_INVALID || err == -ERR_TOO_LARGE);
	FUZZ_CHECK(names.n == (err == 0 ? 1 : 0));
	if (err != 0)
		return 0;
	FUZZ_CHECK(type != 0);
	FUZZ_CHECK(names_has(&names, type, names.items[0].text));
	/* Once more changes nothing. */
	FUZZ_CHECK(names_add(&names, type, text) == 0 && names.n == 1);
	fuzz_check_names(&names);
	check_general(&names);
	return 0;
}
