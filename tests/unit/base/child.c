#include "tests/unit/base/child.h"

#include "tests/unit/cmocka.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int
in_child(int (*what)(void *arg), void *arg)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		syscall(SYS_exit_group, what(arg));
	assert_int_equal(pid, waitpid(pid, &status, 0));
	return status;
}

int
outcome(int (*what)(void *arg), void *arg)
{
	int status = in_child(what, arg);

	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_LANDLOCK)
		skip();
	return WEXITSTATUS(status);
}
