/* The CA as the signer holds it in memory. */
#ifndef CA_AUTHORITY_LOAD_H
#define CA_AUTHORITY_LOAD_H

#include <stdatomic.h>

#include <openssl/x509.h>

#include "ca/constraints.h"
#include "ca/key.h"

#define AUTHORITY_BLANKS_MAX 16 /* enum profile_id is below */

/* By profile, the certificate that was made last, for the next one: what all of
 * a profile have in common is in it. */
struct authority_blanks {
	_Atomic(X509 *) of[AUTHORITY_BLANKS_MAX];
};

struct authority {
	struct blob root, issuing; /* DER */
	X509 *issuing_cert;
	struct key *issuing_key;
	EVP_MD_CTX *ready;             /* to sign with it: build_sign_again() */
	int64_t not_before, not_after; /* of the issuing CA */
	struct constraints constraints;
	char server_name[DOMAIN_MAX + 1];
	struct authority_blanks *blanks;
};

/* Reads ca_dir and checks it all: permissions of the keys, that they fit their
 * certificates, the chain, and its validity. The root's key is checked and
 * forgotten. */
int authority_load(struct authority **out, const char *ca_dir,
    const char *server_name, struct reason *why) NODISCARD;
void authority_free(struct authority *authority);

#endif
