/* SSL contexts of a server. */
#ifndef TLS_CONTEXT_H
#define TLS_CONTEXT_H

#include <openssl/ssl.h>

#include "base/buf.h"

struct server_context_config {
	OSSL_LIB_CTX *libctx; /* NULL: the default one */
	int min_version;
	const char *groups;
	struct bytes chain_pem, key_pem;
};

/* Certificate and key are decoded anew for libctx. */
int server_context_new(SSL_CTX **out,
    const struct server_context_config *config, struct reason *why) NODISCARD;

#endif
