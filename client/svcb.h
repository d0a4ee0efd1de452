/* The RDATA of an SVCB record (RFC 9460 2.2), for DNS servers (RFC 9461). */
#ifndef CLIENT_SVCB_H
#define CLIENT_SVCB_H

#include "client/resolver.h"

/* Reads one record's RDATA. When it fits the resolver's label, *priority is
 * its SvcPriority and port, ALPN, path and address hints go into *resolver (the
 * rest of it is left alone). -ERR_INVALID for a malformed one, -ERR_NOT_FOUND
 * for one that is well-formed but does not fit: alias mode, another protocol,
 * an unknown mandatory key, another target name than the owner's without
 * hints. */
int svcb_parse(struct resolver *resolver, uint16_t *priority,
    struct bytes rdata) NODISCARD;

#endif
