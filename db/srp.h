/* What TLS-SRP keeps: verifiers of onboarding codes made while it was enabled,
 * and the seed of every user's salt. Guesses, uses, lock and expiry are the
 * identity's, the same as for its PAKE. */
#ifndef DB_SRP_H
#define DB_SRP_H

#include "base/verifier.h"
#include "db/identity.h"

/* This appliance's seed, made when it is first asked for. */
int srp_seed_get(struct store_txn *txn, uint8_t seed[SRP_SEED_LEN]) NODISCARD;

/* For an identity that was just added: it goes with its PAKE record. */
int srp_verifier_put(struct store_txn *txn, const char *wire_name,
    const struct srp_verifier *verifier) NODISCARD;

/* As identity_claim(), which it costs the same as; CLAIM_NO_SRP for an identity
 * without a verifier. *record is what identity_confirm_srp() wants back; both
 * are written when granted. */
int srp_claim(struct store_txn *txn, struct srp_verifier *verifier,
    struct verifier *record, const char *wire_name, int64_t now) NODISCARD;

#endif
