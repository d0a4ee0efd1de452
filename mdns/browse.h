/* Browsing for services by mDNS/DNS-SD with an embedded Avahi core that
 * publishes nothing itself. */
#ifndef MDNS_BROWSE_H
#define MDNS_BROWSE_H

#include <sys/socket.h>

#include "base/error.h"
#include "mdns/announce.h"

#define MDNS_ADDRESSES_MAX 8

struct mdns_instance {
	char name[64];
	char host[256]; /* the SRV target, "estuary-1a2b.local" */
	struct sockaddr_storage addresses[MDNS_ADDRESSES_MAX]; /* with port,
								  and scope for
								  link-local */
	size_t n_addresses;
	char txt[MDNS_TXT_MAX][256];
	size_t n_txt;
};

/* Called for each instance once it is resolved; an instance seen on several
 * interfaces or protocols is reported once, its addresses merged. Non-zero
 * stops the browsing. Everything in it is an attacker's to choose. */
typedef int (*mdns_instance_fn)(
    void *arg, const struct mdns_instance *instance);

/* Browses in the calling thread for at most timeout_ms, or until all that was
 * found is resolved and nothing new came for settle_ms. interfaces as in struct
 * mdns_config, NULL for all. 0 also when nothing was found. */
int mdns_browse(const char *type, const struct mdns_config *interfaces,
    int timeout_ms, int settle_ms, mdns_instance_fn found, void *arg) NODISCARD;
/* The value of a TXT key (RFC 6763 6.4: case-blind, first one counts), NULL if
 * absent. */
const char *mdns_txt_value(
    const struct mdns_instance *instance, const char *key);

#endif
