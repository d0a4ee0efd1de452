/* A server's certificate chain and private key from two PEM texts that somebody
 * else keeps, such as an ACME client. */
#ifndef CA_SERVER_PAIR_H
#define CA_SERVER_PAIR_H

#include "ca/cert.h"

struct server_pair {
	struct cert_info info; /* of the leaf */
	struct buf chain_pem;  /* leaf first: what was checked, and no more */
};

/* The leaf must do for name at time now (server_cert_check()), each certificate
 * be issued by the next, and the key, not encrypted and the only one of its
 * text, be the leaf's. The texts may be one and the same. */
int server_pair_read(struct server_pair *out, struct bytes chain_pem,
    struct bytes key_pem, const char *name, int64_t now,
    struct reason *why) NODISCARD;
void server_pair_fini(struct server_pair *pair);

#endif
