#include "ca/serial.h"

#include "base/random.h"

#define TIME_OCTETS 5

void
serial_make(uint8_t out[SERIAL_OCTETS], int64_t now)
{
	uint64_t time = (uint64_t)now;

	random_bytes(out, SERIAL_OCTETS);
	for (int i = TIME_OCTETS - 1; i >= 0; i--) {
		out[i] = (uint8_t)time;
		time >>= 8;
	}
	/* [RFC5280 4.1.2.2] positive and at most 20 octets: the top bit is
	 * clear. The next one is set, so that every serial has all its octets.
	 */
	out[0] = (uint8_t)((out[0] & 0x3f) | 0x40);
}
