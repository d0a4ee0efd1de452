/* The JSON bodies of the administrators' requests as the structs that other
 * rooms take: what of them needs no request. Each fills the request half of a
 * zeroed struct; a refusal is -ERR_INVALID, -ERR_REFUSED or -ERR_TOO_LARGE. */
#ifndef SERVER_ADMIN_BODY_H
#define SERVER_ADMIN_BODY_H

#include <jansson.h>

#include "ca/csr.h"
#include "registrar/change.h"
#include "registrar/dns_issue.h"
#include "registrar/manufacturer_change.h"
#include "registrar/onboarding.h"
#include "registrar/token.h"

int identity_body_read(
    struct identity_add *add, const json_t *body, struct reason *why) NODISCARD;
int token_body_read(
    struct token_add *add, const json_t *body, struct reason *why) NODISCARD;
/* The caller frees *csr. */
int dns_issue_body_read(struct dns_issue *issue, struct csr **csr,
    const json_t *body, struct reason *why) NODISCARD;
/* *pem borrows from body. */
int dns_import_body_read(struct dns_entry *entry, struct bytes *pem,
    const json_t *body, struct reason *why) NODISCARD;
/* change->kind is set already; name is what the path says is changed. */
int change_body_read(struct change *change, const char *name,
    const json_t *body, struct reason *why) NODISCARD;

/* What the values of a manufacturer's change point into. */
#define MAKER_LISTS_MAX 4

struct maker_body {
	json_t *json;
	struct buf lists[MAKER_LISTS_MAX];
};

/* body->json is set already, with the name in it. */
int maker_body_read(struct maker_change *change, struct maker_body *body,
    struct reason *why) NODISCARD;
void maker_body_fini(struct maker_body *body);

#endif
