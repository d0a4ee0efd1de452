/* What a signer in which code of an attacker's choice runs cannot do. */
#include "tests/unit/cmocka.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "tests/unit/ca/signer_driven.h"

#define HOSTILE "--hostile"

enum try {
	TRY_NOTHING,
	TRY_OPEN,
	TRY_READ_KEY,
	TRY_SOCKET,
	TRY_EXECUTE,
	TRY_FORK,
	TRY_KILL,
	TRY_TRACE,
	TRY_MAP_EXECUTABLE,
	TRY_SEND_ELSEWHERE,
	TRY_UNLINK,
	TRY_MAX,
};

static void
try_call(enum try which)
{
	char *const none[] = {NULL};
	int rc = 0;

	switch (which) {
	case TRY_OPEN:
		rc = open("/dev/null", O_RDONLY | O_CLOEXEC);
		break;
	case TRY_READ_KEY:
		rc = openat(AT_FDCWD, CA_ISSUING_KEY, O_RDONLY | O_CLOEXEC);
		break;
	case TRY_SOCKET:
		rc = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		break;
	case TRY_EXECUTE:
		rc = execve("/bin/true", none, none);
		break;
	case TRY_FORK:
		rc = fork();
		break;
	case TRY_KILL:
		rc = kill(getppid(), 0);
		break;
	case TRY_TRACE:
		rc = (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		break;
	case TRY_MAP_EXECUTABLE:
		rc = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
		break;
	case TRY_SEND_ELSEWHERE:
		rc = (int)send(STDERR_FILENO, "x", 1, 0);
		break;
	case TRY_UNLINK:
		rc = unlink("/tmp/nothing-of-this-name");
		break;
	case TRY_NOTHING:
	case TRY_MAX:
	default:
		break;
	}
	(void)rc;
}

/* The message's type is what is tried; then comes an empty answer. */
static int
handle_hostile(struct signer_service *service, struct bytes packet)
{
	struct ipc_reader r;
	uint16_t type;
	uint64_t id;

	ipc_open(&r, &type, &id, packet);
	try_call((enum try)type);
	return ipc_send(service->fd, packet);
}

static void
test_forbidden_calls_are_fatal(void **state)
{
	struct driven *d = *state;
	struct bytes packet = {NULL, 0};

	if (sandbox_is_relaxed())
		skip();
	driven_restart(d, HOSTILE);
	assert_non_null(strstr(d->chain.sandbox, "seccomp"));
	for (int i = TRY_NOTHING; i < TRY_MAX; i++) {
		ipc_begin(&d->out, (uint16_t)i, 1);
		driven_send(d);
		if (i == TRY_NOTHING) {
			assert_int_equal(0, driven_receive(d, &packet));
			continue;
		}
		driven_ends(d, "killed by signal 31");
		driven_start(d, HOSTILE);
		assert_int_equal(0, driven_greet(d));
	}
}

#define DRIVEN_TEST(fn)                                                        \
	cmocka_unit_test_setup_teardown(fn, driven_setup, driven_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    DRIVEN_TEST(test_forbidden_calls_are_fatal),
	};

	if (signer_is_called(argc, argv))
		return signer_main(argv);
	if (argc == 3 && strcmp(argv[1], HOSTILE) == 0)
		return signer_run(argv, handle_hostile);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
