/* The signer's process, driven over its socket alone: whatever estuaryd would
 * check before is not checked here. It is the test's own program, whose main()
 * asks signer_is_called(). */
#ifndef TESTS_UNIT_CA_SIGNER_DRIVEN_H
#define TESTS_UNIT_CA_SIGNER_DRIVEN_H

#include "base/process.h"
#include "ca/signer_process.h"
#include "ca/signer_wire.h"
#include "tests/unit/ca/craft.h"

/* A deadline only: nothing waits this long unless it fails. */
#define LONG_MS 10000

struct driven {
	struct craft_ca ca;
	struct process process;
	uint64_t id;
	struct buf out;
	struct signer_hello hello;
	struct signer_chain chain;
	uint8_t packet[IPC_MESSAGE_MAX];
};

/* cmocka's setup and teardown of one test: *state is a driven process, started
 * and not greeted. */
int driven_setup(void **state);
int driven_teardown(void **state);

void driven_start(struct driven *d, const char *argument);
/* HELLO and CHAIN, whose result it is. */
int driven_greet(struct driven *d);
/* Ends it, starts it, and greets it. */
void driven_restart(struct driven *d, const char *argument);
/* It has ended by itself, so. */
void driven_ends(struct driven *d, const char *how_wanted);

/* What is in out. */
void driven_send(struct driven *d);
/* packet: borrowed until the next message. */
int driven_receive(struct driven *d, struct bytes *packet);

/* cert: borrowed until the next message. Frees request. */
int driven_issue(struct driven *d, struct signer_request *request,
    struct signer_issued *issued);
/* One that is not refused. */
struct signer_request *good_request(void);

#endif
