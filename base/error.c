#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

/* Much of what is refused quotes its input: no line end and no terminal's
 * escape sequence may come through. */
static void
replace_unprintable(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
}

const char *
err_text(int err)
{
	static const char *const texts[ERR_MAX] = {
	    [0] = "success",
	    [ERR_NOMEM] = "out of memory",
	    [ERR_INVALID] = "malformed input",
	    [ERR_NOT_FOUND] = "not found",
	    [ERR_EXISTS] = "exists already",
	    [ERR_REFUSED] = "refused",
	    [ERR_PERMISSION] = "permission denied",
	    [ERR_IO] = "input/output error",
	    [ERR_CRYPTO] = "crypto library failure",
	    [ERR_CORRUPT] = "data is damaged",
	    [ERR_TOO_LARGE] = "too large",
	    [ERR_BUSY] = "busy, try later",
	    [ERR_TIMEOUT] = "timed out",
	    [ERR_UNREACHABLE] = "not reachable",
	    [ERR_CLOSED] = "closed",
	};

	if (err < 0)
		err = -err;
	if (err >= ERR_MAX || texts[err] == NULL)
		return "unknown error";
	return texts[err];
}

int
reason_set(struct reason *why, int err, const char *fmt, ...)
{
	va_list ap;

	if (why == NULL)
		return err;
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	replace_unprintable(why->text);
	return err;
}
