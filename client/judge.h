/* The endpoint's judgement of a DNS server's certificate, within the handshake
 * (draft-reddy-add-iot-byod-bootstrap 6). */
#ifndef CLIENT_JUDGE_H
#define CLIENT_JUDGE_H

#include "ca/trust.h"
#include "client/resolver.h"

struct judge {
	const struct trust *trust;
	const struct resolver_set *resolvers;
	const char *adn, *label; /* whose certificates may be presented */
	int64_t now;
	bool refused; /* result: why says which check */
	struct reason why;
};

/* A tls_judge_fn; arg is a struct judge. The leaf must equal, byte for byte, a
 * certificate that the EST server handed out for this ADN and label, validate
 * against the network's anchor, and carry the ADN as a DNS-ID. */
int judge_dns_server(void *arg, const struct bytes *chain, size_t n,
    struct reason *why) NODISCARD;

/* The EST server of a network that was joined before: its certificate must
 * carry the stored reference identifier as a DNS-ID ([RFC9525 6]; exactly, so
 * neither wildcards nor the common name count) and validate against the
 * network's anchor (draft-reddy-add-iot-byod-bootstrap 8, [RFC5280 6.1]). */
struct est_judge {
	const struct trust *trust;
	const char *server_name;
	int64_t now;
};

/* A tls_judge_fn; arg is a struct est_judge. */
int judge_est_server(void *arg, const struct bytes *chain, size_t n,
    struct reason *why) NODISCARD;
/* The same of a chain that was kept, leaf first. */
int judge_est_chain(const struct est_judge *judge,
    const struct cert_list *chain, struct reason *why) NODISCARD;

/* What the certificate of an EST server says: its names are read, nothing is
 * validated. *has: name is among the DNS-IDs. */
int cert_has_dns_id(bool *has, struct bytes der, const char *name,
    struct reason *why) NODISCARD;
/* The one DNS-ID; -ERR_NOT_FOUND with none or several. */
int cert_single_dns_id(
    char out[DOMAIN_MAX + 1], struct bytes der, struct reason *why) NODISCARD;

#endif
