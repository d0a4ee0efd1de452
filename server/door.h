/*
 * Who may come in when there are many: a source over its share, or a worker
 * that is full, closes its oldest idle connection and takes the new one; only
 * when none is idle the new one is refused. Another worker that holds the
 * source's idle ones is asked by a post, and nobody waits for it.
 */
#ifndef SERVER_DOOR_H
#define SERVER_DOOR_H

#include "server/worker.h"

/* A connection that was just accepted. Takes fd. */
void door_open(struct worker *worker, enum listener_kind kind, int fd,
    const struct sockaddr_storage *address);
/* Now and then, and at the end (INT64_MAX): tells the operator what had to give
 * way. */
void door_tell(struct worker *worker, int64_t now_ms);

#endif
