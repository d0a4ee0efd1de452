#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

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
	return err;
}
