#include "tests/unit/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "server/crowd.h"
#include "server/turns.h"

#define MEMBERS 64

static struct turns *
turns_make(size_t max)
{
	struct turns *turns = NULL;

	assert_int_equal(turns_new(&turns, max), 0);
	return turns;
}

static void
test_empty(void **state)
{
	struct turns *turns = turns_make(1);
	struct turn turn = {0};

	(void)state;
	assert_true(turns_is_empty(turns));
	assert_false(turns_is_full(turns));
	assert_null(turns_take(turns));
	assert_null(turns_victim(turns));
	turns_leave(turns, &turn);
	turns_join(turns, &turn, CROWD_SOURCES - 1);
	assert_true(turns_is_full(turns));
	assert_false(turns_is_empty(turns));
	assert_ptr_equal(turns_take(turns), &turn);
	assert_true(turns_is_empty(turns));
	assert_null(turns_take(turns));
	turns_leave(turns, &turn);
	assert_true(turns_is_empty(turns));
	turns_free(turns);
}

/* However many one source has, another waits for one of them at most. */
static void
test_sources_take_turns(void **state)
{
	struct turns *turns = turns_make(MEMBERS);
	struct turn flood[20] = {0}, few[2] = {0}, one = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(flood); i++)
		turns_join(turns, &flood[i], 7);
	turns_join(turns, &few[0], 8);
	turns_join(turns, &few[1], 8);
	turns_join(turns, &one, 9);
	assert_ptr_equal(turns_take(turns), &flood[0]);
	assert_ptr_equal(turns_take(turns), &few[0]);
	assert_ptr_equal(turns_take(turns), &one);
	assert_ptr_equal(turns_take(turns), &flood[1]);
	assert_ptr_equal(turns_take(turns), &few[1]);
	/* It comes again, and is not the first for that. */
	turns_join(turns, &one, 9);
	assert_ptr_equal(turns_take(turns), &flood[2]);
	assert_ptr_equal(turns_take(turns), &one);
	for (size_t i = 3; i < ARRAY_LEN(flood); i++)
		assert_ptr_equal(turns_take(turns), &flood[i]);
	assert_true(turns_is_empty(turns));
	turns_free(turns);
}

static void
test_who_leaves_is_not_taken(void **state)
{
	struct turns *turns = turns_make(MEMBERS);
	struct turn turn[5] = {0};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		turns_join(turns, &turn[i], 1);
	turns_join(turns, &turn[4], 2);
	turns_leave(turns, &turn[1]);
	turns_leave(turns, &turn[1]);
	turns_leave(turns, &turn[0]);
	assert_ptr_equal(turns_take(turns), &turn[2]);
	turns_leave(turns, &turn[3]);
	assert_ptr_equal(turns_take(turns), &turn[4]);
	assert_true(turns_is_empty(turns));
	turns_free(turns);
}

/* The one source whose turn it is when it leaves hands the turn on. */
static void
test_source_leaves_in_its_turn(void **state)
{
	struct turns *turns = turns_make(MEMBERS);
	struct turn turn[3] = {0};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		turns_join(turns, &turn[i], i);
	turns_leave(turns, &turn[0]);
	assert_ptr_equal(turns_take(turns), &turn[1]);
	assert_ptr_equal(turns_take(turns), &turn[2]);
	assert_null(turns_take(turns));
	turns_free(turns);
}

static void
test_victim_has_most(void **state)
{
	struct turns *turns = turns_make(MEMBERS);
	struct turn few[4] = {0}, flood[20] = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(few); i++)
		turns_join(turns, &few[i], i);
	for (size_t i = 0; i < ARRAY_LEN(flood); i++)
		turns_join(turns, &flood[i], 100);
	for (size_t i = 0; i + 1 < ARRAY_LEN(flood); i++) {
		assert_ptr_equal(turns_victim(turns), &flood[i]);
		turns_leave(turns, &flood[i]);
	}
	/* Each has one: any of them. */
	assert_non_null(turns_victim(turns));
	turns_free(turns);
}

/* The same numbers in each run (Numerical Recipes' generator). */
static size_t
pick(uint32_t *state, size_t below)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 16) % below;
}

/* Against a plain list: nobody is lost or taken twice, the order of each source
 * holds, and a victim's source has the average at least. */
static void
test_model(void **state)
{
	struct turns *turns = turns_make(MEMBERS);
	struct turn turn[MEMBERS] = {0};
	size_t source[MEMBERS], n[8] = {0}, waiting = 0, n_sources;
	uint64_t came[MEMBERS] = {0}, clock = 0;
	uint32_t seed = 1;

	(void)state;
	for (int step = 0; step < 50000; step++) {
		size_t i = pick(&seed, MEMBERS);
		struct turn *got = NULL;

		if (turn[i].source == NULL && pick(&seed, 3) != 0) {
			source[i] = pick(&seed, 8) * pick(&seed, 8) % 8;
			turns_join(turns, &turn[i], source[i]);
			came[i] = ++clock;
			n[source[i]]++;
			waiting++;
		} else if (turn[i].source != NULL && pick(&seed, 4) == 0) {
			turns_leave(turns, &turn[i]);
			n[source[i]]--;
			waiting--;
		} else if ((got = turns_take(turns)) != NULL) {
			size_t k = (size_t)(got - turn);

			for (size_t j = 0; j < MEMBERS; j++)
				assert_false(turn[j].source != NULL &&
					     source[j] == source[k] &&
					     came[j] < came[k]);
			n[source[k]]--;
			waiting--;
		}
		got = turns_victim(turns);
		assert_int_equal(got == NULL, waiting == 0);
		assert_int_equal(turns_is_empty(turns), waiting == 0);
		assert_int_equal(turns_is_full(turns), waiting == MEMBERS);
		n_sources = 0;
		for (size_t s = 0; s < 8; s++)
			n_sources += n[s] != 0;
		if (got != NULL)
			assert_true(
			    n[source[got - turn]] * n_sources >= waiting);
	}
	turns_free(turns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_sources_take_turns),
	    cmocka_unit_test(test_who_leaves_is_not_taken),
	    cmocka_unit_test(test_source_leaves_in_its_turn),
	    cmocka_unit_test(test_victim_has_most),
	    cmocka_unit_test(test_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
