/* A signer that a keeper starts takes the settings of the start, whoever tells
 * it others: as code of an attacker's choice in estuaryd would. */
#include "tests/unit/cmocka.h"

#include <string.h>
#include <unistd.h>

#include "base/keeper.h"
#include "ca/authority.h"
#include "ca/signer_process.h"
#include "tests/unit/ca/craft.h"

struct fixture {
	struct craft_ca ca;
	struct signer_config config; /* of the start */
	struct keeper *keeper;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char argument[SIGNER_ARGUMENT_MAX];
	const struct keeper_acts acts = {.argument = argument};
	struct reason why = {""};

	craft_ca_create(&f->ca);
	f->config.ca_dir = f->ca.dir;
	f->config.server_name = CRAFT_SERVER;
	f->config.per_hour[PROFILE_ENDPOINT] = 5;
	assert_int_equal(0, signer_argument(argument, &f->config));
	if (keeper_start(&f->keeper, "test-keeper", &acts, &why) != 0)
		fail_msg("%s", why.text);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	keeper_stop(f->keeper);
	craft_ca_remove(&f->ca);
	free(f);
	return 0;
}

/* What the signer says to that. */
static int
told(struct fixture *f, const struct signer_config *config, struct reason *why)
{
	struct signer *signer = NULL;
	int err;

	assert_int_equal(0, signer_spawn(&signer, f->keeper, why));
	err = signer_open(signer, config, why);
	signer_stop(signer);
	return err;
}

static void
refused(struct fixture *f, const struct signer_config *config)
{
	struct reason why = {""};

	assert_int_equal(-ERR_REFUSED, told(f, config, &why));
	assert_non_null(strstr(why.text, "than when estuaryd was started"));
}

static void
test_the_same_again_and_again(void **state)
{
	struct fixture *f = *state;
	struct reason why = {""};

	for (int i = 0; i < 3; i++)
		if (told(f, &f->config, &why) != 0)
			fail_msg("%s", why.text);
}

static void
test_other_settings_refused(void **state)
{
	struct fixture *f = *state;
	struct signer_config other = f->config;

	other.per_hour[PROFILE_ENDPOINT] = 6;
	refused(f, &other);
	other = f->config;
	other.per_hour[PROFILE_EST_SERVER] = 1000;
	refused(f, &other);
	other = f->config;
	other.server_name = CRAFT_ADN;
	refused(f, &other);
}

/* Nothing of it is done before that is seen. */
static void
test_another_ca_refused(void **state)
{
	struct fixture *f = *state;
	const struct authority_params params = {
	    .domain = CRAFT_DOMAIN, .root_days = 10, .issuing_days = 5};
	struct signer_config other = f->config;
	char elsewhere[sizeof(f->ca.parent) + 16];

	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", f->ca.parent);
	other.ca_dir = elsewhere;
	refused(f, &other);
	other.create = &params;
	refused(f, &other);
	assert_int_not_equal(0, access(elsewhere, F_OK));
}

/* That there is a CA already is all that the wish to make one meets. */
static void
test_ca_in_its_place_refused(void **state)
{
	struct fixture *f = *state;
	const struct authority_params params = {
	    .domain = CRAFT_DOMAIN, .root_days = 10, .issuing_days = 5};
	struct signer_config other = f->config;
	struct reason why = {""};

	other.create = &params;
	assert_true(told(f, &other, &why) < 0);
	if (told(f, &f->config, &why) != 0)
		fail_msg("%s", why.text);
}

#define PIN_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    PIN_TEST(test_the_same_again_and_again),
	    PIN_TEST(test_other_settings_refused),
	    PIN_TEST(test_another_ca_refused),
	    PIN_TEST(test_ca_in_its_place_refused),
	};

	if (signer_is_called(argc, argv))
		return signer_main(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
