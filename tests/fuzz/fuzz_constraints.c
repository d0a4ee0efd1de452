#include "ca/cert.h"
#include "ca/constraints_openssl.h"
#include "ca/openssl_util.h"
#include "tests/fuzz/fuzz.h"

/* Exactly what the constraints list lies within them. */
static void
check_names(const struct constraints *c)
{
	struct names inside = {0}, outside = {0};
	struct reason why = {""};
	char text[IP_TEXT_MAX];

	for (size_t i = 0; i < c->n_domains; i++) {
		FUZZ_CHECK(domain_is_valid(c->domains[i]));
		inside.n = 0;
		FUZZ_CHECK(names_add(&inside, NAME_DNS, c->domains[i]) == 0);
		FUZZ_CHECK(constraints_check(c, &inside, &why) == 0);
	}
	for (size_t i = 0; i < c->n_prefixes; i++) {
		FUZZ_CHECK(
		    ip_prefix_contains(&c->prefixes[i], &c->prefixes[i].addr));
		ip_format(text, &c->prefixes[i].addr);
		inside.n = 0;
		FUZZ_CHECK(names_add(&inside, NAME_IP, text) == 0);
		FUZZ_CHECK(constraints_check(c, &inside, &why) == 0);
	}
	FUZZ_CHECK(names_add(&outside, NAME_OTHER, "email") == 0);
	fuzz_check_refusal(constraints_check(c, &outside, &why), &why);
}

/* Path validation's rule for SRV-IDs is no looser than ours. */
static void
check_srv_ids(const struct constraints *c, struct bytes der)
{
	static const char *const domains[] = {
	    "example.net", "dns.example.net", "secret.example.net", "net"};
	X509 *cert CLEANUP(x509_freep) = NULL;
	struct reason why = {""};

	FUZZ_CHECK(x509_parse(&cert, der, &why) == 0);
	for (size_t i = 0; i < ARRAY_LEN(domains); i++) {
		struct names names = {0};
		int err;

		FUZZ_CHECK(names_add_srv(&names, "doh", domains[i]) == 0);
		err = constraints_check_srv(cert, &names, &why);
		fuzz_check_refusal(err, &why);
		FUZZ_CHECK(err != 0 || constraints_check(c, &names, &why) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct constraints c;
	struct bytes in = {data, size};
	struct reason why = {""};
	int err = constraints_from_cert(&c, in, &why);

	fuzz_check_refusal(err, &why);
	if (err != 0)
		return 0;
	FUZZ_CHECK(
	    c.n_domains <= CONSTRAINTS_MAX && c.n_prefixes <= CONSTRAINTS_MAX);
	FUZZ_CHECK(constraints_equal(&c, &c));
	check_names(&c);
	check_srv_ids(&c, in);
	return 0;
}
