/* What an entry of a manufacturer may say. */
#ifndef REGISTRAR_MANUFACTURER_CHECK_H
#define REGISTRAR_MANUFACTURER_CHECK_H

#include "db/manufacturer.h"

#define MANUFACTURER_NAME_MAX 65         /* with NUL */
#define MANUFACTURER_TEXT_MAX 32768      /* of any text */
#define MANUFACTURER_CREDENTIAL_MAX 4000 /* as much as is sealed in one */

/* Of the texts none is NULL. -ERR_INVALID: a value is malformed; -ERR_REFUSED:
 * it makes no sense. why names it as the API does. */
int manufacturer_check(
    const struct manufacturer *m, struct reason *why) NODISCARD;

#endif
