/* The signer's checkpoints of the audit log. */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/unit/ca/signer_driven.h"

static struct checkpoint
row_of(int64_t last_id, uint8_t head)
{
	struct checkpoint c = {.last_id = last_id};

	memset(c.head, head, sizeof(c.head));
	return c;
}

static int
checkpoint(struct driven *d, int64_t last_id, uint8_t head,
    struct signer_checkpointed *answer)
{
	struct checkpoint c = row_of(last_id, head);
	struct bytes packet = {NULL, 0};
	struct ipc_reader r;
	uint16_t type;
	uint64_t id;

	assert_int_equal(0, signer_checkpoint_encode(&d->out, ++d->id, &c));
	driven_send(d);
	assert_int_equal(0, driven_receive(d, &packet));
	ipc_open(&r, &type, &id, packet);
	assert_int_equal(SIGNER_CHECKPOINTED, type);
	assert_true(id == d->id);
	assert_int_equal(0, signer_checkpointed_decode(answer, &r));
	return answer->result;
}

static void
checkpoint_refused(
    struct driven *d, int64_t last_id, uint8_t head, int err, const char *says)
{
	struct signer_checkpointed answer;
	int got = checkpoint(d, last_id, head, &answer);

	if (got != err || strstr(answer.why.text, says) == NULL)
		fail_msg("%s: %d %s", says, got, answer.why.text);
}

/* The chain of CHAIN goes with the next message. */
static struct blob
issuing_of(struct driven *d)
{
	struct blob issuing = {0};

	assert_int_equal(0, driven_greet(d));
	assert_int_equal(0, blob_copy(&issuing, d->chain.issuing));
	return issuing;
}

/* Each octet of what was signed counts, and its counter only rises, from
 * process to process too. */
static void
test_checkpoints(void **state)
{
	struct driven *d = *state;
	struct blob issuing = issuing_of(d);
	struct signer_checkpointed a;
	struct checkpoint *c = &a.checkpoint;

	assert_int_equal(0, d->chain.last.counter);
	for (int64_t counter = 1; counter < 6; counter++) {
		assert_int_equal(0, checkpoint(d, 10 * counter, 1, &a));
		assert_int_equal(counter, c->counter);
		assert_int_equal(10 * counter, c->last_id);
		assert_true(llabs(c->at - clock_now()) < 60);
		assert_int_equal(
		    0, checkpoint_verify(c, blob_bytes(&issuing), NULL));
		if (counter == 3) {
			driven_restart(d, SIGNER_ARGUMENT);
			assert_int_equal(3, d->chain.last.counter);
			assert_int_equal(30, d->chain.last.last_id);
			assert_memory_equal(
			    c->head, d->chain.last.head, sizeof(c->head));
		}
	}
	c->counter++;
	assert_int_equal(
	    -ERR_REFUSED, checkpoint_verify(c, blob_bytes(&issuing), NULL));
	c->counter--;
	c->at++;
	assert_int_equal(
	    -ERR_REFUSED, checkpoint_verify(c, blob_bytes(&issuing), NULL));
	c->at--;
	c->last_id--;
	assert_int_equal(
	    -ERR_REFUSED, checkpoint_verify(c, blob_bytes(&issuing), NULL));
	c->last_id++;
	c->head[31] ^= 1;
	assert_int_equal(
	    -ERR_REFUSED, checkpoint_verify(c, blob_bytes(&issuing), NULL));
	c->head[31] ^= 1;
	c->signature[c->signature_len - 1] ^= 1;
	assert_int_equal(
	    -ERR_REFUSED, checkpoint_verify(c, blob_bytes(&issuing), NULL));
	blob_fini(&issuing);
}

static void
test_checkpoint_going_back_refused(void **state)
{
	struct driven *d = *state;
	struct signer_checkpointed a;

	assert_int_equal(0, driven_greet(d));
	checkpoint_refused(d, 0, 1, -ERR_INVALID, "row 0");
	assert_int_equal(0, checkpoint(d, 100, 1, &a));
	for (int process = 0; process < 2; process++) {
		checkpoint_refused(d, 99, 1, -ERR_REFUSED, "rows are missing");
		checkpoint_refused(d, 1, 1, -ERR_REFUSED, "signed row 100");
		checkpoint_refused(
		    d, 100, 2, -ERR_REFUSED, "not the one that the signer");
		if (process == 0)
			driven_restart(d, SIGNER_ARGUMENT);
	}
	/* The same once more: the store may have lost it. */
	assert_int_equal(0, checkpoint(d, 100, 1, &a));
	assert_int_equal(2, a.checkpoint.counter);
	assert_int_equal(0, checkpoint(d, 101, 2, &a));
}

/* However much was issued since, and whatever is in a subject. */
static void
test_checkpoint_is_found_far_back(void **state)
{
	struct driven *d = *state;
	struct signer_checkpointed a;
	char path[128];
	FILE *log;

	assert_int_equal(0, driven_greet(d));
	assert_int_equal(0, checkpoint(d, 77, 1, &a));
	snprintf(path, sizeof(path), "%s/%s", d->ca.dir, ISSUE_LOG_FILE);
	log = fopen(path, "a");
	assert_non_null(log);
	for (int i = 0; i < 20000; i++)
		fprintf(log,
		    "2026-11-21T18:00:00Z serial=%d profile=endpoint "
		    "sha256=0 subject=\"2026-11-21T18:00:00Z checkpoint=999 "
		    "last_id=999 head=%064d\"\n",
		    i, 0);
	/* Torn: never handed out. */
	fprintf(
	    log, "2026-11-21T18:00:00Z checkpoint=5 last_id=999 head=%064d", 0);
	assert_int_equal(0, fclose(log));
	driven_restart(d, SIGNER_ARGUMENT);
	assert_int_equal(1, d->chain.last.counter);
	assert_int_equal(77, d->chain.last.last_id);
	assert_int_equal(0, checkpoint(d, 78, 1, &a));
	assert_int_equal(2, a.checkpoint.counter);
	driven_restart(d, SIGNER_ARGUMENT);
	assert_int_equal(78, d->chain.last.last_id);
}

#define DRIVEN_TEST(fn)                                                        \
	cmocka_unit_test_setup_teardown(fn, driven_setup, driven_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    DRIVEN_TEST(test_checkpoints),
	    DRIVEN_TEST(test_checkpoint_going_back_refused),
	    DRIVEN_TEST(test_checkpoint_is_found_far_back),
	};

	if (signer_is_called(argc, argv))
		return signer_main(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
