/* DNS servers that enroll over EST: what their requests may ask for, and where
 * their certificates go. patterns are the identity's allowed names, see
 * registrar/name_policy.h. */
#ifndef REGISTRAR_ENROLL_DNS_H
#define REGISTRAR_ENROLL_DNS_H

#include "ca/csr.h"
#include "db/store.h"

/* 0 or -ERR_REFUSED: the subject is empty or CN=ADN; the SANs are DNS:ADN, at
 * least one SRV-ID of it, and addresses that are allowed or registered. */
int enroll_dns_check(const struct csr *csr, const char *patterns,
    struct store_reader *reader, struct reason *why) NODISCARD;

/* The SANs that such a request is best made with. */
int enroll_dns_names(struct names *out, const char *patterns,
    struct store_reader *reader, struct reason *why) NODISCARD;

/* Enters a certificate that is in the store for its ADN and each of its SRV
 * labels, as next, or as current where there is none. Port, dohpath and
 * addresses are taken over from what is registered. */
int enroll_dns_store(struct store_txn *txn, const struct names *names,
    int64_t certificate_id, const char *actor) NODISCARD;

#endif
