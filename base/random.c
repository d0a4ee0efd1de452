#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void
random_bytes(void *out, size_t len)
{
	unsigned char *p = out;

	while (len != 0) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			abort();
		p += n;
		len -= (size_t)n;
	}
}
