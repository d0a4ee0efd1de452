/* How many certificates of a profile the signer gives in an hour: a token
 * bucket that holds one hour's worth. */
#ifndef CA_RATE_H
#define CA_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "ca/profile.h"

/* The appliance's own certificate is renewed every two months. */
#define RATE_EST_SERVER_PER_HOUR 10
/* A site has some DNS servers, and scripts that may go wrong. */
#define RATE_DNS_SERVER_PER_HOUR 600
/* Endpoints and devices: a large site that comes back after an outage. */
#define RATE_DEFAULT_PER_HOUR 1000000
#define RATE_MAX_PER_HOUR 100000000

struct rate {
	uint32_t per_hour;
	int64_t credit; /* RATE_TOKEN for each certificate */
	int64_t at_ms;  /* when credit was right; monotonic */
};

/* Full. per_hour 0: the profile's default. */
void rate_init(struct rate *rate, enum profile_id profile, uint32_t per_hour,
    int64_t now_ms);
bool rate_has(struct rate *rate, int64_t now_ms);
/* Takes n, or what is left. */
void rate_take(struct rate *rate, uint32_t n, int64_t now_ms);

#endif
