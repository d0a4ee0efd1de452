/* The registrar decides: who may authenticate, which certificate a DNS server
 * gets. It knows no HTTP; operations answer through callbacks, on any thread,
 * so that nobody waits. */
#ifndef REGISTRAR_REGISTRAR_H
#define REGISTRAR_REGISTRAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/background.h"
#include "base/domain.h"
#include "base/verifier.h"
#include "ca/signer.h"
#include "db/store.h"

struct registrar;

struct registrar_config {
	/* Borrowed; they outlive the registrar. */
	struct store *store;
	struct signer *signer;
	struct background *background;

	char server_name[DOMAIN_MAX + 1]; /* lower case */
	uint8_t root_sha256[32];          /* for the codes' URI */

	/* The guess budgets. */
	int64_t guesses_password, guesses_code;
	int64_t backoff_max_s;
	/* Token buckets of attempts: how many at once, and how many a minute
	 * come back; for each source, and for all. */
	int64_t source_burst, source_per_minute;
	int64_t total_burst, total_per_minute;

	/* Codes get a verifier for TLS-SRP too; seed is srp_seed_load()'s. */
	bool srp;
	uint8_t srp_seed[SRP_SEED_LEN];

	/* Devices of unknown manufacturers wait for a person; otherwise they
	 * are refused. */
	bool ask_unknown;
	/* By how much clocks may differ, and how old a voucher request may be.
	 */
	int64_t clock_skew_s, request_age_s;

	/* A certification request without channel binding is refused. */
	bool binding_required;
};

int registrar_new(
    struct registrar **out, const struct registrar_config *config) NODISCARD;
/* Answers the devices that wait for a MASA: they come back. To be called while
 * the answers can still be sent. */
void registrar_end_waits(struct registrar *registrar);
/* Ends its own thread, and lets go of the signer: to be called when nobody asks
 * it any more, and before signer and store are stopped. */
void registrar_stop(struct registrar *registrar);
void registrar_free(struct registrar *registrar);
const struct registrar_config *registrar_config(
    const struct registrar *registrar);

#endif
