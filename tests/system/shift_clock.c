/* For LD_PRELOAD: time() is TEST_CLOCK_OFFSET seconds later than it is. */
#include <stdlib.h>
#include <time.h>

time_t time(time_t *out);

time_t
time(time_t *out)
{
	const char *offset = getenv("TEST_CLOCK_OFFSET");
	struct timespec now = {0};

	clock_gettime(CLOCK_REALTIME, &now);
	if (offset != NULL)
		now.tv_sec += atol(offset);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}
