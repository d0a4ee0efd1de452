/*
 * What a process gives up for good: the file system and the network (Landlock),
 * and system calls (seccomp).
 *
 * A build with AddressSanitizer and the like (SANDBOX_RELAXED=1, set by
 * base/meson.build from -Db_sanitize) gives up nothing: the sanitizers open
 * files, map memory and make threads of their own to report.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

bool sandbox_is_relaxed(void);

/* --- files and ports: base/sandbox.c --- */

/* No path can be opened, made, changed or executed any more; what is open stays
 * so. Where the kernel is new enough: no TCP port, no abstract socket, and no
 * signal to processes outside. abi is the kernel's Landlock version; 0, and
 * then nothing has changed, if it has none. For the calling thread. */
int sandbox_no_files(int *abi, struct reason *why) NODISCARD;

enum sandbox_access {
	SANDBOX_READ, /* a file, or whatever is beneath a directory */
	SANDBOX_LIST, /* a directory's names, and those beneath; fsync of it */
	SANDBOX_UPDATE, /* a file: read, written, cut off */
};

/* A rule for a file holds for that very file, not for another that takes its
 * name; one for a directory for all that is ever beneath it. */
struct sandbox_path {
	const char *path;
	enum sandbox_access access;
	bool required; /* else one that is not there is left out */
};

struct sandbox_rules {
	const struct sandbox_path *paths;
	size_t n_paths;
	bool limits_bind;     /* TCP: to the ports of bind */
	const uint16_t *bind; /* host byte order */
	size_t n_bind;
	bool limits_connect; /* TCP: nowhere */
};

/* What the kernel was new enough for. */
struct sandbox_active {
	int abi; /* 0: no Landlock, nothing has changed */
	bool bind, connect, signals;
};

/* As sandbox_no_files(), but for what the rules allow. Threads that are made
 * later are shut in as well; -ERR_INVALID with one that is there already. */
int sandbox_only_paths(struct sandbox_active *active,
    const struct sandbox_rules *rules, struct reason *why) NODISCARD;

/* --- system calls: base/sandbox_calls.c --- */

enum sandbox_only {
	SANDBOX_ANY,
	SANDBOX_ON_FD,   /* the first argument is fd */
	SANDBOX_NO_EXEC, /* mmap, mprotect: without PROT_EXEC */
};

/* A system call that stays allowed. A number may occur more than once; each
 * entry allows. */
struct sandbox_call {
	int number; /* SYS_* */
	enum sandbox_only only;
	int fd;
};

/* Any other system call ends the process (SIGSYS). */
int sandbox_only_calls(
    const struct sandbox_call *calls, size_t n, struct reason *why) NODISCARD;

enum sandbox_programs {
	SANDBOX_NO_PROGRAMS, /* no execve, no fork, no memory made executable */
	SANDBOX_MAY_EXECUTE,
};

/* All but what a server never does stays allowed: what only an attacker would
 * ask for ends the process, what a library might try is refused. To be called
 * before threads are made, which are shut in then. */
int sandbox_deny_calls(
    enum sandbox_programs programs, struct reason *why) NODISCARD;

#endif
