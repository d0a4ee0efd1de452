/* Refusals on their way into the audit log, where they are counted by source:
 * nobody waits for them. */
#ifndef REGISTRAR_REFUSAL_H
#define REGISTRAR_REFUSAL_H

#include "base/addr.h"
#include "registrar/registrar.h"

struct refusal {
	const char *event; /* string constants, like detail: they are kept */
	const char *detail;
	const char *identity; /* "" for nobody's; copied */
	const struct ip_addr *source;
	bool wrong_guess; /* of identity, not one that no record stood behind */
	int64_t suppressed; /* attempts of the source that a bucket refused
			       before this one */
};

void refusal_record(struct registrar *registrar, const struct refusal *refusal);

#endif
