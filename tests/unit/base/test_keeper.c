#include "tests/unit/cmocka.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/ipc.h"
#include "base/keeper.h"

/* Deadlines only: nothing waits this long unless it fails. */
#define LONG_MS 10000
#define ARGUMENT "--helper"
#define A_FILE 7

/* --- what the helper process does --- */

/* Answers each packet with itself until the socket ends, or one says not to
 * end. */
static int
helper(const char *fd_text)
{
	static uint8_t data[IPC_MESSAGE_MAX];
	struct bytes packet;
	int fd;

	if (process_harden(&fd, fd_text, "estuary-test", NULL) != 0)
		_exit(9);
	while (ipc_receive(&packet, data, fd) == 0) {
		if (ipc_send(fd, packet) != 0)
			break;
		while (packet.len > 0 && packet.data[0] == 's')
			pause();
	}
	_exit(7);
}

/* --- what the keeper does --- */

struct files {
	char dir[64], file[96], put[96], socket[96];
	int leak; /* a descriptor that the keeper must not have */
};

static int
act_open(void *arg, int *fd, uint32_t which, struct reason *why)
{
	const struct files *f = arg;

	if (fcntl(f->leak, F_GETFD) >= 0)
		return reason_set(why, -ERR_CORRUPT, "it is open here");
	if (which != A_FILE)
		return reason_set(why, -ERR_NOT_FOUND, "no such file");
	return file_open(fd, f->file, why);
}

static int
act_put(void *arg, struct bytes content, struct reason *why)
{
	const struct files *f = arg;

	(void)why;
	return file_write(f->put, content, 0400);
}

static int
act_remove(void *arg, struct reason *why)
{
	const struct files *f = arg;

	return unlink(f->socket) == 0 ? 0
				      : reason_set(why, -ERR_IO, "not removed");
}

/* --- the tests --- */

static struct bytes
text(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}

static int
make_files(void **state)
{
	struct files *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	*state = f;
	strcpy(f->dir, "/tmp/estuary-keeper-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->file, sizeof(f->file), "%s/file", f->dir);
	snprintf(f->put, sizeof(f->put), "%s/put", f->dir);
	snprintf(f->socket, sizeof(f->socket), "%s/socket", f->dir);
	assert_int_equal(0, file_write(f->file, text("first"), 0600));
	assert_int_equal(0, file_write(f->socket, text(""), 0600));
	/* Where the keeper has nothing of its own. */
	f->leak = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 20);
	assert_true(f->leak >= 20);
	return 0;
}

static int
remove_files(void **state)
{
	struct files *f = *state;

	close(f->leak);
	unlink(f->file);
	unlink(f->put);
	unlink(f->socket);
	assert_int_equal(0, rmdir(f->dir));
	free(f);
	return 0;
}

static struct keeper *
start(struct files *f)
{
	const struct keeper_acts acts = {
	    ARGUMENT, act_open, act_put, act_remove, f};
	struct keeper *keeper = NULL;
	struct reason why = {""};

	if (keeper_start(&keeper, "estuary-keeper", &acts, &why) != 0)
		fail_msg("%s", why.text);
	return keeper;
}

static void
start_helper(struct process *process, struct keeper *keeper)
{
	struct reason why = {""};

	if (keeper_process_start(keeper, process, &why) != 0)
		fail_msg("%s", why.text);
	assert_true(process->pid > 0);
}

static void
converse(const struct process *process, const char *word)
{
	static uint8_t data[IPC_MESSAGE_MAX];
	struct pollfd p = {.fd = process->fd, .events = POLLIN};
	struct bytes packet = {NULL, 0};

	assert_int_equal(0, ipc_send(process->fd, text(word)));
	assert_int_equal(1, poll(&p, 1, LONG_MS));
	assert_int_equal(0, ipc_receive(&packet, data, process->fd));
	assert_true(bytes_equal(text(word), packet));
}

static void
assert_gone(pid_t pid)
{
	struct pollfd p = {
	    .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};

	if (p.fd < 0)
		return; /* reaped already */
	assert_int_equal(1, poll(&p, 1, LONG_MS));
	close(p.fd);
}

static void
test_process(void **state)
{
	struct files *f = *state;
	struct keeper *keeper = start(f);
	struct process first, second;
	char how[PROCESS_HOW_MAX];

	start_helper(&first, keeper);
	converse(&first, "hello");
	keeper_process_end(keeper, &first, LONG_MS, how);
	assert_string_equal("exit status 7", how);
	assert_int_equal(0, first.pid);
	keeper_process_end(keeper, &first, LONG_MS, how); /* nothing to do */
	start_helper(&second, keeper);
	converse(&second, "stay");
	keeper_process_end(keeper, &second, 10, how);
	assert_string_equal("killed by signal 9 (Killed)", how);
	/* A new one is the end of the one before. */
	start_helper(&first, keeper);
	start_helper(&second, keeper);
	assert_gone(first.pid);
	converse(&second, "hello");
	close(first.fd);
	keeper_stop(keeper);
	assert_gone(second.pid);
	close(second.fd);
}

