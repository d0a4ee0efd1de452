#include "base/onboarding.h"

#include <string.h>

#include "base/base64.h"
#include "base/random.h"
#include "base/str.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static const char uri_scheme[] = "estuary:";

/* Sum of value_i x (2i + 1), i from 0, mod 32, over all but the last. */
static unsigned int
check_value(const uint8_t values[CODE_LEN - 1])
{
	unsigned int sum = 0;

	for (unsigned int i = 0; i < CODE_LEN - 1; i++)
		sum += values[i] * (2 * i + 1);
	return sum % 32;
}

/* Crockford's reading: I and L are a misread 1, O a misread 0. */
static int
char_value(char c)
{
	const char *p;

	c = ascii_upper(c);
	if (c == 'I' || c == 'L')
		c = '1';
	else if (c == 'O')
		c = '0';
	p = c != '\0' ? strchr(alphabet, c) : NULL;
	return p != NULL ? (int)(p - alphabet) : -1;
}

void
code_generate(struct onboarding_code *out)
{
	uint8_t random[CODE_IDENTITY_LEN + CODE_SECRET_LEN];

	memset(out, 0, sizeof(*out));
	random_bytes(random, sizeof(random));
	for (size_t i = 0; i < CODE_IDENTITY_LEN; i++)
		out->identity[i] = alphabet[random[i] % 32];
	for (size_t i = 0; i < CODE_SECRET_LEN; i++)
		out->secret[i] = alphabet[random[CODE_IDENTITY_LEN + i] % 32];
	explicit_bzero(random, sizeof(random));
}

static void
code_characters(char out[CODE_LEN], const struct onboarding_code *code)
{
	uint8_t values[CODE_LEN - 1];

	memcpy(out, code->identity, CODE_IDENTITY_LEN);
	memcpy(out + CODE_IDENTITY_LEN, code->secret, CODE_SECRET_LEN);
	for (size_t i = 0; i < CODE_LEN - 1; i++)
		values[i] = (uint8_t)char_value(out[i]);
	out[CODE_LEN - 1] = alphabet[check_value(values)];
	explicit_bzero(values, sizeof(values));
}

void
code_format(char out[CODE_TEXT_MAX], const struct onboarding_code *code)
{
	char characters[CODE_LEN];

	code_characters(characters, code);
	for (size_t i = 0; i < CODE_LEN; i++) {
		if (i != 0 && i % 4 == 0)
			*out++ = '-';
		*out++ = characters[i];
	}
	*out = '\0';
	explicit_bzero(characters, sizeof(characters));
}

int
code_format_uri(char *out, const struct onboarding_code *code)
{
	struct buf uri = {0};
	char text[CODE_TEXT_MAX];
	char separator = '?';
	int err;

	code_format(text, code);
	buf_printf(&uri, "%s%s", uri_scheme, text);
	if (code->server_name[0] != '\0') {
		buf_printf(&uri, "%cn=%s", separator, code->server_name);
		separator = '&';
	}
	if (code->has_root) {
		buf_printf(&uri, "%cr=", separator);
		err = base64url_encode(&uri, (struct bytes){code->root_sha256,
						 sizeof(code->root_sha256)});
		if (err != 0)
			goto out;
	}
	err = buf_status(&uri);
	if (err == 0)
		err = str_format(out, CODE_URI_MAX, "%s", buf_text(&uri));
out:
	buf_wipe(&uri);
	explicit_bzero(text, sizeof(text));
	return err;
}

static int
parse_root(struct onboarding_code *code, const char *text)
{
	struct blob hash = {0};
	int err = base64url_decode(&hash, text, strlen(text));

	if (err == 0 && hash.len != sizeof(code->root_sha256))
		err = -ERR_INVALID;
	if (err == 0) {
		memcpy(code->root_sha256, hash.data, hash.len);
		code->has_root = true;
	}
	blob_fini(&hash);
	return err;
}

/* n=...&r=...; unknown keys are ignored so that later codes stay readable. */
static int
parse_query(struct onboarding_code *code, char *query, struct reason *why)
{
	char *next = query, *pair;

	while ((pair = strsep(&next, "&")) != NULL) {
		if (strncmp(pair, "n=", 2) == 0) {
			if (domain_normalize(code->server_name, pair + 2) != 0)
				return reason_set(why, -ERR_INVALID,
				    "the code's server name is not valid");
		} else if (strncmp(pair, "r=", 2) == 0) {
			if (parse_root(code, pair + 2) != 0)
				return reason_set(why, -ERR_INVALID,
				    "the code's root hash is not valid");
		}
	}
	return 0;
}

