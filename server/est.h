/* The EST paths (RFC 7030, RFC 8295) and what belongs to them. */
#ifndef SERVER_EST_H
#define SERVER_EST_H

#include "ca/cert.h"
#include "server/request.h"

void est_cacerts(struct request *request);       /* RFC 7030 4.1 */
void est_cacerts_label(struct request *request); /* with a CA label */
void est_eecerts(struct request *request);       /* RFC 8295 3: all labels */
void est_eecerts_label(struct request *request); /* of one SRV label */
void est_resolvers(struct request *request);     /* /resolvers.json */

/* What the paths of enrollment share with these. */

/* Base64 on one line and LF; wrapped for the one client that cannot read that.
 */
void est_reply_base64(
    struct request *request, const char *content_type, struct bytes der);
void est_reply_certs_only(
    struct request *request, const struct cert_list *certs);
/* 503 for what may pass, else 500; the error goes to the log. */
void est_reply_failure(struct request *request, const char *event, int err);
/* True if the path's parameter is a CA label; otherwise it replied. */
bool est_take_label(struct request *request);

#endif
