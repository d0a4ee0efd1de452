#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>

static _Atomic int64_t offset;

int64_t
clock_now(void)
{
	return (int64_t)time(NULL) + atomic_load(&offset);
}

int64_t
clock_monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void
clock_set_offset(int64_t offset_s)
{
	atomic_store(&offset, offset_s);
}

void
clock_sleep(int64_t seconds)
{
	struct timespec left = {.tv_sec = seconds};

	while (nanosleep(&left, &left) != 0)
		continue;
}
