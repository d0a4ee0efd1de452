/* The server's own certificate: issued by the embedded CA at the first start,
 * and again at two thirds of its life. */
#ifndef SERVER_OWN_CERT_H
#define SERVER_OWN_CERT_H

#include "server/app.h"
#include "tls/server.h"

/* Loads server.pem, or issues anew what is missing, due, or of another name or
 * CA; *out is a TLS server with it. Blocks: for the main thread. */
int own_cert_prepare(
    struct app *app, struct tls_server **out, struct reason *why) NODISCARD;
bool own_cert_is_due(const struct app *app);

#endif
