#include "base/keeper.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ipc.h"
#include "base/sandbox.h"

/* Nothing that it does takes this long: it is broken, or its disk is. */
#define ANSWER_TIMEOUT_S 30
#define GRACE_MAX_MS 10000
#define STOP_GRACE_MS 1000

enum message {
	KEEPER_START = 1,
	KEEPER_END,
	KEEPER_OPEN,
	KEEPER_PUT,
	KEEPER_REMOVE,
	KEEPER_DONE, /* the answer to each */
};

struct answer {
	int result; /* 0 or -ERR_* */
	pid_t pid;
	struct reason text; /* why, or how */
	int fd;             /* -1: none */
};

/* --- the keeper's process --- */

struct keeper_service {
	int fd;
	struct keeper_acts acts;
	struct process process;
	struct buf out;
	uint8_t packet[IPC_MESSAGE_MAX];
};

static int
refuse(struct answer *answer)
{
	return reason_set(&answer->text, -ERR_INVALID, "not this keeper's");
}

static void
end_process(struct keeper_service *service, int grace_ms, char *how)
{
	/* The other side has closed, or closes, the socket. */
	process_end(&service->process, grace_ms, how);
}

static int
do_start(struct keeper_service *service, struct answer *answer)
{
	char how[PROCESS_HOW_MAX];
	int err;

	if (service->acts.argument == NULL)
		return refuse(answer);
	end_process(service, 0, how);
	err = process_start(
	    &service->process, service->acts.argument, &answer->text);
	if (err != 0)
		return err;
	answer->pid = service->process.pid;
	answer->fd = service->process.fd;
	service->process.fd = -1;
	return 0;
}

static int
do_end(struct keeper_service *service, struct answer *answer, uint32_t grace_ms)
{
	char how[PROCESS_HOW_MAX] = "not there";

	if (grace_ms > GRACE_MAX_MS)
		return refuse(answer);
	end_process(service, (int)grace_ms, how);
	reason_set(&answer->text, 0, "%s", how);
	return 0;
}

static int
do_open(struct keeper_service *service, struct answer *answer, uint32_t which)
{
	const struct keeper_acts *acts = &service->acts;

	return acts->open != NULL
		   ? acts->open(acts->arg, &answer->fd, which, &answer->text)
		   : refuse(answer);
}

static int
do_put(
    struct keeper_service *service, struct answer *answer, struct bytes content)
{
	const struct keeper_acts *acts = &service->acts;

	return acts->put != NULL ? acts->put(acts->arg, content, &answer->text)
				 : refuse(answer);
}

static int
do_remove(struct keeper_service *service, struct answer *answer)
{
	const struct keeper_acts *acts = &service->acts;

	return acts->remove != NULL ? acts->remove(acts->arg, &answer->text)
				    : refuse(answer);
}

/* A malformed message ends the keeper. */
static int
act(struct keeper_service *service, uint16_t type, struct ipc_reader *reader,
    struct answer *answer)
{
	uint32_t number = 0;
	struct bytes content = {NULL, 0};
	int err;

	if (type == KEEPER_END || type == KEEPER_OPEN)
		number = ipc_get_u32(reader);
	else if (type == KEEPER_PUT)
		content = ipc_get_bytes(reader, KEEPER_PUT_MAX);
	err = ipc_close(reader);
	if (err != 0)
		return err;
	switch (type) {
	case KEEPER_START:
		answer->result = do_start(service, answer);
		break;
	case KEEPER_END:
		answer->result = do_end(service, answer, number);
		break;
	case KEEPER_OPEN:
		answer->result = do_open(service, answer, number);
		break;
	case KEEPER_PUT:
		answer->result = do_put(service, answer, content);
		break;
	case KEEPER_REMOVE:
		answer->result = do_remove(service, answer);
		break;
	default:
		return -ERR_INVALID;
	}
	return 0;
}

