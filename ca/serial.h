/*
 * Serial numbers of certificates: 16 octets, in the order of their making.
 *
 *	2 bits    0 1: positive, and never shorter
 *	38 bits   Unix seconds of the issue, as notBefore mostly tells it too
 *	88 bits   random
 *
 * Those made at about the same time are neighbours in the store's index, so
 * that an enrollment costs the same however many there are (docs/adr/0019).
 */
#ifndef CA_SERIAL_H
#define CA_SERIAL_H

#include <stdint.h>

#define SERIAL_OCTETS 16

/* [RFC5280 4.1.2.2] Unique by 88 bits of randomness within a second. */
void serial_make(uint8_t out[SERIAL_OCTETS], int64_t now);

#endif
