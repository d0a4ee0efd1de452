#include "tests/unit/cmocka.h"

#include <netinet/in.h>
#include <string.h>

#include "client/attempts.h"

/* What each candidate does, by its index, and who was asked. */
struct script {
	int outcomes[CANDIDATES_MAX];
	const char *asked[128];
	size_t n_asked;
};

static int
play(void *arg, const struct candidate *candidate,
    const struct sockaddr_storage *address, struct reason *why)
{
	struct script *script = arg;
	int outcome = script->outcomes[candidate->text[0] - 'a'];

	(void)address;
	script->asked[script->n_asked++] = candidate->text;
	return reason_set(why, outcome, "reason of %s", candidate->text);
}

static void
set_address(struct sockaddr_storage *address, size_t i, size_t k)
{
	struct sockaddr_in *in = (struct sockaddr_in *)address;

	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(0x0a000000u + (uint32_t)(i << 8 | k));
}

/* Candidates "a", "b", ... that claim the names given. */
static void
make_list(struct candidates *list, const char *const names[], size_t n,
    size_t n_addresses)
{
	memset(list, 0, sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		list->items[i].text[0] = (char)('a' + i);
		strcpy(list->items[i].name, names != NULL ? names[i] : "");
		list->items[i].n_addresses = n_addresses;
		for (size_t k = 0; k < n_addresses; k++)
			set_address(&list->items[i].addresses[k], i, k);
	}
	list->n = n;
}

/* Four servers that do not know the code: the fourth is never asked. */
static void
test_three_answers_are_the_end_refused(void **state)
{
	struct script script = {.outcomes = {1, 1, 1, 0}};
	struct attempts attempts = {0};
	struct candidates list;

	(void)state;
	make_list(&list, NULL, 4, 2);
	assert_int_equal(
	    -ERR_REFUSED, attempts_run(&attempts, &list, NULL, play, &script));
	assert_int_equal(3, script.n_asked);
	assert_int_equal(3, attempts.n_answers);
	assert_string_equal("reason of a", attempts.why.text);
	assert_int_equal(
	    -ERR_REFUSED, attempts_run(&attempts, &list, NULL, play, &script));
	assert_int_equal(3, script.n_asked);
}

static void
test_those_without_an_answer_do_not_count(void **state)
{
	struct script script = {.outcomes = {-ERR_TIMEOUT, ATTEMPT_NO_PAKE,
				    -ERR_UNREACHABLE, 1, ATTEMPT_NO_PAKE, 0}};
	struct attempts attempts = {0};
	struct candidates list;

	(void)state;
	make_list(&list, NULL, 6, 1);
	assert_int_equal(
	    0, attempts_run(&attempts, &list, NULL, play, &script));
	assert_int_equal(6, script.n_asked);
	assert_int_equal(1, attempts.n_answers);
}

/* Every candidate's first address before anybody's second, so that a spoofed
 * address of the right one does not keep it out. */
static void
test_addresses_in_turn(void **state)
{
	static const char *const order[] = {"a", "b", "a", "b", "a", "b"};
	struct script script = {.outcomes = {-ERR_TIMEOUT, ATTEMPT_NO_PAKE}};
	struct attempts attempts = {0};
	struct candidates list;

	(void)state;
	make_list(&list, NULL, 2, 3);
	assert_int_equal(
	    -ERR_REFUSED, attempts_run(&attempts, &list, NULL, play, &script));
	assert_int_equal(ARRAY_LEN(order), script.n_asked);
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		assert_string_equal(order[i], script.asked[i]);
	assert_string_equal("reason of b", attempts.why.text);
}

/* Found twice, by unicast DNS and by mDNS, it is asked once. */
static void
test_same_address_once(void **state)
{
	struct script script = {.outcomes = {1, 1}};
	struct attempts attempts = {0};
	struct candidates list;

	(void)state;
	make_list(&list, NULL, 2, 1);
	list.items[1].addresses[0] = list.items[0].addresses[0];
	assert_int_equal(
	    -ERR_REFUSED, attempts_run(&attempts, &list, NULL, play, &script));
	assert_int_equal(1, script.n_asked);
	strcpy(list.items[1].name, "other.test");
	assert_int_equal(
	    -ERR_REFUSED, attempts_run(&attempts, &list, NULL, play, &script));
	assert_int_equal(2, script.n_asked);
}

