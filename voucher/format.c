#include "voucher/format.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define MEDIA_TYPE_MAX 64
#define QUALITY_MAX 1000

struct media_type {
	const char *name;
	enum voucher_format format;
};

/* The first of a format is what we call it. */
static const struct media_type media_types[] = {
    {"application/voucher-cms+json", VOUCHER_CMS_JSON},
    {"application/voucher-jws+json", VOUCHER_JWS_JSON},
    {"application/voucher+cose", VOUCHER_COSE_CBOR},
    {"application/voucher-cose+cbor", VOUCHER_COSE_CBOR},
    {"application/cose", VOUCHER_COSE_CBOR},
};

const char *
voucher_media_type(enum voucher_format format)
{
	for (size_t i = 0; i < ARRAY_LEN(media_types); i++)
		if (media_types[i].format == format)
			return media_types[i].name;
	return "";
}

/* The type before its parameters. False if it is too long to be one of ours. */
static bool
media_type_copy(char out[MEDIA_TYPE_MAX], const char *text, size_t len)
{
	size_t start = 0;

	while (start < len && (text[start] == ' ' || text[start] == '\t'))
		start++;
	text += start;
	len -= start;
	for (size_t i = 0; i < len; i++)
		if (strchr("; \t", text[i]) != NULL)
			len = i;
	if (len >= MEDIA_TYPE_MAX)
		return false;
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

static const struct media_type *
find_type(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(media_types); i++)
		if (ascii_equal_nocase(media_types[i].name, name))
			return &media_types[i];
	return NULL;
}

int
voucher_format_of(enum voucher_format *out, const char *media_type)
{
	const struct media_type *found = NULL;
	char name[MEDIA_TYPE_MAX];

	if (media_type_copy(name, media_type, strlen(media_type)))
		found = find_type(name);
	if (found == NULL)
		return -ERR_NOT_FOUND;
	*out = found->format;
	return 0;
}

/* [RFC9110 12.4.2] "q=0.5" among the parameters, in thousandths; 1000 without
 * one, 0 for one that is malformed. */
static int
quality(const char *range, size_t len)
{
	for (size_t i = 0; i + 3 < len; i++) {
		const char *p = range + i;
		char number[6] = {0};
		char *end;
		double value;

		if (*p != ';')
			continue;
		do {
			p++;
		} while (p < range + len && (*p == ' ' || *p == '\t'));
		if (range + len - p < 3 || ascii_lower(p[0]) != 'q' ||
		    p[1] != '=')
			continue;
		p += 2;
		strncpy(number, p,
		    (size_t)(range + len - p) < sizeof(number) - 1
			? (size_t)(range + len - p)
			: sizeof(number) - 1);
		value = strtod(number, &end);
		if (end == number || !(value >= 0 && value <= 1))
			return 0;
		return (int)(value * QUALITY_MAX);
	}
	return QUALITY_MAX;
}

struct best {
	int quality;
	const struct media_type *type;
};

static void
consider(struct best *best, const char *range, size_t len,
    enum voucher_format preferred)
{
	const struct media_type *type;
	char name[MEDIA_TYPE_MAX];
	int q = quality(range, len);

	if (q <= 0 || !media_type_copy(name, range, len))
		return;
	if (strcmp(name, "*/*") == 0 || strcmp(name, "application/*") == 0)
		type = find_type(voucher_media_type(preferred));
	else
		type = find_type(name);
	if (type == NULL || q < best->quality)
		return;
	/* Among equals the first, but the preferred one before it. */
	if (q == best->quality &&
	    (best->type->format == preferred || type->format != preferred))
		return;
	*best = (struct best){q, type};
}

int
voucher_format_accept(enum voucher_format *out, const char **media_type,
    const char *accept, enum voucher_format preferred)
{
	struct best best = {0, NULL};

	if (accept == NULL) {
		*out = preferred;
		*media_type = voucher_media_type(preferred);
		return 0;
	}
	while (*accept != '\0') {
		size_t len = strcspn(accept, ",");

		consider(&best, accept, len, preferred);
		accept += len;
		accept += *accept == ',';
	}
	if (best.type == NULL)
		return -ERR_NOT_FOUND;
	*out = best.type->format;
	*media_type = best.type->name;
	return 0;
}
