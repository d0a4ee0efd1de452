#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void
hex_encode(char *out, struct bytes in)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < in.len; i++) {
		*out++ = digits[in.data[i] >> 4];
		*out++ = digits[in.data[i] & 15];
	}
	*out = '\0';
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
hex_decode(uint8_t *out, size_t len, const char *hex)
{
	for (size_t i = 0; i < len; i++) {
		int high = hex_value(hex[2 * i]);
		int low = high < 0 ? -1 : hex_value(hex[2 * i + 1]);

		if (low < 0)
			return -ERR_INVALID;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return hex[2 * len] == '\0' ? 0 : -ERR_INVALID;
}

char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

char
ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

void
ascii_lower_all(char *text)
{
	for (; *text != '\0'; text++)
		*text = ascii_lower(*text);
}

bool
ascii_equal_nocase(const char *a, const char *b)
{
	for (; *a != '\0' && ascii_lower(*a) == ascii_lower(*b); a++)
		b++;
	return ascii_lower(*a) == ascii_lower(*b);
}

int
parse_number(int64_t *out, const char *text, int64_t max)
{
	int64_t v = 0;

	if (*text == '\0')
		return -ERR_INVALID;
	for (; *text != '\0'; text++) {
		int64_t digit = *text - '0';

		if (digit < 0 || digit > 9)
			return -ERR_INVALID;
		if (digit > max || v > (max - digit) / 10)
			return -ERR_TOO_LARGE;
		v = v * 10 + digit;
	}
	*out = v;
	return 0;
}

int
parse_duration(int64_t *out, const char *text)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {
	    {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	static const int64_t max_seconds = (int64_t)100 * 366 * 86400;
	char digits[24];
	size_t len = strlen(text);
	int64_t scale = 1, n;
	int err;

	if (len == 0 || len >= sizeof(digits))
		return -ERR_INVALID;
	memcpy(digits, text, len + 1);
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (digits[len - 1] == units[i].unit) {
			scale = units[i].seconds;
			digits[len - 1] = '\0';
			break;
		}
	}
	err = parse_number(&n, digits, max_seconds / scale);
	if (err != 0)
		return err;
	*out = n * scale;
	return 0;
}

void
rfc3339_format(char out[RFC3339_LEN], int64_t time)
{
	struct tm tm;
	time_t t = (time_t)time;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < -1900 ||
	    tm.tm_year > 8099 ||
	    str_format(out, RFC3339_LEN, "%04d-%02d-%02dT%02d:%02d:%02dZ",
		tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		tm.tm_min, tm.tm_sec) != 0)
		memcpy(out, "0000-00-00T00:00:00Z", RFC3339_LEN);
}

int
rfc3339_parse(int64_t *out, const char *text)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
	struct tm tm = {0}, check;
	time_t t;

	if (strlen(text) != sizeof(shape) - 1)
		return -ERR_INVALID;
	for (size_t i = 0; i < sizeof(shape) - 1; i++) {
		bool digit = text[i] >= '0' && text[i] <= '9';

		if (shape[i] == 'd' ? !digit : text[i] != shape[i])
			return -ERR_INVALID;
	}
	sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon,
	    &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec);
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	check = tm;
	t = timegm(&check);
	if (check.tm_mon != tm.tm_mon || check.tm_mday != tm.tm_mday ||
	    check.tm_hour != tm.tm_hour || check.tm_min != tm.tm_min ||
	    check.tm_sec != tm.tm_sec)
		return -ERR_INVALID;
	*out = t;
	return 0;
}

char *
str_copy(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

int
str_format(char *out, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out, size, fmt, ap);
	va_end(ap);
	return n >= 0 && (size_t)n < size ? 0 : -ERR_TOO_LARGE;
}

bool
str_is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < 0x20 || *text > 0x7e)
			return false;
	return true;
}
