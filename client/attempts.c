#include "client/attempts.h"

#include <string.h>

bool
attempts_take(struct attempts *attempts)
{
	if (attempts->n_connections >= ATTEMPT_CONNECTIONS_MAX)
		return false;
	attempts->n_connections++;
	return true;
}

static bool
may_go_on(const struct attempts *attempts)
{
	return !attempts->final && attempts->n_answers < ATTEMPT_ANSWERS_MAX &&
	       attempts->n_connections < ATTEMPT_CONNECTIONS_MAX;
}

static void
note_refusal(struct attempts *attempts, const struct reason *why)
{
	if (!attempts->refused)
		attempts->why = *why;
	attempts->refused = true;
}

/* 0 once authenticated. */
static int
try_candidate(struct attempts *attempts, const struct candidate *candidate,
    attempt_fn attempt, void *arg)
{
	int outcome = -ERR_UNREACHABLE;

	for (size_t i = 0; i < candidate->n_addresses && outcome < 0; i++) {
		struct reason why = {""};

		if (!attempts_take(attempts))
			break;
		outcome =
		    attempt(arg, candidate, &candidate->addresses[i], &why);
		switch (outcome) {
		case 0:
			return 0;
		case ATTEMPT_WRONG_CODE:
			attempts->n_answers++;
			note_refusal(attempts, &why);
			break;
		case ATTEMPT_FINAL:
			attempts->final = true;
			attempts->refused = false; /* this is the reason */
			note_refusal(attempts, &why);
			break;
		default:
			if (!attempts->refused)
				attempts->why = why;
		}
	}
	return -ERR_UNREACHABLE;
}

int
attempts_run(struct attempts *attempts, struct candidates *list,
    const char *only, attempt_fn attempt, void *arg)
{
	for (size_t i = 0; i < list->n && may_go_on(attempts); i++) {
		struct candidate *c = &list->items[i];

		if (c->tried || (only != NULL && strcmp(c->name, only) != 0))
			continue;
		c->tried = true;
		if (try_candidate(attempts, c, attempt, arg) == 0)
			return 0;
	}
	return attempts->refused ? -ERR_REFUSED : -ERR_UNREACHABLE;
}
