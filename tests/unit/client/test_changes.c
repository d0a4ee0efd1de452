#include "tests/unit/cmocka.h"

#include <string.h>

#include "client/changes.h"
#include "tests/unit/client/certs.h"
#include "tests/unit/client/support.h"

struct fixture {
	struct network_state before, after;
	struct changes changes;
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	make_state(&f->before);
	make_state(&f->after);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	network_state_fini(&f->before);
	network_state_fini(&f->after);
	free(f);
	return 0;
}

/* The kinds found, one letter each. */
static const char *
kinds(struct fixture *f)
{
	static char text[CHANGES_MAX + 1];

	changes_find(&f->changes, &f->before, &f->after);
	for (size_t i = 0; i < f->changes.n; i++)
		text[i] = "?ria-=ps"[f->changes.items[i].kind];
	text[f->changes.n] = '\0';
	return text;
}

static void
remove_at(struct network_state *state, size_t i)
{
	struct resolver_set *set = &state->resolvers;

	blob_fini(&set->items[i].cert);
	memmove(&set->items[i], &set->items[i + 1],
	    (set->n - i - 1) * sizeof(set->items[0]));
	set->n--;
	memset(&set->items[set->n], 0, sizeof(set->items[0]));
}

/* As if the entry had another certificate. */
static struct resolver *
rehash(struct network_state *state, size_t i)
{
	state->resolvers.items[i].sha256[0] ^= 0xff;
	return &state->resolvers.items[i];
}

static void
test_nothing(void **state)
{
	assert_string_equal("", kinds(*state));
}

/* 0 and 1 are the DoT and DoH services of one certificate, 2 is DoT's next. */
static void
test_added_and_removed(void **state)
{
	struct fixture *f = *state;

	remove_at(&f->before, 2);
	assert_string_equal("a", kinds(f));
	assert_ptr_equal(
	    &f->after.resolvers.items[2], f->changes.items[0].after);
	assert_ptr_equal(f->changes.items[0].after, f->changes.items[0].before);
	remove_at(&f->after, 0);
	/* The service's only certificate went, and another came. */
	assert_string_equal("=", kinds(f));
	assert_ptr_equal(
	    &f->after.resolvers.items[1], f->changes.items[0].after);
	remove_at(&f->after, 1);
	assert_string_equal("-", kinds(f));
}

static void
test_replaced(void **state)
{
	struct fixture *f = *state;
	struct resolver *other = rehash(&f->after, 1);

	assert_string_equal("=", kinds(f));
	assert_ptr_equal(
	    &f->before.resolvers.items[1], f->changes.items[0].before);
	assert_ptr_equal(other, f->changes.items[0].after);
	/* Not by one of another service. */
	strcpy(other->adn, "other.example.net");
	assert_string_equal("-a", kinds(f));
}

/* Two of a service go, one comes: it takes one's place only. */
static void
test_replaced_once(void **state)
{
	struct fixture *f = *state;

	rehash(&f->after, 2);
	remove_at(&f->after, 0);
	assert_string_equal("=-", kinds(f));
	assert_ptr_equal(
	    &f->before.resolvers.items[2], f->changes.items[1].before);
}

static void
test_place_and_state(void **state)
{
	struct fixture *f = *state;
	struct resolver *r = &f->after.resolvers.items[0];

	strcpy(f->before.resolvers.items[0].state, "next");
	strcpy(r->state, "current");
	assert_string_equal("s", kinds(f));
	r->port++;
	assert_string_equal("ps", kinds(f));
	r->port--;
	r->addresses[0].bytes[3]++;
	assert_string_equal("ps", kinds(f));
	r->addresses[0].bytes[3]--;
	r->n_addresses = 0;
	assert_string_equal("ps", kinds(f));
	strcpy(f->after.resolvers.items[1].dohpath, "/other{?dns}");
	assert_string_equal("psp", kinds(f));
}

static void
test_anchor(void **state)
{
	struct fixture *f = *state;
	struct cert_list *anchor = &f->after.anchor;

	blob_fini(&anchor->items[--anchor->n]);
	assert_string_equal("i", kinds(f));
	f->after.root_sha256[31] ^= 1;
	assert_string_equal("r", kinds(f));
}

#define changes_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    changes_test(test_nothing),
	    changes_test(test_added_and_removed),
	    changes_test(test_replaced),
	    changes_test(test_replaced_once),
	    changes_test(test_place_and_state),
	    changes_test(test_anchor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