static int
reply(struct keeper_service *service, uint64_t id, const struct answer *answer)
{
	int err;

	ipc_begin(&service->out, KEEPER_DONE, id);
	ipc_put_u8(&service->out, (uint8_t)-answer->result);
	ipc_put_u32(&service->out, (uint32_t)answer->pid);
	ipc_put_text(&service->out, answer->text.text);
	err = buf_status(&service->out);
	return err != 0 ? err
			: ipc_send_fd(service->fd,
			      (struct bytes){(const uint8_t *)service->out.data,
				  service->out.len},
			      answer->fd);
}

static int
serve_one(struct keeper_service *service)
{
	struct answer answer = {.fd = -1};
	struct ipc_reader reader;
	struct bytes packet;
	uint16_t type;
	uint64_t id;
	int err = ipc_receive(&packet, service->packet, service->fd);

	if (err != 0)
		return err;
	ipc_open(&reader, &type, &id, packet);
	err = act(service, type, &reader, &answer);
	/* It may have been a key. */
	explicit_bzero(service->packet, packet.len);
	if (err == 0)
		err = reply(service, id, &answer);
	if (answer.fd >= 0)
		close(answer.fd);
	return err;
}

static int
keeper_run(void *arg, int fd)
{
	struct keeper_service *service = calloc(1, sizeof(*service));
	struct reason why = {""};
	char how[PROCESS_HOW_MAX];
	int err;

	if (service == NULL)
		return 1;
	service->acts = *(const struct keeper_acts *)arg;
	service->fd = fd;
	service->process.fd = -1;
	err = sandbox_deny_calls(SANDBOX_MAY_EXECUTE, &why);
	if (err != 0)
		dprintf(STDERR_FILENO, "the keeper: %s\n", why.text);
	while (err == 0)
		err = serve_one(service);
	end_process(service, 0, how);
	return err == -ERR_CLOSED ? 0 : 1;
}

/* --- the server's side --- */

struct keeper {
	struct process process;
	pthread_mutex_t lock;
	/* Under lock: */
	bool broken;
	uint64_t last_id;
	struct buf out;
	uint8_t packet[IPC_MESSAGE_MAX];
};

int
keeper_start(struct keeper **out, const char *name,
    const struct keeper_acts *acts, struct reason *why)
{
	const struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};
	struct keeper_acts copy = *acts;
	struct keeper *keeper = calloc(1, sizeof(*keeper));
	int err;

	if (keeper == NULL)
		return reason_set(why, -ERR_NOMEM, "out of memory");
	err = process_fork(&keeper->process, name, keeper_run, &copy, why);
	if (err != 0) {
		free(keeper);
		return err;
	}
	pthread_mutex_init(&keeper->lock, NULL);
	if (setsockopt(keeper->process.fd, SOL_SOCKET, SO_RCVTIMEO, &timeout,
		sizeof(timeout)) != 0) {
		keeper_stop(keeper);
		return reason_set(why, -ERR_IO, "%s: no time-out", name);
	}
	*out = keeper;
	return 0;
}

void
keeper_stop(struct keeper *keeper)
{
	char how[PROCESS_HOW_MAX];

	if (keeper == NULL)
		return;
	process_end(&keeper->process, STOP_GRACE_MS, how);
	pthread_mutex_destroy(&keeper->lock);
	buf_wipe(&keeper->out);
	free(keeper);
}

static int
read_answer(struct answer *answer, struct bytes packet, uint64_t id)
{
	struct ipc_reader reader;
	uint64_t answered;
	uint16_t type;
	int err;

	ipc_open(&reader, &type, &answered, packet);
	answer->result = -ipc_get_u8(&reader);
	answer->pid = (pid_t)ipc_get_u32(&reader);
	ipc_get_text(&reader, answer->text.text, sizeof(answer->text.text));
	err = ipc_close(&reader);
	if (err == 0 && (type != KEEPER_DONE || answered != id ||
			    answer->result <= -ERR_MAX))
		err = -ERR_INVALID;
	return err;
}

