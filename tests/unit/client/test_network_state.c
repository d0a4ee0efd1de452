#include "tests/unit/cmocka.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "client/network_state.h"
#include "tests/unit/client/certs.h"
#include "tests/unit/client/support.h"

static char dir[] = "/tmp/estuary-test-XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	char path[PATH_MAX];

	(void)state;
	snprintf(path, sizeof(path), "%s/networks", dir);
	rmdir(path);
	return rmdir(dir);
}

static int
parse(const char *text)
{
	struct network_state *state = calloc(1, sizeof(*state));
	struct reason why = {""};
	int err = network_state_parse(
	    state, (struct bytes){(const uint8_t *)text, strlen(text)}, &why);

	assert_int_equal(err != 0, why.text[0] != '\0');
	if (err == 0)
		network_state_fini(state);
	free(state);
	return err;
}

static void
assert_resolver_equal(const struct resolver *a, const struct resolver *b)
{
	assert_string_equal(a->adn, b->adn);
	assert_string_equal(a->label, b->label);
	assert_int_equal(a->port, b->port);
	assert_int_equal(a->n_addresses, b->n_addresses);
	for (size_t i = 0; i < a->n_addresses; i++)
		assert_true(ip_equal(&a->addresses[i], &b->addresses[i]));
	assert_int_equal(a->n_alpn, b->n_alpn);
	assert_string_equal(a->alpn[0], b->alpn[0]);
	assert_string_equal(a->dohpath, b->dohpath);
	assert_string_equal(a->state, b->state);
	assert_memory_equal(a->sha256, b->sha256, 32);
	assert_true(bytes_equal(blob_bytes(&a->cert), blob_bytes(&b->cert)));
}

static void
test_round_trip(void **state)
{
	struct network_state in, out;
	struct network_names names;
	struct reason why = {""};
	struct stat st;
	char path[PATH_MAX];

	(void)state;
	make_state(&in);
	assert_int_equal(0, network_state_save(dir, &in, &why));
	snprintf(path, sizeof(path), "%s/networks/home.json", dir);
	assert_int_equal(0, stat(path, &st));
	assert_int_equal(0600, st.st_mode & 07777);
	assert_int_equal(0, network_state_list(&names, dir, &why));
	assert_int_equal(1, names.n);
	assert_string_equal("home", names.items[0]);
	assert_int_equal(0, network_state_load(&out, dir, "home", &why));
	assert_string_equal(in.server_name, out.server_name);
	assert_int_equal(in.opted_in, out.opted_in);
	assert_int_equal(in.joined_at, out.joined_at);
	assert_memory_equal(in.root_sha256, out.root_sha256, 32);
	assert_int_equal(in.anchor.n, out.anchor.n);
	assert_int_equal(in.resolvers.n, out.resolvers.n);
	for (size_t i = 0; i < in.resolvers.n; i++)
		assert_resolver_equal(
		    &in.resolvers.items[i], &out.resolvers.items[i]);
	network_state_fini(&out);
	assert_int_equal(0, network_state_remove(dir, "home", &why));
	assert_int_equal(
	    -ERR_NOT_FOUND, network_state_remove(dir, "home", &why));
	assert_int_equal(
	    -ERR_NOT_FOUND, network_state_load(&out, dir, "home", &why));
	network_state_fini(&in);
}

/* A file that others may write, and one under another network's name. */
static void
test_foreign_file_refused(void **state)
{
	struct network_state in, out;
	struct reason why = {""};
	char home[PATH_MAX], other[PATH_MAX];

	(void)state;
	make_state(&in);
	assert_int_equal(0, network_state_save(dir, &in, &why));
	snprintf(home, sizeof(home), "%s/networks/home.json", dir);
	snprintf(other, sizeof(other), "%s/networks/other.json", dir);
	assert_int_equal(0, chmod(home, 0620));
	assert_int_equal(
	    -ERR_PERMISSION, network_state_load(&out, dir, "home", &why));
	assert_int_equal(0, chmod(home, 0600));
	assert_int_equal(0, rename(home, other));
	assert_int_equal(
	    -ERR_CORRUPT, network_state_load(&out, dir, "other", &why));
	assert_int_equal(0, network_state_remove(dir, "other", &why));
	network_state_fini(&in);
}

