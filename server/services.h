/* What estuaryd announces beside EST: the same server, under other names. */
#ifndef SERVER_SERVICES_H
#define SERVER_SERVICES_H

#include "mdns/announce.h"

/* EST, and the registrar of BRSKI */
#define SERVICES_MAX 2

/* The registrar's service, of the EST server that est describes: instance and
 * port are the same. [RFC8995 8.6] */
void services_describe_registrar(
    struct mdns_service *out, const struct mdns_service *est);

#endif
