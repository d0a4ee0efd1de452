/* The administrators' JSON API, /api/v1. Lists are {"items": [...], "next":
 * CURSOR or null}; errors are application/problem+json (RFC 9457). */
#ifndef SERVER_ADMIN_H
#define SERVER_ADMIN_H

#include "server/request.h"

void admin_status(struct request *request);
void admin_ca(struct request *request);
void admin_identity_list(struct request *request);
void admin_identity_add(struct request *request);
void admin_identity_remove(struct request *request);
void admin_identity_unlock(struct request *request);
void admin_identity_disable(struct request *request);
void admin_identity_enable(struct request *request);
void admin_discovery_zone(struct request *request);
void admin_dns_list(struct request *request);
void admin_dns_issue(struct request *request);
void admin_dns_import(struct request *request);
void admin_dns_promote(struct request *request);
void admin_dns_retire(struct request *request);
void admin_cert_list(struct request *request);
void admin_cert_show(struct request *request);
void admin_audit(struct request *request);
void admin_audit_verify(struct request *request);
void admin_token_list(struct request *request);
void admin_token_add(struct request *request);
void admin_token_remove(struct request *request);
void admin_manufacturer_list(struct request *request);
void admin_manufacturer_show(struct request *request);
void admin_manufacturer_add(struct request *request);
void admin_manufacturer_set(struct request *request);
void admin_manufacturer_prefetch(struct request *request);
void admin_manufacturer_remove(struct request *request);
void admin_device_list(struct request *request);
void admin_device_show(struct request *request);
void admin_device_refuse(struct request *request);
void admin_device_accept(struct request *request);
void admin_request_list(struct request *request);
void admin_request_approve(struct request *request);
void admin_request_deny(struct request *request);

/* application/problem+json with status and detail. */
void admin_problem(
    struct request *request, unsigned int status, const char *detail);

#endif
