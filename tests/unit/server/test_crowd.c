#include "tests/unit/cmocka.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "server/crowd.h"

#define MEMBERS 64

static struct ip_addr
address(const char *text)
{
	struct ip_addr ip;

	assert_int_equal(ip_parse(&ip, text), 0);
	return ip;
}

static struct crowd *
crowd_make(struct crowd_places *places, size_t max)
{
	struct crowd *crowd = NULL;

	assert_int_equal(crowd_new(&crowd, places, max), 0);
	return crowd;
}

static void
join(struct crowd *crowd, struct crowd_member *member, size_t source)
{
	assert_true(crowd_place_take(crowd_places(crowd), source));
	crowd_join(crowd, member, source);
}

static void
test_places(void **state)
{
	struct crowd_places *places = calloc(1, sizeof(*places));

	(void)state;
	assert_non_null(places);
	crowd_places_init(places, 3);
	for (int i = 0; i < 3; i++)
		assert_true(crowd_place_take(places, 7));
	assert_false(crowd_place_take(places, 7));
	assert_true(crowd_place_take(places, 8));
	crowd_place_give(places, 7);
	assert_true(crowd_place_take(places, 7));
	assert_false(crowd_place_take(places, 7));
	free(places);
}

static void
test_sources(void **state)
{
	struct crowd_places *places = calloc(1, sizeof(*places));
	struct crowd_places *others = calloc(1, sizeof(*others));
	struct ip_addr a = address("192.0.2.1"), b = address("192.0.2.2");
	struct ip_addr c = address("2001:db8::1");
	size_t moved = 0;

	(void)state;
	assert_non_null(places);
	assert_non_null(others);
	crowd_places_init(places, 1);
	crowd_places_init(others, 1);
	assert_int_equal(
	    crowd_source_of(places, &a), crowd_source_of(places, &a));
	assert_true(crowd_source_of(places, &c) < CROWD_SOURCES);
	/* Nobody can tell which addresses meet: another seed, other places. */
	for (int i = 0; i < 32; i++) {
		a.bytes[3] = b.bytes[3] = (uint8_t)i;
		moved +=
		    crowd_source_of(places, &a) != crowd_source_of(others, &b);
	}
	assert_true(moved > 16);
	free(places);
	free(others);
}

static void
test_oldest(void **state)
{
	struct crowd_places *places = calloc(1, sizeof(*places));
	struct crowd_member m[4] = {0};
	struct crowd *crowd;

	(void)state;
	assert_non_null(places);
	crowd_places_init(places, 100);
	crowd = crowd_make(places, 4);
	assert_null(crowd_oldest_of(crowd, 1));
	assert_null(crowd_oldest_of_largest(crowd));
	assert_false(crowd_may_have_idle(crowd, 1));
	for (size_t i = 0; i < 4; i++) {
		assert_false(crowd_is_full(crowd));
		join(crowd, &m[i], 1);
	}
	assert_true(crowd_is_full(crowd));
	assert_true(crowd_may_have_idle(crowd, 1));
	assert_null(crowd_oldest_of(crowd, 2));
	assert_ptr_equal(crowd_oldest_of(crowd, 1), &m[0]);
	/* Busy: the next one; idle again: the newest. */
	crowd_set_idle(crowd, &m[0], false);
	assert_ptr_equal(crowd_oldest_of(crowd, 1), &m[1]);
	crowd_set_idle(crowd, &m[0], true);
	crowd_renew(&m[1]);
	assert_ptr_equal(crowd_oldest_of(crowd, 1), &m[2]);
	crowd_leave(crowd, &m[2]);
	crowd_leave(crowd, &m[2]); /* changes nothing */
	assert_int_equal(crowd_size(crowd), 3);
	crowd_leave(crowd, &m[3]);
	assert_ptr_equal(crowd_oldest_of(crowd, 1), &m[0]);
	crowd_set_idle(crowd, &m[0], false);
	crowd_set_idle(crowd, &m[1], false);
	crowd_renew(&m[1]); /* busy: nothing to renew */
	assert_null(crowd_oldest_of(crowd, 1));
	assert_null(crowd_oldest_of_largest(crowd));
	assert_false(crowd_may_have_idle(crowd, 1));
	crowd_leave(crowd, &m[0]);
	crowd_leave(crowd, &m[1]);
	assert_int_equal(crowd_size(crowd), 0);
	assert_int_equal(atomic_load(&places->taken[1]), 0);
	crowd_free(crowd);
	free(places);
}

static void
test_largest(void **state)
{
	struct crowd_places *places = calloc(1, sizeof(*places));
	struct crowd_member flood[5] = {0}, quiet[2] = {0}, other = {0};
	struct crowd *crowd;

	(void)state;
	assert_non_null(places);
	crowd_places_init(places, 100);
	crowd = crowd_make(places, 8);
	/* The oldest of all is not the victim: its source has few. */
	join(crowd, &quiet[0], 1);
	join(crowd, &quiet[1], 1);
	join(crowd, &other, 3);
	for (size_t i = 0; i < 5; i++)
		join(crowd, &flood[i], 2);
	assert_ptr_equal(crowd_oldest_of_largest(crowd), &flood[0]);
	/* The largest has none that is idle: the next one's turn. */
	for (size_t i = 0; i < 5; i++)
		crowd_set_idle(crowd, &flood[i], false);
	assert_ptr_equal(crowd_oldest_of_largest(crowd), &quiet[0]);
	crowd_set_idle(crowd, &flood[3], true);
	assert_ptr_equal(crowd_oldest_of_largest(crowd), &flood[3]);
	crowd_leave(crowd, &flood[3]);
	crowd_leave(crowd, &quiet[0]);
	/* Of two that have as many, the one that has had them for longer. */
	assert_ptr_equal(crowd_oldest_of_largest(crowd), &other);
	crowd_free(crowd);
	free(places);
}

