/* Certificates: the facts that this program needs of one. */
#ifndef CA_CERT_H
#define CA_CERT_H

#include <stdint.h>

#include "base/buf.h"
#include "ca/names.h"

#define SERIAL_HEX_MAX 41     /* 20 octets and NUL, RFC 5280 4.1.2.2 */
#define SUBJECT_SERIAL_MAX 64 /* ub-serial-number, RFC 5280 appendix A.1 */
#define CERT_MAX_BYTES 16384
#define CERT_LIST_MAX 256

struct cert_info {
	char serial[SERIAL_HEX_MAX]; /* lower-case hex, no leading 00 octet */
	char subject[512];           /* RFC 4514 style, for people */
	char issuer[512];
	char common_name[256]; /* "" if absent */
	/* The subject's serialNumber (2.5.4.5); "" if it is absent, there
	 * twice, or no printable ASCII that fits. */
	char serial_number[SUBJECT_SERIAL_MAX + 1];
	int64_t not_before, not_after;
	struct names names;
	uint8_t sha256[32];      /* of the DER */
	uint8_t spki_sha256[32]; /* of the SubjectPublicKeyInfo, RFC 7858 4.2 */
	bool is_ca;
	bool self_issued; /* subject equals issuer */
	bool server_auth; /* may be a TLS server: EKU serverAuth or no EKU */
	bool client_auth;
	bool cmc_ra; /* id-kp-cmcRA: an EST server, RFC 7030 3.6.1 */
};

/* What a register of certificates needs of one that was made here: as in
 * cert_info. */
struct cert_outline {
	char serial[SERIAL_HEX_MAX];
	char subject[512];
	int64_t not_before, not_after;
};

/* Several certificates in DER. */
struct cert_list {
	struct blob items[CERT_LIST_MAX];
	size_t n;
};

/* Strict: one DER certificate, no trailing bytes. */
int cert_parse(
    struct cert_info *out, struct bytes der, struct reason *why) NODISCARD;
/* Reads as far as the subject, and neither the key, whose decoding takes longer
 * than signing, nor the extensions: for what our own signer made. */
int cert_outline_parse(
    struct cert_outline *out, struct bytes der, struct reason *why) NODISCARD;
/* Of the DER, as in cert_info, without reading what is in it. */
void cert_sha256(uint8_t out[32], struct bytes der);
/* Appends one PEM block. */
int cert_to_pem(struct buf *out, struct bytes der) NODISCARD;
/* Every CERTIFICATE block of a PEM text, in order; at least one. */
int cert_list_from_pem(
    struct cert_list *out, struct bytes pem, struct reason *why) NODISCARD;
/* Appends a copy. */
int cert_list_add(struct cert_list *list, struct bytes der) NODISCARD;
void cert_list_fini(struct cert_list *list);

#endif
