#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ipc.h"
#include "base/sandbox.h"
#include "base/str.h"

#define SELF "/proc/self/exe"
#define CHILD_FD 3

/* --- the parent --- */

/* Empty, but for what a build with sanitizers needs to report. */
static void
fill_environment(char *out[5])
{
	static const char *const names[] = {"ASAN_OPTIONS=", "UBSAN_OPTIONS=",
	    "LSAN_OPTIONS=", "TSAN_OPTIONS="};
	size_t n = 0;

	for (char **e = environ; sandbox_is_relaxed() && *e != NULL; e++)
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (n < ARRAY_LEN(names) &&
			    strncmp(*e, names[i], strlen(names[i])) == 0)
				out[n++] = *e;
	out[n] = NULL;
}

static int
fill_actions(posix_spawn_file_actions_t *actions, int fd)
{
	int rc = posix_spawn_file_actions_addopen(
	    actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (rc == 0)
		rc = posix_spawn_file_actions_addopen(
		    actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(actions, fd, CHILD_FD);
	return rc;
}

/* Returns an errno. */
static int
spawn(pid_t *pid, const char *argument, int fd)
{
	char *text = str_copy(argument);
	char fd_text[8];
	char *argv[] = {program_invocation_name, text, fd_text, NULL};
	char *environment[5];
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int rc;

	if (text == NULL)
		return ENOMEM;
	snprintf(fd_text, sizeof(fd_text), "%d", CHILD_FD);
	fill_environment(environment);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	rc = fill_actions(&actions, fd);
	if (rc == 0)
		rc = posix_spawn(
		    pid, SELF, &actions, &attributes, argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	free(text);
	return rc;
}

/* True in a helper process whose main() did not see that it is one: what it
 * starts would do the same, without end. */
static bool
is_helper_itself(const char *argument)
{
	const char *first;
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	char text[512];
	ssize_t n = -1;

	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	if (n < 0)
		return false;
	text[n] = '\0';
	first = text + strlen(text) + 1;
	return first < text + n && strcmp(first, argument) == 0;
}

/* The child's end must not be where a file action puts something else first. */
static int
move_up(int *fd)
{
	int moved;

	if (*fd > CHILD_FD)
		return 0;
	moved = fcntl(*fd, F_DUPFD_CLOEXEC, CHILD_FD + 1);
	if (moved < 0)
		return -ERR_IO;
	close(*fd);
	*fd = moved;
	return 0;
}

/* On failure what is not -1 is still to be closed. */
static int
make_pair(int fds[2])
{
	int err = ipc_pair(fds);

	if (err == 0)
		err = move_up(&fds[0]);
	if (err == 0)
		err = move_up(&fds[1]);
	return err;
}

int
process_start(struct process *out, const char *argument, struct reason *why)
{
	int fds[2] = {-1, -1}, rc = 0;
	pid_t pid = 0;
	int err;

	if (is_helper_itself(argument))
		return reason_set(why, -ERR_INVALID,
		    "%s: this program's main() does not know it", argument);
	err = make_pair(fds);
	if (err == 0 && fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0)
		err = -ERR_IO;
	if (err == 0)
		rc = spawn(&pid, argument, fds[1]);
	if (fds[1] >= 0)
		close(fds[1]);
	if (err == 0 && rc == 0) {
		*out = (struct process){.pid = pid, .fd = fds[0]};
		return 0;
	}
	if (fds[0] >= 0)
		close(fds[0]);
	return reason_set(why, -ERR_IO, "%s %s: cannot be started: %s", SELF,
	    argument, strerror(rc != 0 ? rc : errno));
}

static bool
ends_within(pid_t pid, int ms)
{
	struct pollfd p = {
	    .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
	bool ended;

	if (p.fd < 0)
		return false;
	ended = poll(&p, 1, ms) == 1;
	close(p.fd);
	return ended;
}

static void
describe(char how[PROCESS_HOW_MAX], int status)
{
	if (WIFSIGNALED(status))
		snprintf(how, PROCESS_HOW_MAX, "killed by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(how, PROCESS_HOW_MAX, "exit status %d",
		    WEXITSTATUS(status));
}

void
process_end(struct process *process, int grace_ms, char how[PROCESS_HOW_MAX])
{
	int status = 0;
	pid_t rc;

	if (process->pid == 0)
		return;
	if (process->fd >= 0)
		close(process->fd);
	if (!ends_within(process->pid, grace_ms) &&
	    kill(process->pid, SIGKILL) != 0 && errno == EPERM) {
		snprintf(how, PROCESS_HOW_MAX, "not ended yet");
		*process = (struct process){.fd = -1};
		return;
	}
	do {
		rc = waitpid(process->pid, &status, 0);
	} while (rc < 0 && errno == EINTR);
	describe(how, status);
	*process = (struct process){.fd = -1};
}

/* --- the helper process --- */

static int
take_socket(int *fd, const char *text)
{
	int64_t number;
	int type = 0;
	socklen_t len = sizeof(type);

	if (parse_number(&number, text, CHILD_FD) != 0 || number != CHILD_FD ||
	    getsockopt(CHILD_FD, SOL_SOCKET, SO_TYPE, &type, &len) != 0 ||
	    type != SOCK_SEQPACKET)
		return -ERR_INVALID;
	*fd = CHILD_FD;
	return 0;
}

/* A file opened later must not become standard error. */
static int
have_stderr(void)
{
	if (fcntl(STDERR_FILENO, F_GETFD) >= 0)
		return 0;
	return open("/dev/null", O_WRONLY) == STDERR_FILENO ? 0 : -ERR_IO;
}

/* No core dump, nobody may attach or look into its memory, no new privileges;
 * it goes when its parent does. */
static int
shield(const char *name, struct reason *why)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGTERM, SIGPIPE};
	const struct rlimit none = {0, 0};

	/* What ends the parent's group of processes, or its terminal, must not
	 * end this one before the parent. */
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		signal(ignored[i], SIG_IGN);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_NAME, name) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0 || have_stderr() != 0 ||
	    syscall(SYS_close_range, CHILD_FD + 1, ~0U, 0) != 0)
		return reason_set(why, -ERR_IO,
		    "cannot be shielded from other processes: %s",
		    strerror(errno));
	return 0;
}

int
process_harden(
    int *fd, const char *fd_text, const char *name, struct reason *why)
{
	if (take_socket(fd, fd_text) != 0)
		return reason_set(
		    why, -ERR_INVALID, "not to be started by hand");
	return shield(name, why);
}

/* In the child. */
static int
run_forked(const char *name, process_run_fn run, void *arg, int fd)
{
	struct reason why = {""};

	if (dup3(fd, CHILD_FD, O_CLOEXEC) != CHILD_FD ||
	    shield(name, &why) != 0) {
		dprintf(STDERR_FILENO, "%s: %s\n", name, why.text);
		return 1;
	}
	return run(arg, CHILD_FD);
}

int
process_fork(struct process *out, const char *name, process_run_fn run,
    void *arg, struct reason *why)
{
	int fds[2] = {-1, -1}, err = make_pair(fds);
	pid_t pid = -1;

	if (err == 0)
		pid = fork();
	if (pid == 0)
		_exit(run_forked(name, run, arg, fds[1]));
	if (fds[1] >= 0)
		close(fds[1]);
	if (pid > 0) {
		*out = (struct process){.pid = pid, .fd = fds[0]};
		return 0;
	}
	if (fds[0] >= 0)
		close(fds[0]);
	return reason_set(
	    why, -ERR_IO, "%s: cannot be started: %s", name, strerror(errno));
}
