/*
 * Errors. Every fallible function returns int: 0 success, a negative -ERR_*
 * that is passed on unchanged, or a positive outcome documented by that
 * function.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/util.h"

enum err {
	ERR_NOMEM = 1,   /* allocation failed */
	ERR_INVALID,     /* malformed input */
	ERR_NOT_FOUND,   /* no such object */
	ERR_EXISTS,      /* the object is already there */
	ERR_REFUSED,     /* a rule forbids it; the reason says which */
	ERR_PERMISSION,  /* file permissions, peer credentials */
	ERR_IO,          /* a system call failed */
	ERR_CRYPTO,      /* the crypto library failed */
	ERR_CORRUPT,     /* stored data is damaged */
	ERR_TOO_LARGE,   /* over a named limit */
	ERR_BUSY,        /* a queue is full, try later */
	ERR_TIMEOUT,     /* nothing came in time */
	ERR_UNREACHABLE, /* the peer cannot be reached */
	ERR_CLOSED,      /* the peer or the service has gone */
	ERR_MAX
};

/* A few words for -ERR_* (sign ignored); never NULL. */
const char *err_text(int err);

/* Why something was refused: one line for the operator and, where it says
 * nothing that the client may not know, for the client. */
struct reason {
	char text[256];
};

/* Writes the reason and returns err, so that a refusal is one statement:
 * return reason_set(why, -ERR_REFUSED, "..."). What is not printable ASCII
 * becomes a question mark. why may be NULL. */
int reason_set(struct reason *why, int err, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

#endif
