/*
 * The auditor has the signer sign checkpoints of the audit log: every 15
 * minutes and every 1,000 rows if there are new ones, and at an orderly stop.
 * Nobody waits for it, and a signer that is not there delays it. And it says
 * whether the log still is what was written: from the last checkpoint on at the
 * start, all of it once that is done on a thread of its own, and whenever it is
 * asked.
 *
 * A broken log does not stop the appliance: whoever can write to the file could
 * otherwise take the network's service down with it. It is an error in the log,
 * and stays in the status.
 *
 * On the same thread it looks, once after the start, for damage in a store that
 * is too large to be read through before (db/integrity.h): an error of the same
 * kind.
 */
#ifndef REGISTRAR_AUDITOR_H
#define REGISTRAR_AUDITOR_H

#include "base/background.h"
#include "ca/signer.h"
#include "db/audit_verify.h"
#include "db/store.h"

struct auditor;

/* Both outlive it. To be called before the store's first job. */
int auditor_new(
    struct auditor **out, struct store *store, struct signer *signer) NODISCARD;
/* Once, when all else has started: it takes seconds of a large store. */
int auditor_check_first(struct auditor *auditor) NODISCARD;
/* Now and then, from one thread. */
void auditor_tick(struct auditor *auditor);
/* The last checkpoint, within a few seconds. Before the signer and the store
 * are stopped; NULL is accepted. */
void auditor_stop(struct auditor *auditor);
/* After both are stopped. */
void auditor_free(struct auditor *auditor);

struct auditor_state {
	bool broken;
	struct reason why;            /* if broken */
	bool damaged;                 /* the store's file */
	struct reason damage;         /* if damaged */
	int64_t signed_id, signed_at; /* the last checkpoint; 0: none */
};

void auditor_state(struct auditor *auditor, struct auditor_state *out);

/* One verification of all. The caller owns it until done was called. */
struct audit_check {
	struct auditor *auditor;
	void (*done)(struct audit_check *check); /* on the auditor's thread */

	int result; /* 0: report says what was found */
	struct audit_report report;

	struct background_task task; /* the auditor's */
};

/* 0 when done will be called; -ERR_BUSY. */
int auditor_check(struct audit_check *check) NODISCARD;

#endif
