/* TLS-SRP (RFC 5054), for those clients of others that know it: opt-in, for
 * generated onboarding codes only. */
#ifndef REGISTRAR_SRP_H
#define REGISTRAR_SRP_H

#include "base/verifier.h"
#include "db/store.h"

/* At the start: the seed of the users' salts, which this appliance's store
 * keeps. */
int srp_seed_load(uint8_t out[SRP_SEED_LEN], struct store *store) NODISCARD;

#endif
