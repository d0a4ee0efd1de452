/* The embedded CA's keys and certificates on disk: made at the first start,
 * checked at each. */
#ifndef CA_AUTHORITY_H
#define CA_AUTHORITY_H

#include "base/buf.h"
#include "ca/constraints.h"

/* Files within the CA's directory. Keys have mode 0400. */
#define CA_ROOT_CERT "root.crt"
#define CA_ROOT_KEY "root.key"
#define CA_ISSUING_CERT "issuing.crt"
#define CA_ISSUING_KEY "issuing.key"

struct authority_params {
	const char *domain; /* ca.domain, names the CA in its subject too */
	struct constraints constraints;
	int32_t root_days, issuing_days; /* 3650 and 1825 */
};

/* Makes dir (0700) with a new root (P-256, self-signed, critical name
 * constraints, pathlen 1) and issuing CA (P-256, pathlen 0, EKU serverAuth,
 * clientAuth, cmcRA, OCSPSigning). dir must not exist: everything is written
 * beside it and renamed into place, so that a crash leaves all or nothing. */
int authority_create(const char *dir, const struct authority_params *params,
    struct reason *why) NODISCARD;

#endif
