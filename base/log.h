/*
 * Logging to standard error: one line an event, fixed event text, then
 * key=value pairs given as a printf format. Text that comes from outside is
 * quoted by the caller with log_quote().
 *
 *	log_info("certificate issued", "serial=%s profile=%s", serial, profile);
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>

#include "base/util.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

void log_set_level(enum log_level level);
void log_event(enum log_level level, const char *event, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* The operator must act. */
#define log_error(event, ...) log_event(LOG_LEVEL_ERROR, event, __VA_ARGS__)
/* An odd or refused peer. */
#define log_warn(event, ...) log_event(LOG_LEVEL_WARN, event, __VA_ARGS__)
/* A change of state. */
#define log_info(event, ...) log_event(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_debug(event, ...) log_event(LOG_LEVEL_DEBUG, event, __VA_ARGS__)

/* Copies text into out between double quotes, with quotes, backslashes and
 * bytes outside printable ASCII escaped as \xNN, cut to fit; returns out. */
const char *log_quote(char *out, size_t size, const char *text);

#endif
