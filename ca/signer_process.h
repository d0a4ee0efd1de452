/*
 * The signer's process. A program that calls signer_spawn() begins its main()
 * with
 *
 *	if (signer_is_called(argc, argv))
 *		return signer_main(argv);
 *
 * since the process is that program, executed again. It reads the CA's keys,
 * then shuts itself in (base/sandbox.h), then answers ca/signer_wire.h's
 * messages until the other end closes the socket. It never returns to the
 * program's own work.
 */
#ifndef CA_SIGNER_PROCESS_H
#define CA_SIGNER_PROCESS_H

#include "base/ipc.h"
#include "ca/authority_load.h"
#include "ca/issue_log.h"
#include "ca/rate.h"
#include "ca/signer.h"

#define SIGNER_ARGUMENT "--signer"

/* Answers that wait for the next ones while there are questions: some tenths of
 * a millisecond each. */
#define SIGNER_HELD_MAX 8

struct signer_service {
	int fd;
	const char *pin; /* "=DIGEST" of the only HELLO that it takes, or "" */
	struct authority *authority;
	struct issue_log log;
	struct rate rates[SIGNER_PROFILES_MAX]; /* by profile id */
	struct rate checkpoint_rate;
	struct checkpoint last; /* the last one signed, by whichever process */
	struct buf held[SIGNER_HELD_MAX]; /* not sent yet */
	size_t n_held;
	struct buf out;
	/* Of the message at hand. */
	uint8_t packet[IPC_MESSAGE_MAX];
	struct signer_request request;
};

/* Answers one message. An error ends the process: the other end does not keep
 * to the protocol, or has gone. */
typedef int (*signer_handle_fn)(
    struct signer_service *service, struct bytes packet);
/* Sends what is in out, at the latest when no question waits. */
int signer_answer(struct signer_service *service) NODISCARD;

/* ca/signer_checkpoint.c: what to do with CHECKPOINT, and before the first. */
int signer_checkpoints_start(
    struct signer_service *service, const char *ca_dir) NODISCARD;
int signer_handle_checkpoint(struct signer_service *service, uint64_t id,
    struct ipc_reader *reader) NODISCARD;

/* SIGNER_ARGUMENT, or that with a signer_argument()'s digest. */
bool signer_is_called(int argc, char **argv);
/* Returns the exit status. */
int signer_main(char **argv);

/* signer_main() with a handler for what comes after HELLO. */
int signer_run(char **argv, signer_handle_fn handle);
int signer_handle(struct signer_service *service, struct bytes packet);

#endif