static void
test_names(void **state)
{
	static const char *const bad[] = {
	    "", "a/b", "../x", "a b", "caf\xc3\xa9"};
	char long_one[NETWORK_NAME_MAX + 2];
	struct network_state out;
	struct reason why;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(network_name_is_valid(bad[i]));
		assert_int_equal(
		    -ERR_INVALID, network_state_load(&out, dir, bad[i], &why));
	}
	memset(long_one, 'a', sizeof(long_one) - 1);
	long_one[sizeof(long_one) - 1] = '\0';
	assert_false(network_name_is_valid(long_one));
	assert_true(network_name_is_valid(long_one + 1));
	assert_true(network_name_is_valid("est.example.net"));
}

/* The good text with one member replaced (or removed when value is NULL). */
static char *
changed(const char *good, const char *key, json_t *value, bool resolver)
{
	json_t *root = json_loads(good, 0, NULL), *object = root;
	char *text;

	if (resolver)
		object = json_array_get(json_object_get(root, "resolvers"), 0);
	if (value == NULL)
		json_object_del(object, key);
	else
		json_object_set_new(object, key, value);
	text = json_dumps(root, 0);
	json_decref(root);
	return text;
}

static void
assert_change_refused(
    const char *good, const char *key, json_t *value, bool resolver)
{
	char *text = changed(good, key, value, resolver);

	if (parse(text) != -ERR_CORRUPT)
		fail_msg("accepted with another %s", key);
	free(text);
}

static void
test_each_member_broken_refused(void **state)
{
	static const char *const keys[] = {"version", "network", "opted_in",
	    "joined_at", "server_name", "root", "root_sha256", "intermediates",
	    "resolvers"};
	static const char *const inner[] = {
	    "adn", "label", "sha256", "certificate"};
	struct network_state in;
	struct buf good = {0};

	(void)state;
	make_state(&in);
	assert_int_equal(0, network_state_encode(&good, &in));
	network_state_fini(&in);
	assert_int_equal(0, parse(buf_text(&good)));
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *text = buf_text(&good);

		assert_change_refused(text, keys[i], NULL, false);
		assert_change_refused(text, keys[i], json_integer(7), false);
		assert_change_refused(text, keys[i], json_string("?/"), false);
		assert_change_refused(text, keys[i], json_array(), false);
	}
	for (size_t i = 0; i < ARRAY_LEN(inner); i++) {
		const char *text = buf_text(&good);

		assert_change_refused(text, inner[i], NULL, true);
		assert_change_refused(text, inner[i], json_integer(7), true);
		assert_change_refused(
		    text, inner[i], json_string("stray"), true);
	}
	buf_fini(&good);
}

/* Well-formed, but the pieces do not belong together. */
static void
test_swapped_pieces_refused(void **state)
{
	struct network_state in;
	struct buf good = {0};
	char zeros[65];

	(void)state;
	make_state(&in);
	assert_int_equal(0, network_state_encode(&good, &in));
	network_state_fini(&in);
	memset(zeros, '0', 64);
	zeros[64] = '\0';
	assert_change_refused(
	    buf_text(&good), "root_sha256", json_string(zeros), false);
	assert_change_refused(
	    buf_text(&good), "root", json_string(PEM_FREEROOT), false);
	assert_change_refused(
	    buf_text(&good), "root", json_string(PEM_ROOT PEM_ROOT), false);
	assert_change_refused(
	    buf_text(&good), "certificate", json_string(PEM_NEXT), true);
	assert_change_refused(
	    buf_text(&good), "adn", json_string("x.example.net"), true);
	assert_change_refused(
	    buf_text(&good), "label", json_string("doq"), true);
	assert_change_refused(
	    buf_text(&good), "port", json_integer(65536), true);
	buf_fini(&good);
}

static void
test_truncation_refused(void **state)
{
	struct network_state in;
	struct buf good = {0};
	struct network_state *out = calloc(1, sizeof(*out));
	size_t end;

	(void)state;
	make_state(&in);
	assert_int_equal(0, network_state_encode(&good, &in));
	network_state_fini(&in);
	end = good.len - 1; /* without the LF */
	for (size_t len = 0; len < end; len += 7)
		assert_int_equal(-ERR_CORRUPT,
		    network_state_parse(out,
			(struct bytes){(const uint8_t *)good.data, len}, NULL));
	assert_int_equal(-ERR_CORRUPT, parse("[]"));
	assert_int_equal(-ERR_CORRUPT, parse("{\"version\":1,\"version\":1}"));
	free(out);
	buf_fini(&good);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_foreign_file_refused),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_each_member_broken_refused),
	    cmocka_unit_test(test_swapped_pieces_refused),
	    cmocka_unit_test(test_truncation_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
