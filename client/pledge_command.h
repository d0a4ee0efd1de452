/* The commands of estuary-pledge that are its own: each prints, and gives an
 * exit status. */
#ifndef CLIENT_PLEDGE_COMMAND_H
#define CLIENT_PLEDGE_COMMAND_H

#include "client/pledge_options.h"

int pledge_command_onboard(
    const struct pledge_options *options, const char *dir, struct reason *why);
int pledge_command_renew(
    const struct options *options, const char *dir, struct reason *why);

#endif
