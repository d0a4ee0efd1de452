#include "voucher/format.h"

#include <string.h>

#include "base/str.h"

#define MEDIA_TYPE_MAX 64
#define QUALITY_MAX 1000
#define QUALITY_LEN_MAX 5 /* "0.123" */

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

static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* The type before its parameters. False if it is too long to be one of ours. */
static bool
media_type_copy(char out[MEDIA_TYPE_MAX], const char *text, size_t len)
{
	size_t start = 0;

	while (start < len && is_space(text[start]))
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

/* --- Accept --- */

/* [RFC9110 12.4.2] "0.5" in thousandths; 0 for what is malformed. */
static int
parse_quality(const char *p, size_t len)
{
	int value, unit = QUALITY_MAX;

	while (len > 0 && is_space(p[len - 1]))
		len--;
	if (len == 0 || len > QUALITY_LEN_MAX || (p[0] != '0' && p[0] != '1') ||
	    (len > 1 && p[1] != '.'))
		return 0;
	value = (p[0] - '0') * unit;
	for (size_t i = 2; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return 0;
		unit /= 10;
		value += (p[i] - '0') * unit;
	}
	return value <= QUALITY_MAX ? value : 0;
}

/* The parameter q of a media range; QUALITY_MAX without one. */
static int
quality(const char *range, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		size_t start;

		if (range[i] != ';')
			continue;
		while (i + 1 < len && is_space(range[i + 1]))
			i++;
		if (len - i < 3 || ascii_lower(range[i + 1]) != 'q' ||
		    range[i + 2] != '=')
			continue;
		start = i + 3;
		for (i = start; i < len && range[i] != ';';)
			i++;
		return parse_quality(range + start, i - start);
	}
	return QUALITY_MAX;
}

/* How well a range names a type; the most specific one counts.
 * [RFC9110 12.5.1] */
enum specificity {
	NAMES_NOTHING,
	NAMES_ALL,
	NAMES_APPLICATION,
	NAMES_TYPE,
};

/* What an Accept header says of one type. */
struct wish {
	enum specificity specificity;
	int quality;
	size_t position; /* of its range in the header */
};

static enum specificity
specificity_of(const char *range, const struct media_type *type)
{
	if (ascii_equal_nocase(range, type->name))
		return NAMES_TYPE;
	if (ascii_equal_nocase(range, "application/*"))
		return NAMES_APPLICATION;
	return strcmp(range, "*/*") == 0 ? NAMES_ALL : NAMES_NOTHING;
}

/* [RFC9110 12.5.1] */
static struct wish
find_wish(const char *accept, const struct media_type *type)
{
	struct wish wish = {.quality = 0};

	for (size_t position = 0; *accept != '\0'; position++) {
		size_t len = strcspn(accept, ",");
		enum specificity specificity = NAMES_NOTHING;
		char name[MEDIA_TYPE_MAX];

		if (media_type_copy(name, accept, len))
			specificity = specificity_of(name, type);
		if (specificity > wish.specificity)
			wish = (struct wish){
			    specificity, quality(accept, len), position};
		accept += len;
		accept += *accept == ',';
	}
	return wish;
}

static bool
is_better(const struct wish *a, const struct media_type *type_a,
    const struct wish *b, const struct media_type *type_b,
    enum voucher_format preferred)
{
	bool preferred_a = type_a->format == preferred;
	bool preferred_b = type_b->format == preferred;

	if (a->quality != b->quality)
		return a->quality > b->quality;
	if (preferred_a != preferred_b)
		return preferred_a;
	return a->position < b->position;
}

int
voucher_format_accept(enum voucher_format *out, const char **media_type,
    const char *accept, enum voucher_format preferred)
{
	const struct media_type *best = NULL;
	struct wish best_wish = {.quality = 0};

	if (accept == NULL) {
		*out = preferred;
		*media_type = voucher_media_type(preferred);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(media_types); i++) {
		const struct media_type *type = &media_types[i];
		struct wish wish = find_wish(accept, type);

		if (wish.quality == 0 ||
		    (best != NULL &&
			!is_better(&wish, type, &best_wish, best, preferred)))
			continue;
		best = type;
		best_wish = wish;
	}
	if (best == NULL)
		return -ERR_NOT_FOUND;
	*out = best->format;
	*media_type = best->name;
	return 0;
}
