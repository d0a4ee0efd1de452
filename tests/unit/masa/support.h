/* A manufacturer's service without HTTP: its store, two domains, and requests
 * as they would send them. */
#ifndef TESTS_UNIT_MASA_SUPPORT_H
#define TESTS_UNIT_MASA_SUPPORT_H

#include "masa/issue.h"
#include "tests/unit/ca/craft.h"

#define SERIAL_FREE "D-1" /* sold to nobody */
#define SERIAL_HOME "D-2" /* sold to the domain home */

extern const enum voucher_format all_formats[3];

struct domain {
	struct crafted root, issuing, registrar, front;
	struct voucher_signer *signer; /* the registrar, with its CAs */
};

struct fixture {
	char dir[64];
	struct store *store;
	struct store_reader *reader;
	struct crafted vendor, devices[2]; /* SERIAL_FREE, SERIAL_HOME */
	struct voucher_signer *device_signers[2];
	struct domain home, away;
	struct crafted masa_ca, voucher_ca, voucher_cert, customer;
	struct voucher_signer *voucher_signer;
	struct trust *customers;
};

int fixture_setup(void **state);
int fixture_teardown(void **state);
/* The certificates, leaf first, and the leaf's key. */
struct voucher_signer *signer_of(const struct crafted *const *chain, size_t n);

/* Of the device's request (prior) and the registrar's; NULL and 0: as it would
 * be sent to home. */
struct scenario {
	/* the device's */
	const char *prior_serial, *prior_nonce;
	int prior_signer; /* 1 + index in device_signers; 0: as the serial */
	bool no_proximity;
	bool no_assertion;
	const struct crafted *seen;     /* NULL: the registrar's certificate */
	bool seen_key, seen_key_sha256; /* in place of the certificate */
	enum voucher_format prior_format;

	/* the registrar's */
	const char *serial;
	bool nonceless; /* and without the device's request */
	bool no_prior;
	const struct voucher_signer *signer;
	size_t n_chain; /* 0: all of it */
	const struct blob *issuer;
	bool says_proximity;

	const struct crafted *tls_client;
	bool owned_only;
};

#define NONCE "bm9uY2U"

void make_request(struct blob *out, const struct fixture *f,
    const struct scenario *s, enum voucher_format format);
/* masa_judge() of bytes. */
int judge_bytes(struct masa_case *out, const struct fixture *f,
    const struct scenario *s, enum voucher_format format, struct bytes body,
    struct reason *why);
/* Of what make_request() makes. */
int judge(struct masa_case *out, const struct fixture *f,
    const struct scenario *s, enum voucher_format format, struct reason *why);
/* Fails the test unless it is judged well. */
void judge_good(struct masa_case *out, const struct fixture *f,
    const struct scenario *s, enum voucher_format format);

typedef int (*txn_fn)(struct store_txn *txn, void *arg);
int in_txn(struct store *store, txn_fn fn, void *arg);

#endif
