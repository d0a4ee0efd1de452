/* Certificates for the network's DNS servers. */
#ifndef REGISTRAR_DNS_ISSUE_H
#define REGISTRAR_DNS_ISSUE_H

#include "base/addr.h"
#include "ca/cert.h"
#include "ca/csr.h"
#include "ca/signer.h"
#include "registrar/registrar.h"

#define DNS_LABELS_MAX 4
#define DNS_ADDRESSES_MAX 16
#define DOHPATH_MAX 128 /* with NUL */

struct dns_service_request {
	char label[SRV_LABEL_MAX]; /* "domain-s", "doh" */
	uint16_t port;
	char dohpath[DOHPATH_MAX]; /* "" unless doh */
	const char *state;         /* the answer: "current" or "next" */
};

struct dns_issue {
	/* The request; the caller fills it. */
	struct registrar *registrar;
	char adn[DOMAIN_MAX + 1];
	struct dns_service_request services[DNS_LABELS_MAX];
	size_t n_services;
	struct ip_addr addresses[DNS_ADDRESSES_MAX];
	size_t n_addresses;
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

/* The port and the dohpath that a label has by default: 853, or 443 with
 * "/dns-query{?dns}". -ERR_NOT_FOUND for a label that is not served. */
int dns_label_defaults(
    const char *label, uint16_t *port, const char **dohpath) NODISCARD;

/* Checks the request and its CSR, which may ask for no more names than the
 * certificate will get (subject empty or CN = ADN), and queues it: 0 when done
 * will be called. The certificate is handed out only after it is in the
 * store. */
int registrar_dns_issue(
    struct dns_issue *issue, const struct csr *csr) NODISCARD;

#endif
