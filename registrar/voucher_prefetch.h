/* Vouchers without a nonce, fetched ahead for devices that will come while
 * their MASA cannot be reached. [RFC8995 5.5, 7.2] */
#ifndef REGISTRAR_VOUCHER_PREFETCH_H
#define REGISTRAR_VOUCHER_PREFETCH_H

#include <stdatomic.h>

#include "registrar/manufacturer.h"
#include "registrar/masa.h"
#include "voucher/artifact.h"

#define PREFETCH_MAX 32

struct voucher_prefetch;

struct prefetch_item {
	char serial_number[IDEVID_SERIAL_MAX]; /* the caller fills it */
	struct reason why; /* "" when its voucher is in the store */

	/* The registrar's. */
	struct voucher_prefetch *owner;
	struct masa_call call;
	struct blob rvr, voucher;
	int64_t expires_on;
};

struct voucher_prefetch {
	/* The caller fills it. */
	struct registrar *registrar;
	char manufacturer[80];
	enum voucher_format format;
	struct prefetch_item items[PREFETCH_MAX];
	size_t n_items;
	char actor[64];
	void (*done)(struct voucher_prefetch *prefetch); /* on any thread */

	/* 0 when each item tells its own result; otherwise nothing was kept. */
	int result;
	struct reason why;

	struct maker *maker; /* the registrar's, like the rest */
	struct domain_signer *domain;
	atomic_size_t left;
	struct store_job job;
};

/* Queues it: 0 when done will be called. -ERR_NOT_FOUND; -ERR_REFUSED for a
 * manufacturer whose entry does not say where its MASA is, or which has more
 * than one anchor: nobody shows an IDevID here. */
int voucher_prefetch_start(struct voucher_prefetch *prefetch) NODISCARD;
/* What the registrar made for it. */
void voucher_prefetch_fini(struct voucher_prefetch *prefetch);

#endif
