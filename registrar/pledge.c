#include "registrar/pledge.h"

#include <stdlib.h>

/* What the certificate says goes to result; what fails here is returned. */
static int
judge(struct pledge *p, struct registrar *registrar)
{
	int err = idevid_parse(&p->idevid, blob_bytes(&p->der), &p->why);

	if (err == 0) {
		err = maker_find(&p->maker, registrar, blob_bytes(&p->der),
		    &p->chain, &p->why);
		if (err == -ERR_REFUSED)
			err = -ERR_NOT_FOUND;
	}
	if (err == 0)
		err = maker_serial(
		    p->serial_number, p->maker, &p->idevid, &p->why);
	if (err == -ERR_NOMEM)
		return err;
	if (err != 0 && err != -ERR_NOT_FOUND && err != -ERR_REFUSED)
		err = -ERR_INVALID;
	p->result = err;
	return 0;
}

int
pledge_new(struct pledge **out, struct registrar *registrar, struct blob *der,
    struct cert_list *chain)
{
	struct pledge *p = calloc(1, sizeof(*p));
	int err;

	if (p == NULL) {
		blob_fini(der);
		cert_list_fini(chain);
		return -ERR_NOMEM;
	}
	p->der = *der;
	*der = (struct blob){NULL, 0};
	p->chain = *chain;
	chain->n = 0;
	err = judge(p, registrar);
	if (err == 0)
		*out = p;
	else
		pledge_free(p);
	return err;
}

bool
pledge_is_current(const struct pledge *pledge, struct registrar *registrar)
{
	struct maker *maker = NULL;
	bool same;

	if (pledge->maker == NULL)
		return true;
	same = maker_by_id(&maker, registrar, pledge->maker->row.id) == 0 &&
	       maker == pledge->maker;
	maker_unref(maker);
	return same;
}

void
pledge_free(struct pledge *pledge)
{
	if (pledge == NULL)
		return;
	maker_unref(pledge->maker);
	idevid_fini(&pledge->idevid);
	cert_list_fini(&pledge->chain);
	blob_fini(&pledge->der);
	free(pledge);
}
