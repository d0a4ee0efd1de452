/* Time, behind one seam so that tests can move it. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Unix seconds, UTC. */
int64_t clock_now(void);
/* Milliseconds that never go back; for deadlines only. */
int64_t clock_monotonic_ms(void);

/* Returns when so much time has gone by, whatever signals come. */
void clock_sleep(int64_t seconds);

/* Test seam: clock_now() returns the real time plus offset_s from here on. */
void clock_set_offset(int64_t offset_s);

#endif
