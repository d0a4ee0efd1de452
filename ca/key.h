/* Private keys of this program's own making. */
#ifndef CA_KEY_H
#define CA_KEY_H

#include "base/buf.h"
#include "ca/names.h"

struct key;

/* P-256. */
int key_generate(struct key **out) NODISCARD;
/* PKCS #8 PEM. The blob holds a secret: wipe it with key_pem_fini(). */
int key_to_pem(struct blob *out, const struct key *key) NODISCARD;
void key_pem_fini(struct blob *pem);
int key_from_pem(struct key **out, struct bytes pem) NODISCARD;
void key_free(struct key *key);

/* A PKCS #10 request (RFC 2986) signed by key: subject CN=common_name (empty
 * subject when it is ""), and an extensionRequest with names unless there are
 * none. DER. */
int key_make_csr(struct blob *csr_der, const struct key *key,
    const char *common_name, const struct names *names) NODISCARD;

#endif
