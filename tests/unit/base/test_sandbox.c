#include "tests/unit/cmocka.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "tests/unit/base/child.h"

static bool
is_denied(int fd)
{
	return fd < 0 && errno == EACCES;
}

static int
without_files(void *arg)
{
	const int *open_file = arg;
	char path[] = "/tmp/estuary-sandbox-made";
	int abi = 0;

	if (sandbox_no_files(&abi, NULL) != 0)
		return 1;
	if (abi == 0)
		return NO_LANDLOCK;
	if (!is_denied(open("/etc/passwd", O_RDONLY | O_CLOEXEC)) ||
	    !is_denied(open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) ||
	    !is_denied(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) ||
	    !is_denied(mkdir(path, 0700)) ||
	    !is_denied(execl("/bin/true", "true", NULL)))
		return 2;
	return write(*open_file, "x", 1) == 1 ? 0 : 3;
}

static void
test_no_files(void **state)
{
	int fd = memfd_create("open", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(0, outcome(without_files, &fd));
	close(fd);
}

static int
without_network(void *unused)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons(9),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), abi = 0;

	(void)unused;
	if (sandbox_no_files(&abi, NULL) != 0)
		return 1;
	if (abi < 4)
		return NO_LANDLOCK;
	return is_denied(connect(fd, (const struct sockaddr *)&to, sizeof(to)))
		   ? 0
		   : 2;
}

static void
test_no_network(void **state)
{
	(void)state;
	assert_int_equal(0, outcome(without_network, NULL));
}

enum try {
	TRY_NOTHING,
	TRY_WRITE,
	TRY_OTHER_WRITE,
	TRY_OPEN,
	TRY_MAP,
	TRY_MAP_EXECUTABLE,
	TRY_SOCKET,
	TRY_FORK,
	TRY_OTHER_ARCHITECTURE,
};

#define ALLOWED_FD 40

static int
map(int protection)
{
	void *p =
	    mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p != MAP_FAILED ? 0 : 1;
}

static int
try_call(void *arg)
{
	static const struct sandbox_call calls[] = {
	    {SYS_write, SANDBOX_ON_FD, ALLOWED_FD},
	    {SYS_mmap, SANDBOX_NO_EXEC, 0}, {SYS_exit_group, SANDBOX_ANY, 0}};
	const enum try *which = arg;

	if (sandbox_only_calls(calls, ARRAY_LEN(calls), NULL) != 0)
		return 9;
	switch (*which) {
	case TRY_WRITE:
		return write(ALLOWED_FD, "x", 1) == 1 ? 0 : 1;
	case TRY_OTHER_WRITE:
		return write(STDERR_FILENO, "", 0) == 0 ? 0 : 1;
	case TRY_OPEN:
		return open("/dev/null", O_RDONLY | O_CLOEXEC) < 0;
	case TRY_MAP:
		return map(PROT_READ | PROT_WRITE);
	case TRY_MAP_EXECUTABLE:
		return map(PROT_READ | PROT_EXEC);
	case TRY_SOCKET:
		return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0;
	case TRY_FORK:
		return fork() < 0;
	case TRY_OTHER_ARCHITECTURE:
#ifdef __x86_64__
		/* exit_group of i386, which is fremovexattr() here; the
		 * filter must see that it is not our number. */
		__asm__ volatile("int $0x80" : : "a"(252), "b"(0) : "memory");
#endif
		return 1;
	case TRY_NOTHING:
	default:
		return 0;
	}
}

static void
test_only_calls(void **state)
{
	enum try allowed[] = {TRY_NOTHING, TRY_WRITE, TRY_MAP};
	int fd = memfd_create("open", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(ALLOWED_FD, dup3(fd, ALLOWED_FD, O_CLOEXEC));
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
		assert_int_equal(0, in_child(try_call, &allowed[i]));
	close(ALLOWED_FD);
	close(fd);
}

static void
test_other_calls_are_fatal(void **state)
{
	enum try fatal[] = {
	    TRY_OTHER_WRITE, TRY_OPEN, TRY_MAP_EXECUTABLE, TRY_SOCKET, TRY_FORK,
#ifdef __x86_64__
	    TRY_OTHER_ARCHITECTURE
#endif
	};

	(void)state;
	if (sandbox_is_relaxed())
		skip();
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++) {
		int status = in_child(try_call, &fatal[i]);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("call %d: status %#x", (int)fatal[i],
			    (unsigned int)status);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_files),
	    cmocka_unit_test(test_no_network),
	    cmocka_unit_test(test_only_calls),
	    cmocka_unit_test(test_other_calls_are_fatal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
