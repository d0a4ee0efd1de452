#include "tests/unit/registrar/support.h"

#include "tests/unit/cmocka.h"

#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "ca/authority.h"
#include "ca/issue_log.h"

static void
start_ca(struct office *o)
{
	const struct signer_config config = {
	    .ca_dir = o->ca_dir, .server_name = "est.example.net"};
	struct authority_params *params = calloc(1, sizeof(*params));
	struct constraints *c;
	struct reason why = {""};

	assert_non_null(params);
	c = &params->constraints;
	params->domain = "example.net";
	params->root_days = 3650;
	params->issuing_days = 1825;
	strcpy(c->domains[c->n_domains++], "example.net");
	assert_int_equal(
	    0, ip_prefix_parse(&c->prefixes[c->n_prefixes++], "192.0.2.0/24"));
	assert_int_equal(
	    0, ip_prefix_parse(&c->prefixes[c->n_prefixes++], "2001:db8::/32"));
	if (authority_create(o->ca_dir, params, &why) != 0 ||
	    signer_start(&o->signer, &config, &why) != 0)
		fail_msg("%s", why.text);
	free(params);
}

static int
setup(void **state, bool with_ca)
{
	struct registrar_config config = {.server_name = "est.example.net",
	    .guesses_password = 10,
	    .guesses_code = 1000,
	    .backoff_max_s = 60,
	    .source_burst = 5,
	    .source_per_minute = 1,
	    .total_burst = 8,
	    .total_per_minute = 1};
	struct office *o = calloc(1, sizeof(*o));

	assert_non_null(o);
	assert_int_equal(0, fixture_setup((void **)&o->db));
	assert_int_equal(
	    0, str_format(o->ca_dir, sizeof(o->ca_dir), "%s/ca", o->db->dir));
	if (with_ca)
		start_ca(o);
	sem_init(&o->done, 0, 0);
	assert_int_equal(0, background_start(&o->background, 4));
	memset(config.root_sha256, 0xa5, sizeof(config.root_sha256));
	config.store = o->db->store;
	config.signer = o->signer;
	config.background = o->background;
	assert_int_equal(0, registrar_new(&o->registrar, &config));
	*state = o;
	return 0;
}

int
office_setup(void **state)
{
	return setup(state, false);
}

int
office_setup_with_ca(void **state)
{
	return setup(state, true);
}

static void
remove_ca(const struct office *o)
{
	static const char *const files[] = {CA_ROOT_KEY, CA_ROOT_CERT,
	    CA_ISSUING_KEY, CA_ISSUING_CERT, ISSUE_LOG_FILE};
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (str_format(
			path, sizeof(path), "%s/%s", o->ca_dir, files[i]) == 0)
			unlink(path);
	rmdir(o->ca_dir);
}

int
office_teardown(void **state)
{
	struct office *o = *state;
	void *db = o->db;
	int result;

	background_stop(o->background);
	signer_stop(o->signer);
	store_stop(o->db->store);
	registrar_free(o->registrar);
	remove_ca(o);
	sem_destroy(&o->done);
	free(o);
	result = fixture_teardown(&db);
	return result;
}
