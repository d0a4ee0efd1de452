/* libmicrohttpd in external-epoll mode, one daemon a worker: HTTP in and out of
 * the connections' socket pairs. */
#ifndef SERVER_HTTPD_H
#define SERVER_HTTPD_H

#include "server/worker.h"

struct request;

int httpd_start(struct worker *worker) NODISCARD;
void httpd_stop(struct worker *worker);
/* Hands MHD its end of conn's pair; takes fd. */
int httpd_add(struct conn *conn, int fd) NODISCARD;
/* Lets MHD work on what is ready. */
void httpd_run(struct worker *worker);
/* Until MHD wants to run without an event: -1 for never. */
int64_t httpd_timeout_ms(struct worker *worker);

/* Resumes a waiting request that is not going to be answered: its connection
 * died, or the worker ends. */
void httpd_cancel(struct request *request);
void httpd_cancel_all(struct worker *worker);

#endif
