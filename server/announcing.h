/* What estuaryd says of itself by mDNS/DNS-SD, as its configuration wants it.
 */
#ifndef SERVER_ANNOUNCING_H
#define SERVER_ANNOUNCING_H

#include "server/app.h"

/* Describes the services, for those who ask, and begins to announce them in
 * place of what is announced now, unless mdns.enabled is no. For the main
 * thread. */
int announcing_start(struct app *app) NODISCARD;
/* Ends the announcement with a goodbye. */
void announcing_stop(struct app *app);

#endif
