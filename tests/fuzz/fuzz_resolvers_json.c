/* /resolvers.json for a set of two services, one certificate each. */
#include <string.h>

#include "client/resolvers.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/resolver.h"

#define ADN "dns.example.net"

static void
set_init(struct resolver_set *set)
{
	memset(set, 0, sizeof(*set));
	set->n = 2;
	for (size_t i = 0; i < set->n; i++) {
		struct resolver *r = &set->items[i];

		strcpy(r->adn, ADN);
		strcpy(r->label, i == 0 ? LABEL_DOT : LABEL_DOH);
		memset(r->sha256, 0x11, sizeof(r->sha256));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct resolver_set set;
	struct reason why = {""};
	int err;

	set_init(&set);
	err = resolvers_describe(&set, (struct bytes){data, size}, &why);
	fuzz_check_refusal(err, &why);
	FUZZ_CHECK(set.n == 2);
	/* Described, or left alone: port 0. */
	for (size_t i = 0; i < set.n; i++) {
		FUZZ_CHECK(strcmp(set.items[i].adn, ADN) == 0);
		if (set.items[i].port != 0)
			fuzz_check_resolver(&set.items[i]);
	}
	return 0;
}
