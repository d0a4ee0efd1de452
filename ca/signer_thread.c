#include "ca/signer_private.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/signer_process.h"

/* A signature takes a millisecond; a process that needs this long for what was
 * sent is broken. */
#define ANSWER_TIMEOUT_MS 10000
/* Making a CA, on a slow machine. */
#define HELLO_TIMEOUT_MS 30000
#define GRACE_MS 1000
#define BACKOFF_MAX_S 30
/* A process that lived this long is started again without much delay. */
#define STABLE_MS 60000

/* --- waiting --- */

static bool
is_stopping(struct signer *signer)
{
	bool stopping;

	pthread_mutex_lock(&signer->lock);
	stopping = signer->stopping;
	pthread_mutex_unlock(&signer->lock);
	return stopping;
}

/* Until the socket has one of the events (0: it is left out), somebody wakes
 * the thread, or the moment has come (-1: never). Returns the socket's. */
static short
wait_for(struct signer *signer, short events, int64_t until_ms)
{
	struct pollfd p[] = {{.fd = signer->wake_fd, .events = POLLIN},
	    {.fd = events != 0 ? signer->process.fd : -1, .events = events}};
	int64_t timeout = -1;
	uint64_t count;

	if (until_ms >= 0) {
		timeout = until_ms - clock_monotonic_ms();
		timeout = timeout > 0 ? timeout : 0;
	}
	if (poll(p, ARRAY_LEN(p), (int)timeout) <= 0)
		return 0;
	if (p[0].revents != 0 &&
	    read(signer->wake_fd, &count, sizeof(count)) < 0)
		return 0;
	return p[1].revents;
}

/* --- the process --- */

int
signer_process_start(struct signer *signer, struct reason *why)
{
	return signer->keeper != NULL
		   ? keeper_process_start(signer->keeper, &signer->process, why)
		   : process_start(&signer->process, SIGNER_ARGUMENT, why);
}

void
signer_process_end(
    struct signer *signer, int grace_ms, char how[PROCESS_HOW_MAX])
{
	if (signer->keeper != NULL)
		keeper_process_end(
		    signer->keeper, &signer->process, grace_ms, how);
	else
		process_end(&signer->process, grace_ms, how);
}

static int
keep_chain(
    struct signer *signer, const struct signer_chain *chain, struct reason *why)
{
	int err;

	if (signer->root.data != NULL) {
		if (bytes_equal(blob_bytes(&signer->root), chain->root) &&
		    bytes_equal(blob_bytes(&signer->issuing), chain->issuing))
			return 0;
		return reason_set(why, -ERR_REFUSED,
		    "the CA's files are not those of the start; restart to use "
		    "them");
	}
	err = blob_copy(&signer->root, chain->root);
	if (err == 0)
		err = blob_copy(&signer->issuing, chain->issuing);
	if (err != 0)
		return reason_set(why, err, "%s", err_text(err));
	signer->constraints = chain->constraints;
	signer->last_checkpoint = chain->last;
	return 0;
}

static int
read_chain(struct signer *signer, struct bytes packet, struct reason *why)
{
	AUTOFREE struct signer_chain *chain = calloc(1, sizeof(*chain));
	struct ipc_reader reader;
	uint16_t type;
	uint64_t id;
	int err;

	if (chain == NULL)
		return reason_set(why, -ERR_NOMEM, "out of memory");
	ipc_open(&reader, &type, &id, packet);
	if (type != SIGNER_CHAIN || id != signer->last_id ||
	    signer_chain_decode(chain, &reader) != 0)
		return reason_set(
		    why, -ERR_INVALID, "the signer's answer is malformed");
	if (chain->result != 0) {
		*why = chain->why;
		return chain->result;
	}
	err = keep_chain(signer, chain, why);
	if (err == 0)
		log_info("signer started", "pid=%d sandbox=\"%s\"",
		    (int)signer->process.pid, chain->sandbox);
	return err;
}

int
signer_greet(struct signer *signer, struct reason *why)
{
	int64_t until = clock_monotonic_ms() + HELLO_TIMEOUT_MS;
	struct bytes packet;
	int err = signer_hello_encode(
	    &signer->out, ++signer->last_id, &signer->hello);

	if (err == 0)
		err = ipc_send(signer->process.fd,
		    (struct bytes){
			(const uint8_t *)signer->out.data, signer->out.len});
	if (err != 0)
		return reason_set(
		    why, err, "the signer is not there: %s", err_text(err));
	do {
		if (wait_for(signer, POLLIN, until) == 0 &&
		    clock_monotonic_ms() >= until)
			return reason_set(
			    why, -ERR_TIMEOUT, "the signer does not answer");
		if (is_stopping(signer))
			return reason_set(
			    why, -ERR_CLOSED, "the signer is stopping");
		err = ipc_receive(&packet, signer->packet, signer->process.fd);
	} while (err == -ERR_BUSY);
	if (err != 0)
		return reason_set(
		    why, err, "the signer has ended before it was ready");
	return read_chain(signer, packet, why);
}

