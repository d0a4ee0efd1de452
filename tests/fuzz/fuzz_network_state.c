#include <string.h>

#include "client/network_state.h"
#include "tests/fuzz/fuzz.h"

/* What is written is read as the same. */
static void
check_round_trip(const struct network_state *state)
{
	static struct network_state second;
	struct buf first CLEANUP(buf_fini) = {0};
	struct buf again CLEANUP(buf_fini) = {0};
	struct reason why = {""};

	FUZZ_CHECK(network_state_encode(&first, state) == 0);
	FUZZ_CHECK(network_state_parse(&second,
		       (struct bytes){(const uint8_t *)first.data, first.len},
		       &why) == 0);
	FUZZ_CHECK(network_state_encode(&again, &second) == 0);
	FUZZ_CHECK(strcmp(first.data, again.data) == 0);
	network_state_fini(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct network_state state;
	struct reason why = {""};
	int err = network_state_parse(&state, (struct bytes){data, size}, &why);

	fuzz_check_refusal(err, &why);
	if (err != 0)
		return 0;
	FUZZ_CHECK(network_name_is_valid(state.name));
	FUZZ_CHECK(domain_is_valid(state.server_name));
	FUZZ_CHECK(state.anchor.n > 0 && state.resolvers.n > 0);
	check_round_trip(&state);
	network_state_fini(&state);
	return 0;
}
