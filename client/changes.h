/* What a refresh brought, certificate by certificate. */
#ifndef CLIENT_CHANGES_H
#define CLIENT_CHANGES_H

#include "client/network_state.h"

enum change_kind {
	CHANGE_ROOT = 1,
	CHANGE_INTERMEDIATES,
	CHANGE_ADDED,    /* a certificate: after */
	CHANGE_REMOVED,  /* a certificate: before */
	CHANGE_REPLACED, /* one by another of the same ADN and label */
	CHANGE_PLACE,    /* the same certificate, served elsewhere */
	CHANGE_STATE,    /* the same certificate, such as next to current */
	CHANGE_OWN,      /* the endpoint's own certificate */
};

#define CHANGES_MAX (3 + 3 * RESOLVERS_MAX)

/* before and after are borrowed; one and the same where there is only one, and
 * NULL for what changed in the anchor. */
struct change {
	enum change_kind kind;
	const struct resolver *before, *after;
};

struct changes {
	struct change items[CHANGES_MAX];
	size_t n;
};

void changes_find(struct changes *out, const struct network_state *before,
    const struct network_state *after);

#endif
