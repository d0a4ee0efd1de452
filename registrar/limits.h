/* Token buckets for attempts to authenticate: one for each source, one for all.
 * They come before the durable claim, so that an attacker can neither lock a
 * stranger out cheaply nor keep the disk busy. */
#ifndef REGISTRAR_LIMITS_H
#define REGISTRAR_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

struct limits;

struct limits_config {
	int64_t source_burst, source_per_minute;
	int64_t total_burst, total_per_minute;
};

/* How many sources are remembered; the fullest bucket makes way first, which
 * forgets nothing that matters. */
#define LIMITS_SOURCES_MAX 4096

int limits_new(
    struct limits **out, const struct limits_config *config) NODISCARD;
void limits_free(struct limits *limits);

/* Takes one attempt by source (IPv6: its /64) at now_ms (monotonic). When it is
 * refused, false; an attempt that is allowed hands out in *suppressed how many
 * of the source's were refused before it. Any thread. */
bool limits_take(struct limits *limits, const struct ip_addr *source,
    int64_t now_ms, int64_t *suppressed);
/* Gives the attempt back: it succeeded. */
void limits_refill(
    struct limits *limits, const struct ip_addr *source, int64_t now_ms);

#endif
