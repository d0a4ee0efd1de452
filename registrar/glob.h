/* Patterns of serial numbers: text in which each * stands for any text, also
 * none; compared as it is, upper and lower case apart. */
#ifndef REGISTRAR_GLOB_H
#define REGISTRAR_GLOB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define GLOB_MAX 256 /* of a pattern, with NUL */

bool glob_matches(
    const char *pattern, size_t pattern_len, const char *text, size_t text_len);
/* True if one of the lines matches the text; empty lines match nothing. */
bool glob_matches_line(const char *patterns, const char *text);

/* A pattern with one {}, which stands for what is wanted: any text but none. Of
 * several ways to match, the one with the least text before {}, and then the
 * least within it. *start and *len are within text. -ERR_NOT_FOUND. */
int glob_capture(size_t *start, size_t *len, const char *pattern,
    const char *text) NODISCARD;

#endif