/* --- answers --- */

static void
answer(struct signer *signer, struct signer_request *request, int result,
    const char *why)
{
	pthread_mutex_lock(&signer->lock);
	signer->n_waiting--;
	pthread_mutex_unlock(&signer->lock);
	request->next = NULL;
	request->result = result;
	reason_set(&request->why, result, "%s", why);
	request->done(request);
}

static struct signer_request *
take_queued(struct signer *signer)
{
	struct signer_request *request;

	pthread_mutex_lock(&signer->lock);
	request = signer->first;
	if (request != NULL)
		signer->first = request->next;
	if (signer->first == NULL)
		signer->last = &signer->first;
	pthread_mutex_unlock(&signer->lock);
	if (request != NULL)
		request->cert = (struct blob){0};
	return request;
}

/* Nothing new is taken from here on, until there is a process again. */
static void
answer_all(struct signer *signer, const char *why)
{
	struct signer_request *request;

	pthread_mutex_lock(&signer->lock);
	signer->up = false;
	pthread_mutex_unlock(&signer->lock);
	for (size_t i = 0; i < SIGNER_SENT_MAX; i++) {
		request = STEAL(signer->sent[i].request);
		if (request != NULL)
			answer(signer, request, -ERR_CLOSED, why);
	}
	signer->n_sent = 0;
	signer->out_waits = false;
	while ((request = take_queued(signer)) != NULL)
		answer(signer, request, -ERR_CLOSED, why);
}

/* The question with that id; NULL for one that nobody asked, or whose time is
 * over. */
static struct signer_sent *
find_sent(struct signer *signer, uint64_t id)
{
	for (size_t i = 0; i < SIGNER_SENT_MAX; i++)
		if (signer->sent[i].request != NULL && signer->sent[i].id == id)
			return &signer->sent[i];
	return NULL;
}

static int
read_issued(
    struct signer *signer, struct signer_sent *sent, struct ipc_reader *r)
{
	struct signer_issued issued;
	struct signer_request *request;
	int err = signer_issued_decode(&issued, r);

	if (err != 0)
		return err;
	request = STEAL(sent->request);
	signer->n_sent--;
	if (issued.result == 0 && blob_copy(&request->cert, issued.cert) != 0) {
		issued.result = -ERR_NOMEM;
		reason_set(&issued.why, 0, "%s", err_text(ERR_NOMEM));
	}
	answer(signer, request, issued.result, issued.why.text);
	return 0;
}

/* It answers what was asked, and nothing else. */
static int
read_checkpointed(
    struct signer *signer, struct signer_sent *sent, struct ipc_reader *r)
{
	struct checkpoint *asked = &sent->request->checkpoint;
	struct signer_checkpointed done;
	struct signer_request *request;
	int err = signer_checkpointed_decode(&done, r);

	if (err != 0)
		return err;
	if (done.result == 0 && (done.checkpoint.last_id != asked->last_id ||
				    memcmp(done.checkpoint.head, asked->head,
					sizeof(asked->head)) != 0))
		return -ERR_INVALID;
	if (done.result == 0)
		*asked = done.checkpoint;
	request = STEAL(sent->request);
	signer->n_sent--;
	answer(signer, request, done.result, done.why.text);
	return 0;
}

static int
read_answer(struct signer *signer, struct bytes packet)
{
	struct signer_sent *sent;
	struct ipc_reader reader;
	uint16_t type;
	uint64_t id;

	ipc_open(&reader, &type, &id, packet);
	sent = find_sent(signer, id);
	if (sent == NULL)
		return -ERR_INVALID;
	if (type == SIGNER_ISSUED &&
	    sent->request->kind == SIGNER_REQUEST_ISSUE)
		return read_issued(signer, sent, &reader);
	if (type == SIGNER_CHECKPOINTED &&
	    sent->request->kind == SIGNER_REQUEST_CHECKPOINT)
		return read_checkpointed(signer, sent, &reader);
	return -ERR_INVALID;
}

/* --- questions --- */

/* -ERR_BUSY when the socket is full. */
static int
flush(struct signer *signer)
{
	int err;

	if (!signer->out_waits)
		return 0;
	err = ipc_send(signer->process.fd,
	    (struct bytes){(const uint8_t *)signer->out.data, signer->out.len});
	if (err == 0)
		signer->out_waits = false;
	return err;
}

