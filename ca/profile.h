/* Certificate profiles: what each kind of certificate may hold. */
#ifndef CA_PROFILE_H
#define CA_PROFILE_H

#include <stdint.h>

#include "base/error.h"
#include "ca/names.h"

enum profile_id {
	PROFILE_EST_SERVER = 1, /* serverAuth, cmcRA; the appliance itself */
	PROFILE_DNS_SERVER,     /* serverAuth, clientAuth */
	PROFILE_ENDPOINT,       /* clientAuth */
	PROFILE_DEVICE,         /* clientAuth; the subject has a serialNumber */
};

struct profile {
	enum profile_id id;
	const char *name; /* "est-server", "dns-server", "endpoint",
			   * "device" */
	int32_t default_days, max_days;
	bool server_auth, client_auth, cmc_ra;
	bool allow_ip, allow_srv;
};

const struct profile *profile_get(enum profile_id id);
/* NULL if there is none of that name. */
const struct profile *profile_find(const char *name);

/* The profile's rules on names, without those of the constraints: no wildcard,
 * no type that the profile lacks; an endpoint or a device may have none at all,
 * the others have exactly one DNS-ID; for a dns-server that is the ADN, and
 * SRV-IDs are only of that ADN with the labels domain-s and doh; server_name is
 * reserved for est-server and is its only DNS-ID. */
int profile_check_names(const struct profile *profile,
    const struct names *names, const char *server_name,
    struct reason *why) NODISCARD;

#endif
