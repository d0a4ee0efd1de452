/* Enrollment and re-enrollment (RFC 7030 4.2): from a certification request and
 * whoever asks to a certificate that is in the store. */
#ifndef REGISTRAR_ENROLL_H
#define REGISTRAR_ENROLL_H

#include "ca/csr.h"
#include "ca/signer.h"
#include "registrar/approval.h"
#include "registrar/requester.h"
#include "tls/conn.h"

/* Outcome: */
enum { ENROLL_WAITING = 1 };

/* What the audit log says of a request that nobody could have got anything by.
 */
#define ENROLL_BAD_REQUEST "a request that is malformed or weak"

struct enroll {
	/* The request; the caller fills it. */
	struct registrar *registrar;
	struct requester who;
	struct ip_addr source;
	struct tls_binding binding;          /* of the connection */
	void (*done)(struct enroll *enroll); /* on any thread */

	/* The answer: sign.cert (the caller's to free) and serial when result
	 * is 0. -ERR_INVALID: the request is at fault; -ERR_REFUSED: it may not
	 * have what it asks for, and why says which rule; ENROLL_WAITING: a
	 * person has to approve it, and the same request is to come again. */
	int result;
	struct reason why;
	int32_t retry_after_s;
	char serial[SERIAL_HEX_MAX];

	struct signer_request sign; /* the registrar's; sign.cert the answer */
	struct store_job job;
	struct approval_request approval;
	bool by_approval; /* a person decides about this one */
};

/* Judges the request by its channel binding, the identity's profile and the
 * names allowed to it, and queues it: 0 when done will be called. One that may
 * be had is put before a person where the identity wants that. [RFC7030 4.2.3]
 * The
 * certificate is handed out only after it is in the store; there a use is taken
 * for one that came by Basic. */
int registrar_enroll(struct enroll *enroll, const struct csr *csr,
    struct store_reader *reader) NODISCARD;

/* The same for renewing or rekeying cert, by which who was recognised: the
 * request's subject and SANs are the certificate's, and so is the profile.
 * [RFC7030 4.2.2] */
int registrar_reenroll(struct enroll *enroll, const struct csr *csr,
    const struct client_cert *cert) NODISCARD;

/* For the audit log and the log: what was refused before it came here. detail
 * is a string constant. */
void enroll_refused(struct registrar *registrar, const char *identity,
    const struct ip_addr *source, const char *detail, const char *why);

#endif
