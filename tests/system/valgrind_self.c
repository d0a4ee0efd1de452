/* For LD_PRELOAD, under valgrind: a program that executes itself again as
 * /proc/self/exe would get valgrind's own program; readlink() is what valgrind
 * answers with the program's path. What is started so runs without valgrind. */
#include <dlfcn.h>
#include <limits.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

typedef int (*spawn_call)(pid_t *pid, const char *path,
    const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const argv[],
    char *const environment[]);

int
posix_spawn(pid_t *pid, const char *path,
    const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const argv[],
    char *const environment[])
{
	spawn_call next = (spawn_call)dlsym(RTLD_NEXT, "posix_spawn");
	char real[PATH_MAX] = "";

	if (strcmp(path, "/proc/self/exe") == 0 &&
	    readlink(path, real, sizeof(real) - 1) > 0)
		path = real;
	return next(pid, path, actions, attributes, argv, environment);
}
