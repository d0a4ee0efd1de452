/* The RDATA of an SVCB record, for a DoT and for a DoH service. */
#include <string.h>

#include "client/svcb.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/resolver.h"

#define ADN "dns.example.net"

static void
check_label(const char *label, struct bytes rdata)
{
	struct resolver resolver = {.adn = ADN};
	uint16_t priority = 0;
	int err;

	strcpy(resolver.label, label);
	err = svcb_parse(&resolver, &priority, rdata);
	FUZZ_CHECK(err == 0 || err == -ERR_INVALID || err == -ERR_NOT_FOUND);
	if (err != 0) {
		FUZZ_CHECK(priority == 0);
		FUZZ_CHECK(resolver.port == 0 && resolver.n_alpn == 0 &&
			   resolver.n_addresses == 0);
		return;
	}
	FUZZ_CHECK(priority != 0);
	FUZZ_CHECK(resolver_is(&resolver, ADN, label));
	fuzz_check_resolver(&resolver);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_label(LABEL_DOT, (struct bytes){data, size});
	check_label(LABEL_DOH, (struct bytes){data, size});
	return 0;
}
