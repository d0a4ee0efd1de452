#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define LOG_LINE_MAX 1024

static _Atomic int current_level = LOG_LEVEL_INFO;

void
log_set_level(enum log_level level)
{
	atomic_store(&current_level, (int)level);
}

void
log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	char line[LOG_LINE_MAX], when[RFC3339_LEN];
	va_list ap;
	size_t len;
	int n;

	if ((int)level > atomic_load(&current_level))
		return;
	rfc3339_format(when, clock_now());
	n = snprintf(
	    line, sizeof(line), "%s %-5s %s ", when, names[level], event);
	if (n < 0 || (size_t)n >= sizeof(line))
		return;
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	len = strlen(line);
	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\n'))
		len--;
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	/* One write, so that lines of several threads do not mix. */
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}

const char *
log_quote(char *out, size_t size, const char *text)
{
	size_t n = 0;

	if (size < 8)
		return "\"\"";
	out[n++] = '"';
	for (; *text != '\0' && n + 6 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
			n += (size_t)snprintf(
			    out + n, size - n, "\\x%02x", (unsigned int)c);
		else
			out[n++] = (char)c;
	}
	out[n++] = '"';
	out[n] = '\0';
	return out;
}
