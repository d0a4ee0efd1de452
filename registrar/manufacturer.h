/*
 * Manufacturers at work: immutable copies of what the store keeps of them,
 * their trust anchors parsed. They are cached, and replaced after each change
 * is committed; whoever holds one goes on with what it was.
 */
#ifndef REGISTRAR_MANUFACTURER_H
#define REGISTRAR_MANUFACTURER_H

#include <stdatomic.h>

#include "ca/idevid.h"
#include "db/manufacturer.h"
#include "registrar/registrar.h"

struct maker {
	atomic_uint refs;
	struct manufacturer row; /* its texts are its own, with the secret */
	struct blob texts;       /* where they are */
	struct cert_list anchors;
	struct cert_list masa_tls_anchors; /* none: the system's */
	struct cert_list voucher_anchors;  /* none: whoever signed */
};

struct maker *maker_ref(struct maker *maker);
void maker_unref(struct maker *maker); /* NULL is accepted */

/* Whose device it is: by path validation of its IDevID against the anchors of
 * one manufacturer after the other, in the order of their names. A policy of
 * theirs is not looked at. -ERR_REFUSED. */
int maker_find(struct maker **out, struct registrar *registrar,
    struct bytes idevid, const struct cert_list *chain,
    struct reason *why) NODISCARD;
/* -ERR_NOT_FOUND. */
int maker_by_name(struct maker **out, struct registrar *registrar,
    const char *name) NODISCARD;
int maker_by_id(
    struct maker **out, struct registrar *registrar, int64_t id) NODISCARD;

/* The serial number by the manufacturer's rule. -ERR_REFUSED when the IDevID
 * has none there, or one that does not fit the pattern. [RFC8995 2.3.1] */
int maker_serial(char out[IDEVID_SERIAL_MAX], const struct maker *maker,
    const struct idevid *idevid, struct reason *why) NODISCARD;
/* True if the manufacturer's list of serial numbers has it. */
bool maker_lists(const struct maker *maker, const char *serial_number);

#endif
