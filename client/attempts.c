#include "client/attempts.h"

#include <string.h>

#include "base/clock.h"

bool
attempts_take(struct attempts *attempts)
{
	if (attempts->n_connections >= ATTEMPT_CONNECTIONS_MAX)
		return false;
	attempts->n_connections++;
	return true;
}

static bool
may_go_on(struct attempts *attempts)
{
	int max = attempts->answers_max != 0 ? attempts->answers_max
					     : ATTEMPT_ANSWERS_MAX;
	int64_t now_ms = clock_monotonic_ms();

	if (attempts->deadline_ms == 0)
		attempts->deadline_ms = now_ms + ATTEMPTS_TOTAL_MS;
	return !attempts->final && attempts->n_answers < max &&
	       now_ms < attempts->deadline_ms &&
	       attempts->n_tried < ATTEMPT_CONNECTIONS_MAX &&
	       attempts->n_connections < ATTEMPT_CONNECTIONS_MAX;
}

static void
note_refusal(struct attempts *attempts, const struct reason *why)
{
	if (!attempts->refused)
		attempts->why = *why;
	attempts->refused = true;
}

static bool
was_tried(const struct attempts *attempts, const struct candidate *candidate,
    const struct sockaddr_storage *address)
{
	for (size_t i = 0; i < attempts->n_tried; i++)
		if (memcmp(&attempts->tried[i].address, address,
			sizeof(*address)) == 0 &&
		    strcmp(attempts->tried[i].name, candidate->name) == 0)
			return true;
	return false;
}

static void
note_tried(struct attempts *attempts, const struct candidate *candidate,
    const struct sockaddr_storage *address)
{
	struct tried *tried = &attempts->tried[attempts->n_tried++];

	tried->address = *address;
	memcpy(tried->name, candidate->name, sizeof(tried->name));
}

/* 0 once authenticated. */
static int
try_address(struct attempts *attempts, const struct candidate *candidate,
    const struct sockaddr_storage *address, attempt_fn attempt, void *arg)
{
	struct reason why = {""};
	int outcome;

	note_tried(attempts, candidate, address);
	if (!attempts_take(attempts))
		return -ERR_UNREACHABLE;
	outcome = attempt(arg, candidate, address, &why);
	switch (outcome) {
	case 0:
		return 0;
	case ATTEMPT_WRONG_CODE:
		attempts->n_answers++;
		note_refusal(attempts, &why);
		break;
	case ATTEMPT_NO_PAKE:
	case ATTEMPT_REFUSED:
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
	return -ERR_UNREACHABLE;
}

int
attempts_run(struct attempts *attempts, const struct candidates *list,
    const char *only, attempt_fn attempt, void *arg)
{
	for (size_t k = 0; k < MDNS_ADDRESSES_MAX; k++) {
		for (size_t i = 0; i < list->n; i++) {
			const struct candidate *c = &list->items[i];

			if (k >= c->n_addresses ||
			    (only != NULL && strcmp(c->name, only) != 0) ||
			    was_tried(attempts, c, &c->addresses[k]) ||
			    !may_go_on(attempts))
				continue;
			if (try_address(attempts, c, &c->addresses[k], attempt,
				arg) == 0)
				return 0;
		}
	}
	return attempts->refused ? -ERR_REFUSED : -ERR_UNREACHABLE;
}
