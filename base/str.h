/* Text helpers: hex, case, numbers, time stamps. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Lower-case hex of in with a NUL: out has room for 2 * in.len + 1. */
void hex_encode(char *out, struct bytes in);
/* Exactly 2 * len hex digits, either case. */
int hex_decode(uint8_t *out, size_t len, const char *hex) NODISCARD;

/* ASCII only, whatever the locale. */
char ascii_lower(char c);
char ascii_upper(char c);
void ascii_lower_all(char *text);
bool ascii_equal_nocase(const char *a, const char *b);

/* A decimal number without sign or space, at most max. */
int parse_number(int64_t *out, const char *text, int64_t max) NODISCARD;
/* A duration: a number with s, m, h, d or w behind it (none: seconds); seconds
 * out. */
int parse_duration(int64_t *out, const char *text) NODISCARD;

#define RFC3339_LEN 21 /* "2026-11-21T18:00:00Z" and NUL */
/* UTC, RFC 3339. */
void rfc3339_format(char out[RFC3339_LEN], int64_t time);
/* "YYYY-MM-DDTHH:MM:SSZ" only. */
int rfc3339_parse(int64_t *out, const char *text) NODISCARD;

/* A copy of text, NULL for NULL. */
char *str_copy(const char *text);
/* snprintf that reports truncation: 0 or -ERR_TOO_LARGE. */
int str_format(char *out, size_t size, const char *fmt, ...)
    PRINTF_LIKE(3, 4) NODISCARD;

/* True if text holds only printable ASCII (0x20 to 0x7e). */
bool str_is_printable(const char *text);

#endif
