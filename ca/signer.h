/*
 * The signer: the only place that holds the CA's keys, and a process of its own
 * (ca/signer_process.h). Values go in, a certificate comes out; no private key
 * and no digest crosses this interface, and no key file is opened on this side
 * of it.
 *
 * When the process ends, what waits for it is answered with -ERR_CLOSED, and it
 * is started again after 1, 2, 4 ... 30 seconds.
 */
#ifndef CA_SIGNER_H
#define CA_SIGNER_H

#include <stdint.h>

#include "base/buf.h"
#include "ca/authority.h"
#include "ca/cert.h"
#include "ca/checkpoint.h"
#include "ca/constraints.h"
#include "ca/csr.h"
#include "ca/names.h"
#include "ca/profile.h"

#define COMMON_NAME_MAX 64 /* ub-common-name, RFC 5280 appendix A.1 */

#define SIGNER_PROFILES_MAX 16 /* enum profile_id is below */
#define SIGNER_ARGUMENT_MAX 80 /* signer_argument(), with NUL */

struct keeper;
struct signer;

struct signer_config {
	const char *ca_dir;
	const char *server_name; /* reserved for PROFILE_EST_SERVER */
	/* Not NULL: the CA is made with these first. */
	const struct authority_params *create;
	/* Certificates an hour by profile; 0: the default of ca/rate.h. */
	uint32_t per_hour[SIGNER_PROFILES_MAX];
};

enum signer_request_kind {
	SIGNER_REQUEST_ISSUE = 0,
	SIGNER_REQUEST_CHECKPOINT,
};

/* One request, and its answer. The caller owns it until done was called. */
struct signer_request {
	enum signer_request_kind kind;

	/* For SIGNER_REQUEST_CHECKPOINT, and nothing else: the question is
	 * last_id and head, the answer the rest. */
	struct checkpoint checkpoint;

	/* For SIGNER_REQUEST_ISSUE: */
	enum profile_id profile;
	uint8_t csr[CSR_MAX_BYTES]; /* DER: the key and its proof */
	size_t csr_len;
	/* The subject; "" for an empty one, which a name longer than
	 * COMMON_NAME_MAX needs. */
	char common_name[256];
	/* Of the subject too; "" for every profile but PROFILE_DEVICE, which
	 * has one. */
	char serial_number[SUBJECT_SERIAL_MAX + 1];
	struct names names; /* the SANs, all of them */
	int64_t not_before; /* Unix seconds */
	int32_t valid_days; /* 0: the profile's default */

	/* The answer: 0 and cert or checkpoint, or an error and why. cert is
	 * the caller's to free. */
	int result;
	struct reason why;
	struct blob cert; /* DER */

	/* Called once, on the signer's own thread. */
	void (*done)(struct signer_request *request);
	void *arg;                   /* the caller's */
	struct signer_request *next; /* the signer's */
};

/* How a keeper calls the program, so that the process takes this configuration
 * (without create) and no other, whoever greets it: rates and the reserved name
 * are then what they were before there was any network. */
int signer_argument(char out[SIGNER_ARGUMENT_MAX],
    const struct signer_config *config) NODISCARD;
/* Starts the process, which waits for signer_open(). To be called before any
 * thread and any network: what the process inherits is then known. The program
 * begins as ca/signer_process.h says. A keeper, which must outlive the signer
 * and has signer_argument(), starts and ends the processes for a program that
 * no longer can; NULL without one. */
int signer_spawn(
    struct signer **out, struct keeper *keeper, struct reason *why) NODISCARD;
/* Has it make the CA if that is wanted, read and check it (permissions, key
 * fits certificate, chain, validity), and shut itself in. After a failure only
 * signer_stop() is left. */
int signer_open(struct signer *signer, const struct signer_config *config,
    struct reason *why) NODISCARD;
/* Both in one, without a keeper. */
int signer_start(struct signer **out, const struct signer_config *config,
    struct reason *why) NODISCARD;
/* Answers what is queued with -ERR_CLOSED, and ends the process. NULL is
 * accepted. */
void signer_stop(struct signer *signer);

/* Queues a request from any thread without blocking. -ERR_BUSY when the queue
 * is full, -ERR_CLOSED while there is no process: then done is not called. The
 * process checks it all by itself: proof of possession, key policy, profile,
 * constraints, reserved name, validity (never beyond the issuing CA's), the
 * profile's rate (-ERR_BUSY), and gives a serial (ca/serial.h). Of a
 * checkpoint it checks that it does not go back (-ERR_REFUSED) and their rate.
 */
int signer_submit(
    struct signer *signer, struct signer_request *request) NODISCARD;
/* The same, waiting for the answer: for the start and for tests. Returns the
 * request's result; done is not used. */
int signer_issue(
    struct signer *signer, struct signer_request *request) NODISCARD;

/* The chain, as DER; valid as long as the signer. */
struct bytes signer_root(const struct signer *signer);
struct bytes signer_issuing(const struct signer *signer);
const struct constraints *signer_constraints(const struct signer *signer);
/* The last checkpoint of the processes before this one, as the first of them
 * read it in its log: without a signature, all zero for none. */
const struct checkpoint *signer_last_checkpoint(const struct signer *signer);

#endif
