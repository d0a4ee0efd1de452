/* A DNS server as the administrator describes it: its name, its services, where
 * it is. Which certificate it gets is the business of dns_issue.h and
 * dns_import.h. */
#ifndef REGISTRAR_DNS_ENTRY_H
#define REGISTRAR_DNS_ENTRY_H

#include "base/addr.h"
#include "base/domain.h"
#include "ca/names.h"
#include "db/store.h"

#define DNS_LABELS_MAX 4
#define DNS_ADDRESSES_MAX 16
#define DOHPATH_MAX 128 /* with NUL */

struct dns_service_request {
	char label[SRV_LABEL_MAX]; /* "domain-s", "doh" */
	uint16_t port;
	char dohpath[DOHPATH_MAX]; /* "" unless doh */
	const char *state;         /* the answer: "current" or "next" */
};

struct dns_entry {
	char adn[DOMAIN_MAX + 1];
	struct dns_service_request services[DNS_LABELS_MAX];
	size_t n_services;
	struct ip_addr addresses[DNS_ADDRESSES_MAX];
	size_t n_addresses;
};

/* The port and the dohpath that a label has by default: 853, or 443 with
 * "/dns-query{?dns}". -ERR_NOT_FOUND for a label that is not served. */
int dns_label_defaults(
    const char *label, uint16_t *port, const char **dohpath) NODISCARD;

/* Refuses what no DNS server can have; the ADN becomes lower case, without a
 * final dot, as certificates have it. */
int dns_entry_check(struct dns_entry *entry, struct reason *why) NODISCARD;

/* Enters each service with a certificate that is in the store, and says in
 * which state. */
int dns_entry_store(struct store_txn *txn, struct dns_entry *entry,
    int64_t certificate_id, const char *actor) NODISCARD;

#endif
