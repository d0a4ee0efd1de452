/* DNS servers with a certificate that another CA issued (a public one, the
 * company's): it is published like those of the embedded CA, and its key stays
 * where it is. */
#ifndef REGISTRAR_DNS_IMPORT_H
#define REGISTRAR_DNS_IMPORT_H

#include "base/addr.h"
#include "ca/cert.h"
#include "registrar/dns_entry.h"
#include "registrar/registrar.h"

struct dns_import {
	/* The request; the caller fills it. */
	struct registrar *registrar;
	struct dns_entry entry;
	char actor[64];
	char source[IP_TEXT_MAX];                /* the peer's address, or "" */
	void (*done)(struct dns_import *import); /* on the store's thread */

	/* The answer: the certificate when result is 0. */
	int result;
	struct reason why;
	struct cert_info info;
	struct blob cert; /* DER; dns_import_fini() */
	size_t n_ignored; /* intermediates that came along */

	struct store_job job; /* the registrar's */
};

/* Judges the certificate in a PEM text and queues it: 0 when done will be
 * called. It must be an end-entity certificate of the ADN that a DNS server may
 * present today, and neither self-signed nor one of the embedded CA's own. The
 * same certificate may come again for another label, or after it was
 * retired. */
int registrar_dns_import(struct dns_import *import, struct bytes pem) NODISCARD;
void dns_import_fini(struct dns_import *import);

#endif
