#include <string.h>

#include "base/clock.h"
#include "ca/signer_process.h"
#include "ca/signer_wire.h"

/* At most one every 1,000 rows, and a few more. */
#define CHECKPOINTS_PER_HOUR 600

int
signer_checkpoints_start(struct signer_service *service, const char *ca_dir)
{
	rate_init(&service->checkpoint_rate, (enum profile_id)0,
	    CHECKPOINTS_PER_HOUR, clock_monotonic_ms());
	return issue_log_last_checkpoint(&service->last, ca_dir);
}

/* Whoever writes the log anew has to begin behind what was signed, or to show
 * another row in a signed one's place. */
static int
check(const struct signer_service *service, const struct checkpoint *asked,
    struct reason *why)
{
	const struct checkpoint *last = &service->last;

	if (asked->last_id < 1)
		return reason_set(why, -ERR_INVALID, "there is no row 0");
	if (asked->last_id < last->last_id)
		return reason_set(why, -ERR_REFUSED,
		    "the audit log ends with row %lld, but the signer has "
		    "signed row %lld: rows are missing",
		    (long long)asked->last_id, (long long)last->last_id);
	if (asked->last_id == last->last_id &&
	    memcmp(asked->head, last->head, sizeof(last->head)) != 0)
		return reason_set(why, -ERR_REFUSED,
		    "row %lld of the audit log is not the one that the signer "
		    "has signed",
		    (long long)asked->last_id);
	return 0;
}

static int
sign(struct signer_service *service, struct checkpoint *checkpoint,
    struct reason *why)
{
	int64_t now_ms = clock_monotonic_ms();
	int err = check(service, checkpoint, why);

	if (err == 0 && !rate_has(&service->checkpoint_rate, now_ms))
		err = reason_set(why, -ERR_BUSY,
		    "the signer signs %d checkpoints an hour; try later",
		    CHECKPOINTS_PER_HOUR);
	if (err != 0)
		return err;
	rate_take(&service->checkpoint_rate, 1, now_ms);
	checkpoint->counter = service->last.counter + 1;
	checkpoint->at = clock_now();
	err = checkpoint_sign(checkpoint, service->authority, why);
	/* Used up: a log that cannot be synced may have the line all the same.
	 */
	if (err == 0)
		service->last.counter = checkpoint->counter;
	if (err == 0)
		err = issue_log_add_checkpoint(&service->log, checkpoint, why);
	if (err == 0)
		service->last = *checkpoint;
	return err;
}

int
signer_handle_checkpoint(
    struct signer_service *service, uint64_t id, struct ipc_reader *reader)
{
	struct signer_checkpointed answer = {.result = 0};
	struct checkpoint checkpoint;
	int err = signer_checkpoint_decode(&checkpoint, reader);

	if (err != 0)
		return err;
	answer.result = sign(service, &checkpoint, &answer.why);
	answer.checkpoint = checkpoint;
	err = signer_checkpointed_encode(&service->out, id, &answer);
	return err != 0 ? err : signer_answer(service);
}