static int
parse_characters(
    struct onboarding_code *code, const char *text, struct reason *why)
{
	uint8_t values[CODE_LEN];
	size_t n = 0;

	for (; *text != '\0'; text++) {
		int v;

		if (strchr("- \t\r\n", *text) != NULL)
			continue;
		v = char_value(*text);
		if (v < 0)
			return reason_set(why, -ERR_INVALID,
			    "not an onboarding code: a character that codes "
			    "do not have");
		if (n == CODE_LEN)
			return reason_set(why, -ERR_INVALID,
			    "not an onboarding code: more than %d characters",
			    CODE_LEN);
		values[n++] = (uint8_t)v;
	}
	if (n != CODE_LEN)
		return reason_set(why, -ERR_INVALID,
		    "not an onboarding code: %zu characters, not %d", n,
		    CODE_LEN);
	if (check_value(values) != values[CODE_LEN - 1])
		return reason_set(why, -ERR_INVALID,
		    "the onboarding code is mistyped: its check character "
		    "does not fit");
	for (size_t i = 0; i < CODE_IDENTITY_LEN; i++)
		code->identity[i] = alphabet[values[i]];
	for (size_t i = 0; i < CODE_SECRET_LEN; i++)
		code->secret[i] = alphabet[values[CODE_IDENTITY_LEN + i]];
	explicit_bzero(values, sizeof(values));
	return 0;
}

int
code_parse(struct onboarding_code *out, const char *text, struct reason *why)
{
	struct onboarding_code code = {0};
	char copy[CODE_URI_MAX];
	char *start = copy, *query = NULL;
	size_t len;
	int err;

	while (*text != '\0' && strchr(" \t\r\n", *text) != NULL)
		text++;
	len = strlen(text);
	while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
		len--;
	if (len >= sizeof(copy))
		return reason_set(
		    why, -ERR_INVALID, "not an onboarding code: too long");
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (strncasecmp(copy, uri_scheme, sizeof(uri_scheme) - 1) == 0) {
		start += sizeof(uri_scheme) - 1;
		query = strchr(start, '?');
		if (query != NULL)
			*query++ = '\0';
	}
	err = parse_characters(&code, start, why);
	if (err == 0 && query != NULL)
		err = parse_query(&code, query, why);
	if (err == 0)
		*out = code;
	explicit_bzero(copy, sizeof(copy));
	explicit_bzero(&code, sizeof(code));
	return err;
}

/* The values of exactly n characters, dashes and white space left out. */
static int
read_values(uint8_t *values, size_t n, const char *text)
{
	size_t i = 0;

	for (; *text != '\0'; text++) {
		int v;

		if (strchr("- \t\r\n", *text) != NULL)
			continue;
		v = char_value(*text);
		if (v < 0 || i == n)
			return -ERR_INVALID;
		values[i++] = (uint8_t)v;
	}
	return i == n ? 0 : -ERR_INVALID;
}

int
code_from_parts(
    struct onboarding_code *out, const char *identity, const char *secret)
{
	struct onboarding_code code = {0};
	uint8_t values[CODE_LEN], *rest = values + CODE_IDENTITY_LEN;
	int err = read_values(values, CODE_IDENTITY_LEN, identity);

	if (err == 0 && read_values(rest, CODE_SECRET_LEN, secret) != 0) {
		err = read_values(rest, CODE_SECRET_LEN + 1, secret);
		if (err == 0 && check_value(values) != values[CODE_LEN - 1])
			err = -ERR_INVALID;
	}
	for (size_t i = 0; i < CODE_IDENTITY_LEN && err == 0; i++)
		code.identity[i] = alphabet[values[i]];
	for (size_t i = 0; i < CODE_SECRET_LEN && err == 0; i++)
		code.secret[i] = alphabet[rest[i]];
	if (err == 0)
		*out = code;
	explicit_bzero(values, sizeof(values));
	explicit_bzero(&code, sizeof(code));
	return err;
}
