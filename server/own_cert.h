/* The server's own certificate: issued by the embedded CA at the first start,
 * and again at two thirds of its life. */
#ifndef SERVER_OWN_CERT_H
#define SERVER_OWN_CERT_H

#include "server/app.h"
#include "tls/server.h"

/* Loads server.pem, or issues anew what is missing, due, or of another name or
 * CA; *out is a TLS server with it, and one for administrators if they are
 * served over TLS. Blocks: for the main thread. */
int own_cert_prepare(
    struct app *app, struct engine_tls *out, struct reason *why) NODISCARD;
void own_cert_tls_fini(struct engine_tls *tls);
bool own_cert_is_due(const struct app *app);

#endif
