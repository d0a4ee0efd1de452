/* The services that an announcer holds: checked copies of what it was given. */
#ifndef MDNS_SERVICE_H
#define MDNS_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "mdns/announce.h"

#define MDNS_SERVICES_MAX 16
/* RFC 6763 6.2: more than 1300 bytes is not recommended. */
#define MDNS_TXT_TOTAL_MAX 1300

struct service_list {
	struct mdns_service *items;
	size_t n;
};

/* Checks and copies: instance and type by RFC 6763 4.1.1 and RFC 6335 5.1, the
 * port is not 0, each TXT string has a key of printable ASCII (RFC 6763 6.4).
 * -ERR_INVALID or -ERR_TOO_LARGE with the reason. */
int service_list_copy(struct service_list *out,
    const struct mdns_service *services, size_t n,
    struct reason *why) NODISCARD;
bool service_list_equal(
    const struct service_list *a, const struct service_list *b);
void service_list_fini(struct service_list *list);

/* A valid host label, and interface names that are neither empty nor too long.
 * -ERR_INVALID with the reason. */
int mdns_config_check(
    const struct mdns_config *config, struct reason *why) NODISCARD;

#endif
