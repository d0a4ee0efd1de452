/*
 * estuaryd shuts itself in: docs/adr/0020-server-sandbox.md says what it keeps.
 * The keeper (server/outside.h) does what it can no longer do.
 */
#ifndef SERVER_CONFINE_H
#define SERVER_CONFINE_H

#include "server/app.h"

/* With the store open and admin.sock bound, before any thread. Says in the log
 * what is active. Does nothing, with a warning, if server.sandbox is no. */
int confine(struct app *app, struct reason *why) NODISCARD;

#endif
