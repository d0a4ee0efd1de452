/* For LD_PRELOAD into estuaryd: the code of an attacker's choice. A signal,
 * queued with a number, has it try something that the sandbox is to prevent;
 * what came of it goes to standard error: "stepped NUMBER RESULT", where the
 * result is "done" or the name of the error. From WORKER on, a worker tries it,
 * at the next connection. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WORKER 1000

static const char *
in_state(const char *name)
{
	static _Thread_local char path[2][512];
	static _Thread_local int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", getenv("STEP_STATE"),
	    name);
	return path[turn];
}

static int
number_from(const char *variable)
{
	return atoi(getenv(variable));
}

static int
on_port(int (*call)(int, const struct sockaddr *, socklen_t), int port)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return call(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
	    (const struct sockaddr *)&to, sizeof(to));
}

/* Returns as system calls do. */
static long
try(int number)
{
	const int rwx = PROT_READ | PROT_WRITE | PROT_EXEC;

	switch (number) {
	case 1:
		return open(in_state("ca/root.key"), O_RDONLY | O_CLOEXEC);
	case 2:
		return open(in_state("ca/issuing.key"), O_RDONLY | O_CLOEXEC);
	case 3:
		return open(in_state("records.key"), O_RDONLY | O_CLOEXEC);
	case 4:
		return open(getenv("STEP_FILE"), O_RDONLY | O_CLOEXEC);
	case 5:
		return open(in_state("estuary.conf"), O_WRONLY | O_CLOEXEC);
	case 6:
		return open(
		    in_state("new"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	case 7:
		return unlink(in_state("ca/issued.log"));
	case 8:
		return rename(
		    in_state("ca/issued.log"), in_state("ca/issued.old"));
	case 9:
		return link(in_state("ca/root.key"), in_state("new"));
	case 10:
		return open(
		    "/etc/estuary-step", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	case 11:
		return open("/proc/1/status", O_RDONLY | O_CLOEXEC);
	case 12:
		return on_port(bind, number_from("STEP_PORT"));
	case 13:
		return on_port(connect, number_from("STEP_PORT"));
	case 14:
		return kill(getppid(), 0);
	case 15:
		return fork();
	case 16:
		return mmap(NULL, 4096, rwx, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0) == MAP_FAILED
			   ? -1
			   : 0;
	case 17:
		return socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	case 30:
		return open(in_state("estuary.db"), O_RDWR | O_CLOEXEC);
	case 31:
		return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	case 40:
		return execl("/bin/true", "true", NULL);
	case 41:
		return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
	case 42:
		return syscall(SYS_io_uring_setup, 1, NULL);
	default:
		errno = EINVAL;
		return -1;
	}
}

static void
step(int number)
{
	char text[64];
	long rc = try(number % WORKER);
	const char *result = rc >= 0 ? "done" : strerrorname_np(errno);
	int len =
	    snprintf(text, sizeof(text), "stepped %d %s\n", number, result);

	if (write(STDERR_FILENO, text, (size_t)len) < 0)
		return;
}

static atomic_int for_worker;

static void
on_signal(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	if (info->si_value.sival_int >= WORKER)
		atomic_store(&for_worker, info->si_value.sival_int);
	else
		step(info->si_value.sival_int);
}

__attribute__((constructor)) static void
prepare(void)
{
	struct sigaction action = {
	    .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};

	sigaction(SIGUSR2, &action, NULL);
}

int
accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	int number = atomic_exchange(&for_worker, 0);

	if (number != 0)
		step(number);
	return (int)syscall(SYS_accept4, fd, address, len, flags);
}