static void
prepare(struct signer *signer, struct signer_request *request)
{
	uint64_t id = ++signer->last_id;
	size_t i = 0;
	int err = request->kind == SIGNER_REQUEST_CHECKPOINT
		      ? signer_checkpoint_encode(
			    &signer->out, id, &request->checkpoint)
		      : signer_issue_encode(&signer->out, id, request);

	if (err != 0) {
		answer(signer, request, err, "signer: malformed request");
		return;
	}
	while (signer->sent[i].request != NULL)
		i++;
	signer->sent[i] = (struct signer_sent){
	    id, clock_monotonic_ms() + ANSWER_TIMEOUT_MS, request};
	signer->n_sent++;
	signer->out_waits = true;
}

static int
send_queued(struct signer *signer)
{
	struct signer_request *request;
	int err = flush(signer);

	while (err == 0 && signer->n_sent < SIGNER_SENT_MAX &&
	       (request = take_queued(signer)) != NULL) {
		prepare(signer, request);
		err = flush(signer);
	}
	/* After -ERR_CLOSED there may still be answers to read. */
	return err == -ERR_BUSY || err == -ERR_CLOSED ? 0 : err;
}

/* -1: nothing is waited for. */
static int64_t
first_deadline(const struct signer *signer)
{
	int64_t first = -1;

	for (size_t i = 0; i < SIGNER_SENT_MAX; i++)
		if (signer->sent[i].request != NULL &&
		    (first < 0 || signer->sent[i].deadline_ms < first))
			first = signer->sent[i].deadline_ms;
	return first;
}

/* --- life --- */

/* All answers that are there. -ERR_BUSY: no more for now. */
static int
read_answers(struct signer *signer, struct reason *why)
{
	struct bytes packet;
	int err;

	while ((err = ipc_receive(
		    &packet, signer->packet, signer->process.fd)) == 0) {
		err = read_answer(signer, packet);
		if (err != 0)
			return reason_set(
			    why, err, "a malformed or unexpected answer");
	}
	return err == -ERR_BUSY ? err
				: reason_set(why, err, "%s", err_text(err));
}

/* One turn with a process that is up. An error ends it. */
static int
talk(struct signer *signer, struct reason *why)
{
	int64_t deadline;
	short events;
	int err = send_queued(signer);

	if (err != 0)
		return reason_set(why, err, "nothing can be sent");
	deadline = first_deadline(signer);
	events = wait_for(signer,
	    (short)(POLLIN | (signer->out_waits ? POLLOUT : 0)), deadline);
	if ((events & ~POLLOUT) == 0) {
		if (deadline < 0 || clock_monotonic_ms() < deadline)
			return 0;
		return reason_set(why, -ERR_TIMEOUT, "an answer is late");
	}
	err = read_answers(signer, why);
	return err == -ERR_BUSY ? 0 : err;
}

/* Puts the process away, and says when there will be another. */
static void
bury(struct signer *signer, const struct reason *why)
{
	int64_t now = clock_monotonic_ms();
	char how[PROCESS_HOW_MAX] = "not started";
	int pid = (int)signer->process.pid;
	size_t n_sent = signer->n_sent;

	answer_all(signer, "the signer has ended; it is being started again");
	/* Whatever it still has to say is of no use. */
	signer_process_end(signer, 0, how);
	if (now - signer->started_ms >= STABLE_MS)
		signer->backoff_s = 0;
	signer->backoff_s = signer->backoff_s == 0 ? 1 : signer->backoff_s * 2;
	if (signer->backoff_s > BACKOFF_MAX_S)
		signer->backoff_s = BACKOFF_MAX_S;
	signer->restart_ms = now + INT64_C(1000) * signer->backoff_s;
	log_error("signer ended",
	    "pid=%d how=\"%s\" reason=\"%s\" unanswered=%zu restart_in=%ds",
	    pid, how, why->text, n_sent, signer->backoff_s);
}

/* Waits until it is due, and starts another process. */
static int
restart(struct signer *signer, struct reason *why)
{
	int err;

	if (clock_monotonic_ms() < signer->restart_ms) {
		wait_for(signer, 0, signer->restart_ms);
		return 0;
	}
	signer->started_ms = clock_monotonic_ms();
	err = signer_process_start(signer, why);
	if (err == 0)
		err = signer_greet(signer, why);
	if (err != 0)
		return err;
	pthread_mutex_lock(&signer->lock);
	signer->up = true;
	pthread_mutex_unlock(&signer->lock);
	return 0;
}

void *
signer_thread(void *arg)
{
	struct signer *signer = arg;
	char how[PROCESS_HOW_MAX];

	while (!is_stopping(signer)) {
		struct reason why = {""};
		int err = signer->process.pid != 0 ? talk(signer, &why)
						   : restart(signer, &why);

		if (err != 0 && !is_stopping(signer))
			bury(signer, &why);
	}
	answer_all(signer, "the signer is stopping");
	signer_process_end(signer, GRACE_MS, how);
	return NULL;
}
