/* The bytes of a connection: plaintext from the peer into MHD's pair, MHD's
 * output to the peer, and the end of both. For conn.c, which knows when. */
#ifndef SERVER_CONN_FLOW_H
#define SERVER_CONN_FLOW_H

#include "server/conn.h"

/* Reads until nothing is left or the pair is full. */
void conn_pump_in(struct conn *conn);
/* Reads and forgets what a peer sends to a connection that has ended. */
void conn_discard_input(struct conn *conn);
void conn_pair_close(struct conn *conn);
void backlog_fini(struct backlog *b);

/* conn.c's. */
void conn_ref(struct conn *conn);
/* Goes on with whatever the connection can do now. */
void conn_advance(struct conn *conn);
/* The peer has an idle time-out from now on. */
void conn_deadline_renew(struct conn *conn);
/* The first bytes of a request, or more of them. */
void conn_request_arrives(struct conn *conn);

#endif
