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
/* A request of an EST client, with what binds it to its connection as
 * challengePassword (RFC 2985 5.4.1; "": none): subject CN=common_name, no
 * names. */
int key_make_est_csr(struct blob *csr_der, const struct key *key,
    const char *common_name, const char *challenge) NODISCARD;
/* The same of a device: subject serialNumber=serial_number, which is printable
 * ASCII. [RFC8995 5.9] */
int key_make_device_csr(struct blob *csr_der, const struct key *key,
    const char *serial_number, const char *challenge) NODISCARD;
/* The same to renew a certificate: subject and subjectAltName are copied from
 * it as they stand. [RFC7030 4.2.2] */
int key_make_renewal_csr(struct blob *csr_der, const struct key *key,
    struct bytes cert, const char *challenge) NODISCARD;

/* True if the certificate holds the key's public half. */
bool key_is_of_cert(const struct key *key, struct bytes cert);

#endif
