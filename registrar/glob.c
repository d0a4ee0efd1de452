#include "registrar/glob.h"

#include <string.h>

#define CAPTURE "{}"

/* Without recursion: after a mismatch the last * takes one character more. */
bool
glob_matches(
    const char *pattern, size_t pattern_len, const char *text, size_t text_len)
{
	size_t p = 0, t = 0, star = 0, star_text = 0;
	bool has_star = false;

	while (t < text_len) {
		if (p < pattern_len && pattern[p] == '*') {
			has_star = true;
			star = p++;
			star_text = t;
		} else if (p < pattern_len && pattern[p] == text[t]) {
			p++;
			t++;
		} else if (has_star) {
			p = star + 1;
			t = ++star_text;
		} else {
			return false;
		}
	}
	while (p < pattern_len && pattern[p] == '*')
		p++;
	return p == pattern_len;
}

bool
glob_matches_line(const char *patterns, const char *text)
{
	while (*patterns != '\0') {
		size_t len = strcspn(patterns, "\n");

		if (len != 0 && glob_matches(patterns, len, text, strlen(text)))
			return true;
		patterns += len;
		patterns += *patterns == '\n';
	}
	return false;
}

int
glob_capture(size_t *start, size_t *len, const char *pattern, const char *text)
{
	const char *hole = strstr(pattern, CAPTURE);
	size_t text_len = strlen(text), before_len, after_len;
	const char *after;

	if (hole == NULL)
		return -ERR_INVALID;
	before_len = (size_t)(hole - pattern);
	after = hole + strlen(CAPTURE);
	after_len = strlen(after);
	for (size_t i = 0; i < text_len; i++) {
		if (!glob_matches(pattern, before_len, text, i))
			continue;
		for (size_t end = i + 1; end <= text_len; end++) {
			if (!glob_matches(
				after, after_len, text + end, text_len - end))
				continue;
			*start = i;
			*len = end - i;
			return 0;
		}
	}
	return -ERR_NOT_FOUND;
}
