/* One question to a MASA, and the table of those that run: the registrar's own
 * business. */
#ifndef REGISTRAR_VOUCHER_QUESTION_H
#define REGISTRAR_VOUCHER_QUESTION_H

#include "registrar/domain_signer.h"
#include "registrar/manufacturer.h"
#include "registrar/masa.h"
#include "registrar/voucher_ask.h"
#include "registrar/voucher_judge.h"
#include "registrar/voucher_request.h"

#define QUESTIONS_MAX 1024
/* Of one device: with those whose place a newer one took, until their MASA is
 * done with them. */
#define QUESTIONS_DEVICE_MAX 4
#define QUESTION_WAITERS_MAX 8
#define VOUCHER_RETRY_S 5         /* while a MASA is asked */
#define VOUCHER_RETRY_PERSON_S 30 /* while a person is */

struct question {
	struct registrar *registrar;
	int64_t device_id;
	uint8_t sha256[32]; /* of the request and the format of the answer */
	struct maker *maker;
	struct domain_signer *domain;
	struct pvr pvr;
	enum voucher_format format, reply_format;
	char reply_type[VOUCHER_TYPE_MAX];
	struct ip_addr source;

	/* The device. */
	char serial_number[IDEVID_SERIAL_MAX];
	char subject[160];
	char masa_url[IDEVID_URL_MAX], mud_url[IDEVID_URL_MAX];
	struct blob idevid;
	uint8_t idevid_sha256[32];

	struct blob rvr;
	struct masa_call call;
	struct voucher_judged judged;
	char note[128]; /* on the audit log, for the device's record */

	/* What became of it. */
	enum voucher_outcome outcome; /* 0: not decided */
	struct reason why;
	struct reason verdict; /* not "": the device is refused from now on */
	struct blob voucher;
	int64_t retry_after_s;

	struct voucher_ask *asker;   /* before it is in the table */
	struct voucher_ask *waiters; /* under the table's mutex, like: */
	size_t n_waiters;
	bool superseded;
	struct store_job job;
	struct question *next;
};

void question_free(struct question *q);
/* Keeps the first answer. */
void question_decide(
    struct question *q, enum voucher_outcome outcome, const char *why);
/* By an error of the store's: VOUCHER_BUSY for what may pass, so that the
 * device comes again, else VOUCHER_FAILED. The error goes to the log. */
void question_fail(struct question *q, int err);
/* Gives ask what became of q. */
void question_tell(struct voucher_ask *ask, const struct question *q);

/* Outcomes of questions_join(): */
enum {
	QUESTION_JOINED = 1, /* asker waits for one that runs; q is freed */
	QUESTION_FULL,       /* asker was told; q is freed */
	QUESTION_STOPPING,   /* asker was told to come back; q is freed */
};
/* Puts it into the table: 0 when it is new there, and has to be asked. Its
 * asker waits. */
int questions_join(struct questions *questions, struct question *q) NODISCARD;
/* True when a newer request took its place. */
bool questions_is_superseded(struct questions *questions, struct question *q);
/* Takes it out, tells all who wait, and frees it. */
void questions_end(struct questions *questions, struct question *q);

/* Asks the MASA, and ends it. */
void question_ask_masa(struct question *q);
/* Into the store, then questions_end(). */
void question_store(struct question *q);

#endif
