/*
 * The keeper: a process that stays outside of the server's sandbox and does for
 * it a few things that it gave up, and nothing else. What these are is fixed
 * when the keeper is forked, before the sandbox, before any thread and any
 * network: no message names a path, a program or a process.
 *
 *	START  ends the helper process, and starts it anew (base/process.h)
 *	END    ends it
 *	OPEN   opens one of the program's files for reading
 *	PUT    replaces the program's one file
 *	REMOVE removes the program's socket
 *
 * It dies with the server, and the helper with it. The functions are for any
 * thread; each waits for its answer.
 */
#ifndef BASE_KEEPER_H
#define BASE_KEEPER_H

#include "base/buf.h"
#include "base/process.h"

#define KEEPER_PUT_MAX 60000

struct keeper;

/* What it does, in the keeper's process. Each may be NULL: then it does not. */
struct keeper_acts {
	const char *argument; /* process_start()'s */
	int (*open)(void *arg, int *fd, uint32_t which, struct reason *why);
	int (*put)(void *arg, struct bytes content, struct reason *why);
	int (*remove)(void *arg, struct reason *why);
	void *arg;
};

/* name is what ps shows. */
int keeper_start(struct keeper **out, const char *name,
    const struct keeper_acts *acts, struct reason *why) NODISCARD;
/* Ends it, and the helper with it. NULL is accepted. */
void keeper_stop(struct keeper *keeper);

/* As process_start() and process_end(); there is one such process at a time. */
int keeper_process_start(
    struct keeper *keeper, struct process *out, struct reason *why) NODISCARD;
void keeper_process_end(struct keeper *keeper, struct process *process,
    int grace_ms, char how[PROCESS_HOW_MAX]);

/* -ERR_CLOSED, for each: the keeper has gone, and there will be no other. */
int keeper_open(struct keeper *keeper, int *fd, uint32_t which,
    struct reason *why) NODISCARD;
int keeper_put(
    struct keeper *keeper, struct bytes content, struct reason *why) NODISCARD;
int keeper_remove(struct keeper *keeper, struct reason *why) NODISCARD;

#endif
