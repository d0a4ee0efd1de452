/* Small administrative changes that need one store transaction. */
#ifndef REGISTRAR_CHANGE_H
#define REGISTRAR_CHANGE_H

#include "base/addr.h"
#include "base/domain.h"
#include "registrar/registrar.h"

enum change_kind {
	CHANGE_IDENTITY_REMOVE,
	CHANGE_IDENTITY_UNLOCK,
	CHANGE_IDENTITY_DISABLE,
	CHANGE_IDENTITY_ENABLE,
	CHANGE_TOKEN_REMOVE,
	CHANGE_DNS_PROMOTE,
	CHANGE_DNS_RETIRE,
	CHANGE_DEVICE_REFUSE,
	CHANGE_DEVICE_ACCEPT,
	CHANGE_REQUEST_APPROVE,
	CHANGE_REQUEST_DENY,
};

struct change {
	struct registrar *registrar;
	enum change_kind kind;
	/* identity or label; token; ADN; the id of a device or request */
	char name[DOMAIN_MAX + 1];
	char label[16];   /* DNS: "" for all */
	char serial[64];  /* retire: "" for any */
	char reason[128]; /* device, request: for the one refused */
	char actor[64];
	char source[IP_TEXT_MAX];            /* the peer's address, or "" */
	void (*done)(struct change *change); /* on the store's thread */

	int result; /* 0, -ERR_NOT_FOUND, -ERR_REFUSED, ... with why */
	struct reason why;

	struct store_job job; /* the registrar's */
};

/* Queues it; 0 when done will be called. */
int registrar_change(struct change *change) NODISCARD;

#endif
