#include "voucher/date_time.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define FRACTION_MAX 9 /* digits */
#define YEAR_0 INT64_C(-62167219200)
#define YEAR_10000 INT64_C(253402300800)

static int
two_digits(const char *p, int max)
{
	int n;

	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return -1;
	n = (p[0] - '0') * 10 + (p[1] - '0');
	return n <= max ? n : -1;
}

/* "Z", "+02:00" or "-04:00"; in seconds. */
static int
parse_offset(int64_t *out, const char *p, size_t len)
{
	int hours, minutes;

	*out = 0;
	if (len == 1 && (p[0] == 'Z' || p[0] == 'z'))
		return 0;
	if (len != 6 || (p[0] != '+' && p[0] != '-') || p[3] != ':')
		return -ERR_INVALID;
	hours = two_digits(p + 1, 23);
	minutes = two_digits(p + 4, 59);
	if (hours < 0 || minutes < 0)
		return -ERR_INVALID;
	*out = (p[0] == '-' ? -60 : 60) * (hours * 60 + minutes);
	return 0;
}

/* The octets of ".123" at the front, 0 if there is no fraction; -ERR_INVALID.
 */
static int
fraction_len(const char *p, size_t len)
{
	int n = 0;

	if (len == 0 || p[0] != '.')
		return 0;
	while ((size_t)n + 1 < len && p[n + 1] >= '0' && p[n + 1] <= '9')
		n++;
	return n > 0 && n <= FRACTION_MAX ? 1 + n : -ERR_INVALID;
}

int
voucher_time_parse(int64_t *out, const char *text, size_t len)
{
	const size_t seconds_end = RFC3339_LEN - 2;
	char utc[RFC3339_LEN];
	int64_t local, offset;
	int fraction;

	if (len <= seconds_end || memchr(text, '\0', len) != NULL)
		return -ERR_INVALID;
	snprintf(utc, sizeof(utc), "%.*sZ", (int)seconds_end, text);
	text += seconds_end;
	len -= seconds_end;
	fraction = fraction_len(text, len);
	if (fraction < 0 || rfc3339_parse(&local, utc) != 0 ||
	    parse_offset(&offset, text + fraction, len - (size_t)fraction) != 0)
		return -ERR_INVALID;
	if (local - offset < YEAR_0 || local - offset >= YEAR_10000)
		return -ERR_INVALID;
	*out = local - offset;
	return 0;
}
