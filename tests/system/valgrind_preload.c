/* For LD_PRELOAD, under valgrind: what would not work there otherwise. */
#include <dlfcn.h>
#include <limits.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

typedef int (*spawn_call)(pid_t *pid, const char *path,
    const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const argv[],
    char *const environment[]);
typedef int (*level_call)(unsigned int level);

#define SECCOMP_API_LEVEL 6 /* of Debian 12 */

/* A program that executes itself again as /proc/self/exe would get valgrind's
 * own program; readlink() is what valgrind answers with the program's path.
 * What is started so runs without valgrind, and without this. */
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

/* Valgrind knows no seccomp(), so that libseccomp would take the kernel for an
 * old one and refuse to make the filter. It is made, */
__attribute__((constructor)) static void
have_seccomp(void)
{
	level_call set = (level_call)dlsym(RTLD_DEFAULT, "seccomp_api_set");

	if (set != NULL)
		set(SECCOMP_API_LEVEL);
}

/* but it would hold for valgrind as well, which makes code while it runs. */
int
seccomp_load(const scmp_filter_ctx filter)
{
	(void)filter;
	return 0;
}
