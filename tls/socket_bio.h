/* A BIO over a socket that, unlike libssl's own, never raises SIGPIPE. */
#ifndef TLS_SOCKET_BIO_H
#define TLS_SOCKET_BIO_H

#include <stdbool.h>

#include <openssl/bio.h>

struct socket_io {
	int fd;
	bool eof;
};

/* NULL without memory. The method outlives every BIO made with it. */
BIO_METHOD *socket_bio_method_new(void);
/* io stays the caller's and outlives the BIO. */
BIO *socket_bio_new(BIO_METHOD *method, struct socket_io *io);

#endif
