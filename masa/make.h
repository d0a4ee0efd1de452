/* Making a manufacturer, and what it gives to others. */
#ifndef MASA_MAKE_H
#define MASA_MAKE_H

#include "masa/options.h"

/* One command makes all; what to tell a registrar goes to standard output. A
 * state directory that has a manufacturer is refused. */
int masa_make(const struct masa_options *options, struct reason *why) NODISCARD;
/* A customer's client certificate. */
int masa_customer(
    const struct masa_options *options, struct reason *why) NODISCARD;
/* A device's owner. */
int masa_own(const struct masa_options *options, struct reason *why) NODISCARD;

#endif
