/*
 * What a process gives up for good: the file system and the network (Landlock),
 * and every system call but a few (seccomp).
 *
 * A build with AddressSanitizer and the like (SANDBOX_RELAXED=1, set by
 * base/meson.build from -Db_sanitize) gives up nothing: the sanitizers open
 * files, map memory and make threads of their own to report.
 */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

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

bool sandbox_is_relaxed(void);

/* No path can be opened, made, changed or executed any more; what is open stays
 * so. Where the kernel is new enough: no TCP port, no abstract socket, and no
 * signal to processes outside. abi is the kernel's Landlock version; 0, and
 * then nothing has changed, if it has none. For the calling thread. */
int sandbox_no_files(int *abi, struct reason *why) NODISCARD;

/* Any other system call ends the process (SIGSYS). */
int sandbox_only_calls(
    const struct sandbox_call *calls, size_t n, struct reason *why) NODISCARD;

#endif
