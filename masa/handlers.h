/* What registrars may ask: requestvoucher and requestauditlog (RFC 8995 5.5,
 * 5.8). */
#ifndef MASA_HANDLERS_H
#define MASA_HANDLERS_H

#include "server/route.h"

extern const struct engine_program masa_program;

#endif
