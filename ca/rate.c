#include "ca/rate.h"

#define HOUR_MS INT64_C(3600000)
/* In one millisecond per_hour units of credit come back, in one hour per_hour
 * tokens. */
#define RATE_TOKEN HOUR_MS

static uint32_t
default_per_hour(enum profile_id profile)
{
	switch (profile) {
	case PROFILE_EST_SERVER:
		return RATE_EST_SERVER_PER_HOUR;
	case PROFILE_DNS_SERVER:
		return RATE_DNS_SERVER_PER_HOUR;
	default:
		return RATE_DEFAULT_PER_HOUR;
	}
}

static int64_t
full(const struct rate *rate)
{
	return (int64_t)rate->per_hour * RATE_TOKEN;
}

void
rate_init(struct rate *rate, enum profile_id profile, uint32_t per_hour,
    int64_t now_ms)
{
	if (per_hour == 0)
		per_hour = default_per_hour(profile);
	if (per_hour > RATE_MAX_PER_HOUR)
		per_hour = RATE_MAX_PER_HOUR;
	*rate = (struct rate){.per_hour = per_hour, .at_ms = now_ms};
	rate->credit = full(rate);
}

static void
refill(struct rate *rate, int64_t now_ms)
{
	int64_t elapsed = now_ms - rate->at_ms;

	if (elapsed <= 0)
		return;
	if (elapsed > HOUR_MS)
		elapsed = HOUR_MS;
	rate->credit += elapsed * rate->per_hour;
	if (rate->credit > full(rate))
		rate->credit = full(rate);
	rate->at_ms = now_ms;
}

bool
rate_has(struct rate *rate, int64_t now_ms)
{
	refill(rate, now_ms);
	return rate->credit >= RATE_TOKEN;
}

void
rate_take(struct rate *rate, uint32_t n, int64_t now_ms)
{
	refill(rate, now_ms);
	rate->credit -= (int64_t)n * RATE_TOKEN;
	if (rate->credit < 0)
		rate->credit = 0;
}