static void
test_place_is_handed_over(void **state)
{
	struct crowd_places *places = calloc(1, sizeof(*places));
	struct crowd_member old = {0}, new = {0};
	struct crowd *one, *two;

	(void)state;
	assert_non_null(places);
	crowd_places_init(places, 1);
	one = crowd_make(places, 8);
	two = crowd_make(places, 8);
	join(one, &old, 5);
	assert_false(crowd_place_take(places, 5));
	crowd_leave_place(one, &old);
	assert_false(crowd_place_take(places, 5));
	crowd_leave(one, &old); /* has no place to give any more */
	assert_false(crowd_place_take(places, 5));
	crowd_join(two, &new, 5);
	crowd_leave(two, &new);
	assert_int_equal(atomic_load(&places->taken[5]), 0);
	crowd_free(one);
	crowd_free(two);
	free(places);
}

/* --- against a model that counts everything anew --- */

struct model {
	size_t source[MEMBERS]; /* 0: not there */
	unsigned long idle_since[MEMBERS];
	unsigned long now;
	uint64_t random;
};

static size_t
model_count(const struct model *model, size_t source, bool idle)
{
	size_t n = 0;

	for (size_t i = 0; i < MEMBERS; i++)
		n += model->source[i] == source &&
		     (!idle || model->idle_since[i] != 0);
	return n;
}

static size_t
model_oldest(const struct model *model, size_t source)
{
	size_t oldest = MEMBERS;

	for (size_t i = 0; i < MEMBERS; i++)
		if (model->source[i] == source && model->idle_since[i] != 0 &&
		    (oldest == MEMBERS ||
			model->idle_since[i] < model->idle_since[oldest]))
			oldest = i;
	return oldest;
}

static void
agrees(const struct model *model, struct crowd *crowd,
    struct crowd_member members[MEMBERS])
{
	struct crowd_member *victim = crowd_oldest_of_largest(crowd);
	size_t largest = 0, n = 0;

	for (size_t s = 1; s < 8; s++) {
		size_t oldest = model_oldest(model, s);
		struct crowd_member *got = crowd_oldest_of(crowd, s);

		if (oldest == MEMBERS)
			assert_null(got);
		else
			assert_ptr_equal(got, &members[oldest]);
		assert_int_equal(crowd_may_have_idle(crowd, s), got != NULL);
		n += model_count(model, s, false);
		if (got != NULL && model_count(model, s, false) > largest)
			largest = model_count(model, s, false);
	}
	assert_int_equal(crowd_size(crowd), n);
	if (largest == 0) {
		assert_null(victim);
		return;
	}
	assert_non_null(victim);
	n = model->source[victim - members];
	assert_int_equal(model_count(model, n, false), largest);
	assert_ptr_equal(victim, &members[model_oldest(model, n)]);
}

/* The same sequence in each run, so that a failure can be looked into: a linear
 * congruential generator (Knuth's MMIX). */
static size_t
draw(struct model *model, size_t n)
{
	model->random =
	    model->random * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(model->random >> 33) % n;
}

static void
step(struct model *model, struct crowd *crowd,
    struct crowd_member members[MEMBERS])
{
	size_t i = draw(model, MEMBERS), s = 1 + draw(model, 7);

	model->now++;
	if (model->source[i] == 0) {
		join(crowd, &members[i], s);
		model->source[i] = s;
		model->idle_since[i] = model->now;
		return;
	}
	switch (draw(model, 4)) {
	case 0:
		crowd_leave(crowd, &members[i]);
		model->source[i] = 0;
		break;
	case 1:
		crowd_set_idle(crowd, &members[i], false);
		model->idle_since[i] = 0;
		break;
	case 2:
		crowd_set_idle(crowd, &members[i], true);
		if (model->idle_since[i] == 0)
			model->idle_since[i] = model->now;
		break;
	default:
		crowd_renew(&members[i]);
		if (model->idle_since[i] != 0)
			model->idle_since[i] = model->now;
		break;
	}
}

static void
test_model(void **state)
{
	struct crowd_places *places = calloc(1, sizeof(*places));
	struct crowd_member members[MEMBERS] = {0};
	struct model model = {0};
	struct crowd *crowd;

	(void)state;
	assert_non_null(places);
	crowd_places_init(places, MEMBERS);
	crowd = crowd_make(places, MEMBERS);
	for (int i = 0; i < 20000; i++) {
		step(&model, crowd, members);
		agrees(&model, crowd, members);
	}
	for (size_t i = 0; i < MEMBERS; i++)
		crowd_leave(crowd, &members[i]);
	for (size_t s = 0; s < CROWD_SOURCES; s++)
		assert_int_equal(atomic_load(&places->taken[s]), 0);
	crowd_free(crowd);
	free(places);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_sources),
	    cmocka_unit_test(test_oldest),
	    cmocka_unit_test(test_largest),
	    cmocka_unit_test(test_place_is_handed_over),
	    cmocka_unit_test(test_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
