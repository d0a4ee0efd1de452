/* The EST paths (RFC 7030, RFC 8295) and what belongs to them. */
#ifndef SERVER_EST_H
#define SERVER_EST_H

#include "server/request.h"

void est_cacerts(struct request *request);       /* RFC 7030 4.1 */
void est_cacerts_label(struct request *request); /* with a CA label */
void est_eecerts(struct request *request);       /* RFC 8295 3: all labels */
void est_eecerts_label(struct request *request); /* of one SRV label */
void est_resolvers(struct request *request);     /* /resolvers.json */

#endif