/* What comes first may not use up all answers. */
static void
test_answers_are_reserved(void **state)
{
	struct script script = {.outcomes = {1, 1, 1, 0}};
	struct attempts attempts = {.answers_max = 2};
	struct candidates list;

	(void)state;
	make_list(&list, NULL, 4, 1);
	assert_int_equal(
	    -ERR_REFUSED, attempts_run(&attempts, &list, NULL, play, &script));
	assert_int_equal(2, script.n_asked);
	attempts.answers_max = ATTEMPT_ANSWERS_MAX;
	assert_int_equal(
	    -ERR_REFUSED, attempts_run(&attempts, &list, NULL, play, &script));
	assert_int_equal(3, script.n_asked);
}

static void
test_connections_are_bounded(void **state)
{
	struct script script = {
	    .outcomes = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1}};
	struct attempts attempts = {0};
	struct candidates list;

	(void)state;
	make_list(&list, NULL, 10, 8);
	assert_int_equal(-ERR_UNREACHABLE,
	    attempts_run(&attempts, &list, NULL, play, &script));
	assert_int_equal(ATTEMPT_CONNECTIONS_MAX, script.n_asked);
	assert_false(attempts_take(&attempts));
}

/* Whoever knows the code and fails another check ends it. */
static void
test_final_is_final_refused(void **state)
{
	struct script script = {.outcomes = {1, ATTEMPT_FINAL, 0}};
	struct attempts attempts = {0};
	struct candidates list;

	(void)state;
	make_list(&list, NULL, 3, 1);
	assert_int_equal(
	    -ERR_REFUSED, attempts_run(&attempts, &list, NULL, play, &script));
	assert_int_equal(2, script.n_asked);
	assert_true(attempts.final);
	assert_string_equal("reason of b", attempts.why.text);
}

static void
test_only_the_wanted_first(void **state)
{
	static const char *const names[] = {"x.test", "est.test", "y.test"};
	struct script script = {.outcomes = {1, 1, 0}};
	struct attempts attempts = {0};
	struct candidates list;

	(void)state;
	make_list(&list, names, 3, 1);
	assert_int_equal(-ERR_REFUSED,
	    attempts_run(&attempts, &list, "est.test", play, &script));
	assert_int_equal(1, script.n_asked);
	assert_string_equal("b", script.asked[0]);
	assert_int_equal(
	    0, attempts_run(&attempts, &list, NULL, play, &script));
	assert_int_equal(3, script.n_asked);
}

/* Without a PAKE nothing is given away: more than three may be asked, as long
 * as there are connections left. */
static void
test_refused_certificates_go_on(void **state)
{
	struct script script = {.outcomes = {ATTEMPT_REFUSED, ATTEMPT_REFUSED,
				    ATTEMPT_REFUSED, ATTEMPT_REFUSED, 0}};
	struct attempts attempts = {0};
	struct candidates list;

	(void)state;
	make_list(&list, NULL, 5, 1);
	assert_int_equal(
	    0, attempts_run(&attempts, &list, NULL, play, &script));
	assert_int_equal(5, script.n_asked);
	memset(&attempts, 0, sizeof(attempts));
	memset(&script, 0, sizeof(script));
	for (size_t i = 0; i < CANDIDATES_MAX; i++)
		script.outcomes[i] = ATTEMPT_REFUSED;
	make_list(&list, NULL, 30, 3);
	assert_int_equal(
	    -ERR_REFUSED, attempts_run(&attempts, &list, NULL, play, &script));
	assert_int_equal(ATTEMPT_CONNECTIONS_MAX, script.n_asked);
	assert_string_equal("reason of a", attempts.why.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_refused_certificates_go_on),
	    cmocka_unit_test(test_three_answers_are_the_end_refused),
	    cmocka_unit_test(test_those_without_an_answer_do_not_count),
	    cmocka_unit_test(test_addresses_in_turn),
	    cmocka_unit_test(test_same_address_once),
	    cmocka_unit_test(test_answers_are_reserved),
	    cmocka_unit_test(test_connections_are_bounded),
	    cmocka_unit_test(test_final_is_final_refused),
	    cmocka_unit_test(test_only_the_wanted_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
