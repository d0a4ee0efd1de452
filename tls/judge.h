/* Asks a tls_judge_fn in place of libssl's own path validation. */
#ifndef TLS_JUDGE_H
#define TLS_JUDGE_H

#include <openssl/x509.h>

#include "tls/client.h"

/* A longer chain is refused before it is converted. */
#define JUDGE_CHAIN_MAX 16

struct judgement {
	tls_judge_fn judge;
	void *arg;
	struct reason *why; /* may be NULL */
	bool accepted, refused;
};

/* 1 or 0, as a certificate verification callback returns. */
int judgement_run(struct judgement *j, X509_STORE_CTX *x);

#endif
