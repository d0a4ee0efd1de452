/* libavahi-core and libavahi-client both export a function named
 * avahi_entry_group_free, with different arguments. Where both are linked, the
 * dynamic linker gives both libraries the same one for their own calls, and
 * one of them frees the other's group. So the program defines that name itself
 * and hands each call on to the library that it is for. */
#ifndef MDNS_SYMBOL_CLASH_H
#define MDNS_SYMBOL_CLASH_H

#include "base/error.h"

/* -ERR_IO: a library's own function is not found, so that Avahi must not be
 * used. */
int symbol_clash_check(void) NODISCARD;

/* Around calls of libavahi-client that may free a group: all between the two,
 * on this thread, are for the client, and all others for the core. */
void symbol_clash_enter_client(void);
void symbol_clash_leave_client(void);

#endif
