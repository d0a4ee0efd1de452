#include "tests/unit/cmocka.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ipc.h"
#include "base/process.h"
#include "base/sandbox.h"

/* Deadlines only: nothing waits this long unless it fails. */
#define LONG_MS 10000

/* --- what the children do --- */

struct facts {
	int dumpable, no_new_privs, death_signal;
	uint64_t core_max;
	int n_fds, n_environment;
	bool ignores_term, starts_no_other;
	char name[16];
};

static int
count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = -1; /* the directory's own */

	if (dir == NULL)
		return -1;
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
		if (e->d_name[0] != '.')
			n++;
	closedir(dir);
	return n;
}

static void
gather(struct facts *f)
{
	struct rlimit core;
	struct sigaction term;
	struct process other;

	memset(f, 0, sizeof(*f));
	f->dumpable = prctl(PR_GET_DUMPABLE);
	f->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	prctl(PR_GET_PDEATHSIG, &f->death_signal);
	prctl(PR_GET_NAME, f->name);
	getrlimit(RLIMIT_CORE, &core);
	f->core_max = core.rlim_max;
	sigaction(SIGTERM, NULL, &term);
	f->ignores_term = term.sa_handler == SIG_IGN;
	f->n_fds = count_fds();
	f->starts_no_other =
	    process_start(&other, "--facts", NULL) == -ERR_INVALID;
	while (environ[f->n_environment] != NULL)
		f->n_environment++;
}

/* --facts: says what it is, and ends when the socket does. --stubborn: the
 * same, but does not end. */
static int
child(const char *argument, const char *fd_text)
{
	static uint8_t data[IPC_MESSAGE_MAX];
	struct reason why = {""};
	struct bytes packet;
	struct facts facts;
	int fd;

	if (process_harden(&fd, fd_text, "estuary-test", &why) != 0)
		_exit(9);
	gather(&facts);
	if (ipc_send(fd,
		(struct bytes){(const uint8_t *)&facts, sizeof(facts)}) != 0)
		_exit(8);
	while (ipc_receive(&packet, data, fd) == 0)
		;
	while (strcmp(argument, "--stubborn") == 0)
		pause();
	_exit(7);
}

/* --- the tests --- */

static void
wait_readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	assert_int_equal(1, poll(&p, 1, LONG_MS));
}

static void
start(struct process *process, const char *argument, struct facts *facts)
{
	static uint8_t data[IPC_MESSAGE_MAX];
	struct reason why = {""};
	struct bytes packet = {NULL, 0};

	if (process_start(process, argument, &why) != 0)
		fail_msg("%s", why.text);
	wait_readable(process->fd);
	assert_int_equal(0, ipc_receive(&packet, data, process->fd));
	assert_int_equal(sizeof(*facts), packet.len);
	memcpy(facts, packet.data, sizeof(*facts));
}

static void
test_is_shielded(void **state)
{
	int leaked = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
	struct process process;
	struct facts facts;
	char how[PROCESS_HOW_MAX];

	(void)state;
	setenv("SECRET", "value", 1);
	start(&process, "--facts", &facts);
	assert_int_equal(0, facts.dumpable);
	assert_int_equal(1, facts.no_new_privs);
	assert_int_equal(SIGKILL, facts.death_signal);
	assert_int_equal(0, facts.core_max);
	assert_true(facts.ignores_term);
	assert_true(facts.starts_no_other);
	assert_string_equal("estuary-test", facts.name);
	assert_int_equal(4, facts.n_fds); /* 0, 1, 2 and the socket */
	if (!sandbox_is_relaxed())
		assert_int_equal(0, facts.n_environment);
	process_end(&process, LONG_MS, how);
	assert_string_equal("exit status 7", how);
	assert_int_equal(0, process.pid);
	process_end(&process, LONG_MS, how); /* nothing is left to be done */
	close(leaked);
}

static void
test_stubborn_one_is_killed(void **state)
{
	struct process process;
	struct facts facts;
	char how[PROCESS_HOW_MAX];

	(void)state;
	start(&process, "--stubborn", &facts);
	process_end(&process, 10, how);
	assert_string_equal("killed by signal 9 (Killed)", how);
}

/* A process in between is killed: the one that it started goes as well, though
 * it ignores the socket's end. */
static void
test_dies_with_its_parent(void **state)
{
	struct pollfd gone = {.events = POLLIN};
	int told[2], status;
	pid_t between, pid = 0;

	(void)state;
	assert_int_equal(0, pipe2(told, O_CLOEXEC));
	/* Else init, which may be slow to reap, would be its new parent. */
	assert_int_equal(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	between = fork();
	assert_true(between >= 0);
	if (between == 0) {
		struct process process;
		struct facts facts;

		start(&process, "--stubborn", &facts);
		if (write(told[1], &process.pid, sizeof(process.pid)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(sizeof(pid), read(told[0], &pid, sizeof(pid)));
	gone.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	assert_true(gone.fd >= 0);
	kill(between, SIGKILL);
	assert_int_equal(between, waitpid(between, &status, 0));
	assert_int_equal(1, poll(&gone, 1, LONG_MS));
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	close(gone.fd);
	close(told[0]);
	close(told[1]);
}

static void
test_started_by_hand_refused(void **state)
{
	static const char *const texts[] = {"3", "2", "", "x", "-1", "99999"};
	int fd = -1, null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct reason why = {""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		/* Whatever is at 3 here, it is no packet socket. */
		assert_int_equal(-ERR_INVALID,
		    process_harden(&fd, texts[i], "estuary-test", &why));
		assert_non_null(strstr(why.text, "by hand"));
	}
	assert_int_equal(-1, fd);
	assert_int_equal(1, prctl(PR_GET_DUMPABLE));
	close(null);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_is_shielded),
	    cmocka_unit_test(test_stubborn_one_is_killed),
	    cmocka_unit_test(test_dies_with_its_parent),
	    cmocka_unit_test(test_started_by_hand_refused),
	};

	if (argc == 3)
		return child(argv[1], argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
