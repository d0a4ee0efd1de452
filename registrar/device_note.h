/* What a device tells about itself, on its way into its record. It is noted and
 * never acted upon. [RFC8995 5.7, 5.9.4] */
#ifndef REGISTRAR_DEVICE_NOTE_H
#define REGISTRAR_DEVICE_NOTE_H

#include "registrar/pledge.h"

#define DEVICE_NOTE_MAX 640

struct device_note {
	/* The caller fills it. Whose it is: of an identity, or, if that is 0,
	 * of a manufacturer's device. */
	struct registrar *registrar;
	int64_t identity_id, maker_id;
	char serial_number[IDEVID_SERIAL_MAX];
	uint8_t idevid_sha256[32]; /* by which it is that device */
	const char *kind; /* a string constant, as in struct device_event */
	bool good;
	char detail[DEVICE_NOTE_MAX];
	void (*done)(struct device_note *note); /* on the store's thread */

	int result; /* -ERR_NOT_FOUND: there is no such device */
	struct store_job job;
};

/* Queues it; 0 when done will be called. */
int device_note_start(struct device_note *note) NODISCARD;

#endif
