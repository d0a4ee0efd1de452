/* A helper process: this very program, executed again, with one packet socket
 * (base/ipc.h) between the two. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

#define PROCESS_HOW_MAX 64

struct process {
	pid_t pid; /* 0: none */
	int fd;    /* this side's end; non-blocking */
};

/* Starts /proc/self/exe with the arguments `argument FD` and nothing else: an
 * empty environment, /dev/null as standard input and output, this process's
 * standard error. (With sanitizers their options stay in the environment.) It
 * dies with the thread that calls this, at the latest. -ERR_INVALID in such a
 * process: its main() did not see the argument, and would go on for ever. */
int process_start(
    struct process *out, const char *argument, struct reason *why) NODISCARD;

/* A copy of this process, without another program: for a parent that has no
 * threads yet. The child is shielded as below, has a socket and standard input,
 * output and error, and nothing else open; it ends with what run() returns. */
typedef int (*process_run_fn)(void *arg, int fd);
int process_fork(struct process *out, const char *name, process_run_fn run,
    void *arg, struct reason *why) NODISCARD;

/* Closes the socket, which asks the process to end; waits up to grace_ms, then
 * kills it; reaps it in any case, unless a sandbox forbids the signal: then it
 * goes with this process. how says how it ended, for the log. Does nothing
 * without a process. */
void process_end(
    struct process *process, int grace_ms, char how[PROCESS_HOW_MAX]);

/* --- within the helper process --- */

/* The first thing that it does. Takes the text of FD; refuses to go on if that
 * is not the socket of process_start(). Then: no core dump, nobody may attach
 * or look into its memory, no new privileges, only SIGKILL and the socket's end
 * stop it, and every other descriptor is closed. name is what ps shows. */
int process_harden(int *fd, const char *fd_text, const char *name,
    struct reason *why) NODISCARD;

#endif
