/* estuary-join's command line, an argument a line. */
#include <string.h>

#include "client/network_state.h"
#include "client/options.h"
#include "tests/fuzz/fuzz.h"

#define ARGUMENTS_MAX 32

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char program[] = "estuary-join";
	struct bytes in = {data, size};
	char *argv[ARGUMENTS_MAX + 2] = {program}, *owned[ARGUMENTS_MAX];
	struct options options;
	struct reason why = {""};
	int argc = 1, err;

	while (in.len != 0 && argc <= ARGUMENTS_MAX) {
		owned[argc - 1] = fuzz_take_text(&in, '\n');
		argv[argc] = owned[argc - 1];
		argc++;
	}
	err = options_parse(&options, argc, argv, &why);
	fuzz_check_refusal(err, &why);
	if (err == 0) {
		FUZZ_CHECK(options.command >= COMMAND_JOIN &&
			   options.command <= COMMAND_VERSION);
		FUZZ_CHECK(options.network == NULL ||
			   network_name_is_valid(options.network));
		FUZZ_CHECK(
		    options.interfaces.n_interfaces <= MDNS_INTERFACES_MAX);
	}
	/* getopt permutes argv, not owned. */
	while (argc > 1)
		free(owned[--argc - 1]);
	return 0;
}
