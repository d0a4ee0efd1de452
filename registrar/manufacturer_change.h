/* Administering manufacturers. */
#ifndef REGISTRAR_MANUFACTURER_CHANGE_H
#define REGISTRAR_MANUFACTURER_CHANGE_H

#include "registrar/maker_list.h"

enum maker_change_kind { MAKER_ADD, MAKER_CHANGE, MAKER_REMOVE };

struct maker_change {
	/* The request; the caller fills it, and keeps what values points to
	 * until done. */
	struct registrar *registrar;
	enum maker_change_kind kind;
	/* The name says which. A text that is NULL stays as it is, or is what a
	 * new one has by default; so is a flag that is not given. */
	struct manufacturer values;
	bool gives_private, gives_base64, gives_plain_root;
	char actor[64];
	void (*done)(struct maker_change *change); /* on the store's thread */

	/* 0; -ERR_INVALID, -ERR_REFUSED, -ERR_EXISTS, -ERR_NOT_FOUND, with
	 * why. */
	int result;
	struct reason why;

	struct store_job job; /* the registrar's */
	struct maker_list *list;
};

/* Queues it; 0 when done will be called. The values are judged there, since a
 * change is judged with what stays. */
int registrar_maker_change(struct maker_change *change) NODISCARD;

#endif
