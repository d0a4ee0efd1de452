/* The two halves of the signer's client: its interface (ca/signer.c), called
 * from any thread, and the one thread that talks to the process
 * (ca/signer_thread.c). */
#ifndef CA_SIGNER_PRIVATE_H
#define CA_SIGNER_PRIVATE_H

#include <pthread.h>

#include "base/keeper.h"
#include "base/process.h"
#include "ca/signer.h"
#include "ca/signer_wire.h"

/* Requests that wait for their answer, sent or not. */
#define SIGNER_QUEUE_MAX 1024
/* Those of them that are sent. */
#define SIGNER_SENT_MAX 16

struct signer_sent {
	uint64_t id;
	int64_t deadline_ms;
	struct signer_request *request; /* NULL: free */
};

struct signer {
	int wake_fd; /* something is queued, or stopping */
	pthread_mutex_t lock;
	/* Under lock: */
	struct signer_request *first, **last; /* not sent yet */
	size_t n_waiting;
	bool up; /* there is a process that answers */
	bool stopping;

	/* Fixed by signer_open(): */
	struct blob root, issuing;
	struct constraints constraints;
	struct checkpoint last_checkpoint;

	/* The thread's alone, before it the caller's: */
	pthread_t thread;
	bool has_thread;
	struct keeper *keeper; /* starts and ends it; NULL: we do */
	struct process process;
	struct signer_hello hello; /* what each new process is told */
	uint64_t last_id;
	struct signer_sent sent[SIGNER_SENT_MAX];
	size_t n_sent;
	struct buf out;
	bool out_waits; /* out holds a packet that the socket did not take */
	int64_t started_ms, restart_ms;
	int backoff_s;
	uint8_t packet[IPC_MESSAGE_MAX];
};

/* Starts the process; nothing is said to it yet. */
int signer_process_start(struct signer *signer, struct reason *why) NODISCARD;
void signer_process_end(
    struct signer *signer, int grace_ms, char how[PROCESS_HOW_MAX]);
/* Sends HELLO and waits for CHAIN. The first one is kept, later ones must
 * equal it. -ERR_CLOSED with stopping. */
int signer_greet(struct signer *signer, struct reason *why) NODISCARD;
void *signer_thread(void *arg);

#endif
