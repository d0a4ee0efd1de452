/* Certificates and requests that this program would never make, put together
 * with OpenSSL directly; and a CA in a directory of its own. */
#ifndef TESTS_UNIT_CA_CRAFT_H
#define TESTS_UNIT_CA_CRAFT_H

#include <openssl/x509v3.h>

#include "ca/cert.h"
#include "ca/key.h"
#include "ca/signer.h"

#define CRAFT_EXTS_MAX 8
#define CRAFT_DAY 86400

#define CRAFT_DOMAIN "corp.example.net"
#define CRAFT_SERVER "est.corp.example.net"
#define CRAFT_ADN "dns.corp.example.net"

/* A certificate with its key. */
struct crafted {
	X509 *cert;
	EVP_PKEY *key;
	struct blob der;
};

struct craft {
	const char *cn;                      /* NULL: empty subject */
	const char *serial_number;           /* of the subject, if any */
	const struct crafted *issuer;        /* NULL: self-signed */
	EVP_PKEY *key;                       /* NULL: a new P-256 one */
	int64_t not_before, not_after;       /* 0: about now */
	long serial;                         /* 0: always the same */
	const char *exts[CRAFT_EXTS_MAX][2]; /* OpenSSL's name and value */
};

/* Usual CA extensions, as members of exts. */
#define CRAFT_CA                                                               \
	{"basicConstraints", "critical,CA:TRUE"},                              \
	{                                                                      \
		"keyUsage", "critical,keyCertSign,cRLSign"                     \
	}

void craft_cert(struct crafted *out, const struct craft *craft);
void crafted_fini(struct crafted *c);
/* Both in PEM; the caller frees. */
void crafted_pem(struct blob *cert, struct blob *key, const struct crafted *c);
void craft_list_add(struct cert_list *list, const struct crafted *c);

struct craft_csr {
	EVP_PKEY *key;      /* of the request */
	EVP_PKEY *signer;   /* NULL: key */
	const char *digest; /* NULL: SHA-256; "" for Ed25519 */
	const char *exts[CRAFT_EXTS_MAX][2];
	/* Attributes with a UTF8String, by name or OID. */
	const char *attributes[4];
	bool two_common_names;
	bool organization;
};

void craft_csr(struct blob *out, const struct craft_csr *craft);
EVP_PKEY *craft_key(const char *group);
/* A public RSA key with a modulus that nobody has factors of. */
EVP_PKEY *craft_rsa_public(int bits, unsigned long exponent);

/* A CA under a new directory, with the constraints CRAFT_DOMAIN, 10.0.0.0/8 and
 * fd00::/8. */
struct craft_ca {
	char parent[64];
	char dir[80];
};

void craft_ca_create(struct craft_ca *ca);
void craft_ca_remove(struct craft_ca *ca);
/* The CA alone: there can be another in its place. */
void craft_ca_remove_files(struct craft_ca *ca);

/* A request of this profile for a new key, with one DNS-ID (NULL: none),
 * starting now. The caller frees. */
struct signer_request *craft_request(
    enum profile_id profile, const char *dns_name);

#endif
