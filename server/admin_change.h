/* Changes that are one store transaction and answer with no content. */
#ifndef SERVER_ADMIN_CHANGE_H
#define SERVER_ADMIN_CHANGE_H

#include "registrar/change.h"
#include "server/request.h"

/* The path's parameter names what is changed; a body may give
 * {"label", "serial", "reason"}. */
void admin_change(struct request *request, enum change_kind kind);

#endif
