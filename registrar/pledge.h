/* Pledges: what a TLS client certificate that is none of this CA says about a
 * device. Judged once for a connection, and again after a change. */
#ifndef REGISTRAR_PLEDGE_H
#define REGISTRAR_PLEDGE_H

#include "registrar/manufacturer.h"

struct pledge {
	struct blob der;        /* the IDevID */
	struct cert_list chain; /* what came with it, in its order */
	/* 0; -ERR_INVALID: no IDevID can be read there, and nothing below is
	 * set; -ERR_NOT_FOUND: it is of no known manufacturer; -ERR_REFUSED:
	 * its manufacturer's rule finds no serial number in it. */
	int result;
	struct reason why;
	struct idevid idevid;
	struct maker *maker; /* NULL: of no known manufacturer */
	char serial_number[IDEVID_SERIAL_MAX]; /* "" unless result is 0 */
};

/* Takes der and what is in chain over, also after a failure. */
int pledge_new(struct pledge **out, struct registrar *registrar,
    struct blob *der, struct cert_list *chain) NODISCARD;
/* False when its manufacturer's entry was changed or removed meanwhile: then it
 * has to be judged anew. */
bool pledge_is_current(
    const struct pledge *pledge, struct registrar *registrar);
void pledge_free(struct pledge *pledge); /* NULL is accepted */

#endif