/* Sends keeper->out. With the lock. */
static int
exchange(struct keeper *keeper, struct answer *answer)
{
	struct bytes packet;
	int fd = keeper->process.fd, err = buf_status(&keeper->out);

	if (err != 0)
		return err;
	if (keeper->broken)
		return -ERR_CLOSED;
	err = ipc_send(fd,
	    (struct bytes){(const uint8_t *)keeper->out.data, keeper->out.len});
	if (err == 0)
		err = ipc_receive_fd(&packet, keeper->packet, &answer->fd, fd);
	if (err == 0)
		err = read_answer(answer, packet, keeper->last_id);
	/* What comes late would be taken for the next answer. It sees that
	 * nothing is asked any more, and ends. */
	if (err != 0) {
		keeper->broken = true;
		shutdown(fd, SHUT_RDWR);
		return -ERR_CLOSED;
	}
	return answer->result;
}

static void
begin(struct keeper *keeper, enum message type)
{
	pthread_mutex_lock(&keeper->lock);
	ipc_begin(&keeper->out, (uint16_t)type, ++keeper->last_id);
}

/* Sends what begin() began; an answer with a descriptor where there must be
 * one. */
static int
finish(struct keeper *keeper, struct answer *answer, bool with_fd,
    struct reason *why)
{
	int err;

	*answer = (struct answer){.fd = -1};
	err = exchange(keeper, answer);
	explicit_bzero(keeper->out.data, keeper->out.len);
	pthread_mutex_unlock(&keeper->lock);
	if (err == 0 && with_fd == (answer->fd >= 0))
		return 0;
	if (answer->fd >= 0)
		close(answer->fd);
	answer->fd = -1;
	if (err == 0)
		err = -ERR_INVALID;
	if (err == -ERR_CLOSED)
		return reason_set(
		    why, err, "the keeper has ended; restart this program");
	return reason_set(why, err, "%s",
	    answer->text.text[0] != '\0' ? answer->text.text : err_text(err));
}

int
keeper_process_start(
    struct keeper *keeper, struct process *out, struct reason *why)
{
	struct answer answer;
	int err;

	begin(keeper, KEEPER_START);
	err = finish(keeper, &answer, true, why);
	if (err == 0)
		*out = (struct process){.pid = answer.pid, .fd = answer.fd};
	return err;
}

void
keeper_process_end(struct keeper *keeper, struct process *process, int grace_ms,
    char how[PROCESS_HOW_MAX])
{
	struct answer answer;
	struct reason why = {""};

	if (process->pid == 0)
		return;
	close(process->fd);
	*process = (struct process){.fd = -1};
	begin(keeper, KEEPER_END);
	ipc_put_u32(&keeper->out, (uint32_t)grace_ms);
	if (finish(keeper, &answer, false, &why) != 0)
		answer.text = why;
	snprintf(how, PROCESS_HOW_MAX, "%.*s", PROCESS_HOW_MAX - 1,
	    answer.text.text);
}

int
keeper_open(struct keeper *keeper, int *fd, uint32_t which, struct reason *why)
{
	struct answer answer;
	int err;

	begin(keeper, KEEPER_OPEN);
	ipc_put_u32(&keeper->out, which);
	err = finish(keeper, &answer, true, why);
	if (err == 0)
		*fd = answer.fd;
	return err;
}

int
keeper_put(struct keeper *keeper, struct bytes content, struct reason *why)
{
	struct answer answer;

	begin(keeper, KEEPER_PUT);
	ipc_put_bytes(&keeper->out, content);
	return finish(keeper, &answer, false, why);
}

int
keeper_remove(struct keeper *keeper, struct reason *why)
{
	struct answer answer;

	begin(keeper, KEEPER_REMOVE);
	return finish(keeper, &answer, false, why);
}
