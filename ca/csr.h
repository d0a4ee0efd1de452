/* Certification requests (PKCS #10, RFC 2986), as somebody else sent them. */
#ifndef CA_CSR_H
#define CA_CSR_H

#include <stdint.h>

#include "base/buf.h"
#include "ca/names.h"

#define CSR_MAX_BYTES 16384
#define CSR_CHALLENGE_MAX 256 /* with NUL; RFC 2985 appendix A */

struct csr;

/* Parses strictly (DER, no trailing bytes, no duplicate extensions, at most
 * CSR_MAX_BYTES), verifies the proof of possession, and refuses keys that are
 * weak or odd: allowed are P-256, P-384, Ed25519, RSA 2048 to 4096 with an odd
 * exponent above 65536. Each refusal is one line that names the reason. */
int csr_parse(struct csr **out, struct bytes der, struct reason *why) NODISCARD;
/* The same from PEM ("CERTIFICATE REQUEST" or "NEW CERTIFICATE REQUEST") or
 * bare base64. */
int csr_parse_text(struct csr **out, const char *text, size_t len,
    struct reason *why) NODISCARD;
/* The two halves of it. What was read has yet to prove that its key is one, and
 * in the requester's possession: the signer does that for every certificate, so
 * whoever asks it next need not. */
int csr_read_text(struct csr **out, const char *text, size_t len,
    struct reason *why) NODISCARD;
int csr_check_proof(const struct csr *csr, struct reason *why) NODISCARD;
void csr_free(struct csr *csr);

struct bytes csr_der(const struct csr *csr);
/* Of its SubjectPublicKeyInfo. */
int csr_key_sha256(uint8_t out[32], const struct csr *csr) NODISCARD;
/* The subject's common name, "" if there is none. */
const char *csr_common_name(const struct csr *csr);
/* True if the subject holds anything besides one common name. */
bool csr_subject_has_more(const struct csr *csr);
/* The subject's serialNumber, "" if there is none, or several. */
const char *csr_serial_number(const struct csr *csr);
/* True if the subject holds anything besides common name and serialNumber, or
 * one of these twice. */
bool csr_subject_is_odd(const struct csr *csr);
/* True if the subject is that of the certificate (RFC 5280 7.1). */
bool csr_subject_is_of(const struct csr *csr, struct bytes cert_der);
/* The challengePassword attribute (RFC 2985 5.4.1), "" if it is absent: in EST
 * the channel binding (RFC 7030 3.5). */
const char *csr_challenge(const struct csr *csr);
/* The SANs of the extensionRequest attribute; none if it is absent. */
const struct names *csr_names(const struct csr *csr);

#endif
