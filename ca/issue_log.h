/*
 * The signer's own record of what it signed: one line a certificate, appended
 * before the certificate leaves the process. It is not synced to disk: what was
 * issued is durable in the store. It is there to be compared with the store.
 * Checkpoints of the audit log are in it too, and those are synced: their
 * counter may never be given again.
 *
 *	2026-11-21T18:00:00Z serial=HEX profile=NAME sha256=HEX subject="TEXT"
 *	2026-11-21T18:00:00Z checkpoint=COUNTER last_id=ROW head=HEX
 */
#ifndef CA_ISSUE_LOG_H
#define CA_ISSUE_LOG_H

#include "base/buf.h"
#include "ca/checkpoint.h"
#include "ca/profile.h"

#define ISSUE_LOG_FILE "issued.log" /* in the CA's directory, 0600 */

struct issue_log {
	int fd;
	bool torn; /* the last line is not whole */
};

#define ISSUE_LOG_TAIL_BYTES (1024 * 1024)
#define ISSUE_LOG_COUNT_BYTES (4 * 1024 * 1024)

/* Opens it for writing alone, or makes it. */
int issue_log_open(
    struct issue_log *log, const char *ca_dir, struct reason *why) NODISCARD;
void issue_log_close(struct issue_log *log);

/* How many are of the last hour, by profile id: counts has n members. Exact
 * where that hour's lines are no more than ISSUE_LOG_COUNT_BYTES, some 18,000;
 * of more only the last ones are counted, and those before them taken to be of
 * the same mix. So it bounds what a restart gives back of a limit, and is no
 * account of each certificate; a rare profile may be missed then. Where the
 * clock was set back meanwhile, what is sure to be seen are the last
 * ISSUE_LOG_TAIL_BYTES. */
int issue_log_recent(const char *ca_dir, uint32_t *counts, size_t n) NODISCARD;

int issue_log_add(struct issue_log *log, const struct profile *profile,
    struct bytes cert_der, struct reason *why) NODISCARD;

/* The last one, without its signature; all zero if there is none. However far
 * back it is, for its counter may not be given again: within a few megabytes,
 * since there is one every 1,000 rows of the audit log, but a log that never
 * had one is read to its beginning. */
int issue_log_last_checkpoint(
    struct checkpoint *out, const char *ca_dir) NODISCARD;
/* Durable when it returns 0. */
int issue_log_add_checkpoint(struct issue_log *log,
    const struct checkpoint *checkpoint, struct reason *why) NODISCARD;

#endif
