/* Browses for _est._tcp once and prints what it finds:
 *
 *	mdns_browse_tool INTERFACES TIMEOUT_MS SETTLE_MS
 *
 * For each instance "instance NAME", "host NAME", "address A:PORT" and "txt
 * STRING" lines, each with the instance's name in front; at the end "found N in
 * MS ms". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "mdns/browse.h"

static int
print_instance(void *arg, const struct mdns_instance *instance)
{
	const char *name = instance->name;
	char endpoint[ENDPOINT_TEXT_MAX];
	int *n = arg;

	printf("%s: host %s\n", name, instance->host);
	for (size_t i = 0; i < instance->n_addresses; i++) {
		endpoint_format(
		    endpoint, (const void *)&instance->addresses[i]);
		printf("%s: address %s\n", name, endpoint);
	}
	for (size_t i = 0; i < instance->n_txt; i++)
		printf("%s: txt %s\n", name, instance->txt[i]);
	++*n;
	return 0;
}

int
main(int argc, char **argv)
{
	struct mdns_config config = {0};
	int64_t timeout_ms, settle_ms, start_ms = clock_monotonic_ms();
	char *rest = NULL;
	int n = 0, err;

	if (argc != 4 || parse_number(&timeout_ms, argv[2], 600000) != 0 ||
	    parse_number(&settle_ms, argv[3], 600000) != 0)
		return 2;
	if (strcmp(argv[1], "-") != 0)
		for (char *name = strtok_r(argv[1], ",", &rest); name != NULL;
		     name = strtok_r(NULL, ",", &rest))
			if (config.n_interfaces == MDNS_INTERFACES_MAX ||
			    str_format(config.interfaces[config.n_interfaces++],
				sizeof(config.interfaces[0]), "%s", name) != 0)
				return 2;
	if (getenv("MDNS_TOOL_DEBUG") != NULL)
		log_set_level(LOG_LEVEL_DEBUG);
	err = mdns_browse("_est._tcp", &config, (int)timeout_ms, (int)settle_ms,
	    print_instance, &n);
	if (err != 0) {
		fprintf(stderr, "mdns_browse: %s\n", err_text(err));
		return 1;
	}
	printf("found %d in %lld ms\n", n,
	    (long long)(clock_monotonic_ms() - start_ms));
	return 0;
}
