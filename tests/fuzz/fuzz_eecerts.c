/* A certificate of /eecerts, its signature aside: which services it is for. */
#include <string.h>

#include "client/judge.h"
#include "client/resolvers.h"
#include "tests/fuzz/fuzz.h"

static void
check_dns_ids(const struct cert_info *info, struct bytes der)
{
	char single[DOMAIN_MAX + 1];
	struct reason why = {""};
	bool has;
	int err = cert_single_dns_id(single, der, &why);

	fuzz_check_refusal(err, &why);
	FUZZ_CHECK(err != 0 || names_has(&info->names, NAME_DNS, single));
	FUZZ_CHECK(cert_has_dns_id(&has, der, "dns.example.net", &why) == 0);
	FUZZ_CHECK(has == names_has(&info->names, NAME_DNS, "dns.example.net"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct resolver_set set;
	static struct cert_info info;
	struct bytes in = {data, size};
	struct reason why = {""};

	if (cert_parse(&info, in, &why) != 0)
		return 0;
	check_dns_ids(&info, in);
	FUZZ_CHECK(resolvers_pick(&set, &info, in) == 0);
	FUZZ_CHECK(set.n == 0 || cert_is_dns_server(&info));
	for (size_t i = 0; i < set.n; i++) {
		const struct resolver *r = &set.items[i];

		FUZZ_CHECK(names_has(&info.names, NAME_DNS, r->adn));
		FUZZ_CHECK(dns_label_is_known(r->label));
		FUZZ_CHECK(domain_is_valid(r->adn));
		FUZZ_CHECK(bytes_equal(blob_bytes(&r->cert), in));
	}
	resolver_set_fini(&set);
	return 0;
}
