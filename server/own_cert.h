/* The server's own certificate: issued by the embedded CA at the first start,
 * and again at two thirds of its life, or taken from server.cert. */
#ifndef SERVER_OWN_CERT_H
#define SERVER_OWN_CERT_H

#include <jansson.h>

#include "server/app.h"
#include "tls/server.h"

/* Reads server.cert and server.key if they are configured. Otherwise loads
 * server.pem, or issues anew what is missing, due, or of another name or CA.
 * *out is a TLS server with it, and one for administrators if they are served
 * over TLS. Blocks: for the main thread. */
int own_cert_prepare(
    struct app *app, struct engine_tls *out, struct reason *why) NODISCARD;
void own_cert_tls_fini(struct engine_tls *tls);
/* What is served, for estuaryctl. */
json_t *own_cert_json(struct app *app);
/* ... and why server.cert is not; "" if it is. */
void own_cert_set_refused(struct app *app, const struct reason *why);

/* Now and then: renews the certificate, or looks after its files. */
void own_cert_tick(struct app *app);
/* The configuration was read again; changed: it names other files now. */
void own_cert_reload(struct app *app, bool changed);

#endif
