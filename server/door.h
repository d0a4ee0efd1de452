/*
 * Who may come in when there are many: a source over its share, or a worker
 * that is full, closes its oldest idle connection and takes the new one; only
 * when none is idle the new one is refused. Another worker that holds the
 * source's idle ones is asked by a post, and nobody waits for it. Who came in
 * waits for its turn (turns.h), since handshakes cost much more than accepting:
 * so a worker that cannot serve all refuses early, those who have the most.
 */
#ifndef SERVER_DOOR_H
#define SERVER_DOOR_H

#include "server/worker.h"

/* A connection that was just accepted. Takes fd. */
void door_open(struct worker *worker, enum listener_kind kind, int fd,
    const struct sockaddr_storage *address);
/* Begins the handshakes of those whose turn it is. */
void door_serve(struct worker *worker);
/* Somebody waits for its turn. */
bool door_is_busy(const struct worker *worker);
/* Now and then, and at the end (INT64_MAX): tells the operator what had to give
 * way. */
void door_tell(struct worker *worker, int64_t now_ms);

#endif
