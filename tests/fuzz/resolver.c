#include "tests/fuzz/resolver.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

void
fuzz_check_resolver(const struct resolver *resolver)
{
	struct resolver again;
	struct reason why = {""};
	json_t *json = resolver_to_json(resolver);

	FUZZ_CHECK(json != NULL);
	FUZZ_CHECK(resolver_from_json(&again, json, &why) == 0);
	json_decref(json);
	FUZZ_CHECK(resolver_is(&again, resolver->adn, resolver->label));
	FUZZ_CHECK(again.port == resolver->port && again.port != 0);
	FUZZ_CHECK(strcmp(again.dohpath, resolver->dohpath) == 0);
	FUZZ_CHECK((strcmp(again.label, LABEL_DOH) == 0) ==
		   dohpath_is_valid(again.dohpath));
	FUZZ_CHECK(again.n_alpn == resolver->n_alpn && again.n_alpn > 0);
	for (size_t i = 0; i < again.n_alpn; i++)
		FUZZ_CHECK(strcmp(again.alpn[i], resolver->alpn[i]) == 0);
	FUZZ_CHECK(again.n_addresses == resolver->n_addresses);
	for (size_t i = 0; i < again.n_addresses; i++)
		FUZZ_CHECK(
		    ip_equal(&again.addresses[i], &resolver->addresses[i]));
}
