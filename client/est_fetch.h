/* EST requests over one connection that is authenticated already (RFC 7030,
 * RFC 8295). */
#ifndef CLIENT_EST_FETCH_H
#define CLIENT_EST_FETCH_H

#include "ca/cert.h"
#include "client/http.h"
#include "tls/conn.h"

#define EST_REPLY_MAX_BYTES (1024 * 1024)
#define EST_TIMEOUT_MS 20000

struct est_session;

/* Takes the connection and its socket: *conn is NULL and *fd -1 from then on,
 * also when something fails later. server_name goes into the Host field. */
int est_session_start(struct est_session **out, struct tls_conn **conn, int *fd,
    const char *server_name, struct reason *why) NODISCARD;
void est_session_end(struct est_session *session);

/* GETs /.well-known/est/OPERATION, a certs-only message in base64 (RFC 7030
 * 4.1.3, RFC 8295 3). -ERR_NOT_FOUND for 404, -ERR_REFUSED for other 4xx,
 * with what the server says of it, and -ERR_UNREACHABLE for any other status
 * than 200. */
int est_get_certs(struct cert_list *out, struct est_session *session,
    const char *operation, struct reason *why) NODISCARD;

/* GETs a JSON text; errors as above. */
int est_get_json(struct buf *out, struct est_session *session, const char *path,
    struct reason *why) NODISCARD;

/* GETs csrattrs, DER; no bytes where the server has none to ask for (204, 404
 * or an empty body). [RFC7030 4.5.2] */
int est_get_csrattrs(struct blob *out, struct est_session *session,
    struct reason *why) NODISCARD;

/* Documented outcome > 0 of est_post_csr(). */
#define EST_PENDING 1 /* 202: not decided yet [RFC7030 4.2.3] */

/* POSTs a certification request to simpleenroll or simplereenroll; the
 * certificates of the answer. *retry_after_s is written with EST_PENDING, 0
 * when the server does not say. Errors as est_get_certs(). */
int est_post_csr(struct cert_list *out, int64_t *retry_after_s,
    struct est_session *session, const char *operation, struct bytes csr,
    struct reason *why) NODISCARD;

/* POSTs raw octets; any reply. [RFC8995 5] */
int est_post(struct http_reply *out, struct est_session *session,
    const char *path, const struct http_body *body,
    struct reason *why) NODISCARD;

#endif
