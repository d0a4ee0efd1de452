#include "server/services.h"

#include <stdio.h>
#include <string.h>

/* [draft-ietf-anima-brski-discovery] Keys without a value: what is offered of
 * BRSKI over TLS with EST, by the vouchers' format: CMS, JWS, COSE. */
static const char *const variations[] = {"est-tls", "jose", "cose"};

void
services_describe_registrar(
    struct mdns_service *out, const struct mdns_service *est)
{
	*out = (struct mdns_service){.type = "_brski-registrar._tcp",
	    .port = est->port,
	    .n_txt = ARRAY_LEN(variations)};
	memcpy(out->instance, est->instance, sizeof(out->instance));
	for (size_t i = 0; i < ARRAY_LEN(variations); i++)
		snprintf(out->txt[i], sizeof(out->txt[i]), "%s", variations[i]);
}
