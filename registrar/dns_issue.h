/* Certificates for the network's DNS servers. */
#ifndef REGISTRAR_DNS_ISSUE_H
#define REGISTRAR_DNS_ISSUE_H

#include "ca/cert.h"
#include "ca/csr.h"
#include "ca/signer.h"
#include "registrar/dns_entry.h"
#include "registrar/registrar.h"

struct dns_issue {
	/* The request; the caller fills it. */
	struct registrar *registrar;
	struct dns_entry entry;
	char actor[64];
	char source[IP_TEXT_MAX];              /* the peer's address, or "" */
	void (*done)(struct dns_issue *issue); /* on any thread */

	/* The answer. cert and serial when result is 0; the caller frees
	 * sign.cert. */
	int result;
	struct reason why;
	char serial[SERIAL_HEX_MAX];

	struct signer_request sign; /* the registrar's; sign.cert the answer */
	struct store_job job;
};

/* Checks the request and its CSR, which may ask for no more names than the
 * certificate will get (subject empty or CN = ADN), and queues it: 0 when done
 * will be called. The certificate is handed out only after it is in the
 * store. */
int registrar_dns_issue(
    struct dns_issue *issue, const struct csr *csr) NODISCARD;

#endif