static void
test_files(void **state)
{
	struct files *f = *state;
	struct keeper *keeper = start(f);
	struct blob content = {0};
	struct reason why = {""};
	int fd = -1;

	/* Whoever has that name at the time. */
	assert_int_equal(0, file_write(f->file, text("second"), 0600));
	assert_int_equal(0, keeper_open(keeper, &fd, A_FILE, &why));
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	assert_int_equal(O_RDONLY, fcntl(fd, F_GETFL) & O_ACCMODE);
	assert_int_equal(0, file_read_fd(&content, fd, f->file, 100));
	assert_string_equal("second", (const char *)content.data);
	blob_fini(&content);
	close(fd);
	assert_int_equal(0, keeper_put(keeper, text("key"), &why));
	assert_int_equal(0, file_read(&content, f->put, 100));
	assert_string_equal("key", (const char *)content.data);
	blob_fini(&content);
	assert_int_equal(0, keeper_remove(keeper, &why));
	assert_false(file_exists(f->socket));
	keeper_stop(keeper);
}

static void
test_what_it_does_not_refused(void **state)
{
	const struct keeper_acts none = {.argument = NULL};
	static const uint8_t large[KEEPER_PUT_MAX + 1];
	struct files *f = *state;
	struct process process = {.fd = -1};
	struct keeper *keeper = start(f);
	struct reason why = {""};
	int fd = -1;

	assert_int_equal(-ERR_NOT_FOUND, keeper_open(keeper, &fd, 8, &why));
	assert_string_equal("no such file", why.text);
	unlink(f->file);
	assert_int_equal(
	    -ERR_NOT_FOUND, keeper_open(keeper, &fd, A_FILE, &why));
	assert_non_null(strstr(why.text, f->file));
	unlink(f->socket);
	assert_int_equal(-ERR_IO, keeper_remove(keeper, &why));
	assert_string_equal("not removed", why.text);
	/* Malformed is the end. */
	assert_int_equal(-ERR_CLOSED,
	    keeper_put(keeper, (struct bytes){large, sizeof(large)}, &why));
	assert_int_equal(-ERR_CLOSED, keeper_open(keeper, &fd, A_FILE, &why));
	assert_non_null(strstr(why.text, "restart"));
	keeper_stop(keeper);
	assert_int_equal(-1, fd);
	assert_int_equal(
	    0, keeper_start(&keeper, "estuary-keeper", &none, &why));
	assert_int_equal(-ERR_INVALID, keeper_open(keeper, &fd, A_FILE, &why));
	assert_int_equal(-ERR_INVALID, keeper_put(keeper, text("x"), &why));
	assert_int_equal(-ERR_INVALID, keeper_remove(keeper, &why));
	assert_int_equal(
	    -ERR_INVALID, keeper_process_start(keeper, &process, &why));
	keeper_stop(keeper);
	keeper_stop(NULL);
}

/* SIGKILL of the server: the keeper and the helper go, though the helper does
 * not look at its socket. */
static void
test_dies_with_its_parent(void **state)
{
	struct files *f = *state;
	int told[2], status;
	pid_t server, pid = 0;

	assert_int_equal(0, pipe2(told, O_CLOEXEC));
	/* Else init, which may be slow to reap, would be the new parent. */
	assert_int_equal(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	server = fork();
	assert_true(server >= 0);
	if (server == 0) {
		struct keeper *keeper = start(f);
		struct process process;

		start_helper(&process, keeper);
		converse(&process, "stay");
		if (write(told[1], &process.pid, sizeof(pid)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(sizeof(pid), read(told[0], &pid, sizeof(pid)));
	kill(server, SIGKILL);
	assert_int_equal(server, waitpid(server, &status, 0));
	assert_gone(pid);
	/* And the keeper: then there is nobody left to wait for. */
	while (waitpid(-1, &status, 0) > 0)
		;
	assert_int_equal(ECHILD, errno);
	assert_int_equal(0, prctl(PR_SET_CHILD_SUBREAPER, 0));
	close(told[0]);
	close(told[1]);
}

#define T(f) cmocka_unit_test_setup_teardown(f, make_files, remove_files)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(test_process),
	    T(test_files),
	    T(test_what_it_does_not_refused),
	    T(test_dies_with_its_parent),
	};

	if (argc == 3 && strcmp(argv[1], ARGUMENT) == 0)
		return helper(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
