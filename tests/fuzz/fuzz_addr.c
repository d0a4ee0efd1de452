/* One text as address, prefix, endpoint, and host with port. */
#include <string.h>

#include "base/addr.h"
#include "tests/fuzz/fuzz.h"

static void
check_ip(const char *text)
{
	struct ip_addr ip, again;
	char out[IP_TEXT_MAX];

	if (ip_parse(&ip, text) != 0)
		return;
	ip_format(out, &ip);
	FUZZ_CHECK(ip_parse(&again, out) == 0 && ip_equal(&ip, &again));
}

static void
check_prefix(const char *text)
{
	struct ip_prefix prefix;

	if (ip_prefix_parse(&prefix, text) != 0)
		return;
	FUZZ_CHECK(prefix.bits <= prefix.addr.len * 8);
	FUZZ_CHECK(ip_prefix_contains(&prefix, &prefix.addr));
}

static void
check_endpoint(const char *text)
{
	struct sockaddr_storage ss, again;
	socklen_t len, len_again;
	char out[ENDPOINT_TEXT_MAX];

	if (endpoint_parse(&ss, &len, text) != 0)
		return;
	endpoint_format(out, (const struct sockaddr *)&ss);
	FUZZ_CHECK(endpoint_parse(&again, &len_again, out) == 0);
	/* An IPv4-mapped address is printed as IPv4. */
	if (strstr(text, "ffff:") == NULL && strstr(text, "FFFF:") == NULL)
		FUZZ_CHECK(len == len_again && memcmp(&ss, &again, len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOFREE char *text = fuzz_text((struct bytes){data, size});
	char host[64];
	uint16_t port;

	check_ip(text);
	check_prefix(text);
	check_endpoint(text);
	if (host_port_split(host, sizeof(host), &port, text, 443) == 0)
		FUZZ_CHECK(host[0] != '\0' && strstr(text, host) != NULL);
	return 0;
}
