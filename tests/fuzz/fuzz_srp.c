/* The srp extension's body; and the same bytes as a list of cipher suites. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tls/srp.h"

static void
check_user(struct bytes user, struct bytes body)
{
	static const uint8_t seed[SRP_SEED_LEN];
	uint8_t salt[SRP_SALT_LEN], again[SRP_SALT_LEN];

	FUZZ_CHECK(user.len >= 1 && user.len <= SRP_USER_MAX);
	FUZZ_CHECK(user.len + 1 == body.len && body.data[0] == user.len);
	FUZZ_CHECK(user.data == body.data + 1);
	FUZZ_CHECK(memchr(user.data, '\0', user.len) == NULL);
	FUZZ_CHECK(srp_salt(salt, seed, user) == 0);
	FUZZ_CHECK(srp_salt(again, seed, user) == 0);
	FUZZ_CHECK(memcmp(salt, again, sizeof(salt)) == 0);
}

static bool
has_suite(struct bytes in)
{
	for (size_t i = 0; i + 1 < in.len; i += 2)
		if (in.data[i] == 0xc0 &&
		    (in.data[i + 1] == 0x20 || in.data[i + 1] == 0x1d))
			return true;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size}, user = {NULL, 0};
	int err = srp_user_parse(&user, in);

	FUZZ_CHECK(err == 0 || err == -ERR_INVALID);
	if (err == 0)
		check_user(user, in);
	else
		FUZZ_CHECK(user.data == NULL);
	FUZZ_CHECK(srp_suite_offered(in) == has_suite(in));
	return 0;
}
