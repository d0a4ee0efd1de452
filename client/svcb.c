#include "client/svcb.h"

#include <string.h>

#include "base/str.h"

/* RFC 9460 14.3.2, RFC 9461 7. */
enum svcb_key {
	SVCB_MANDATORY = 0,
	SVCB_ALPN = 1,
	SVCB_NO_DEFAULT_ALPN = 2,
	SVCB_PORT = 3,
	SVCB_IPV4HINT = 4,
	SVCB_IPV6HINT = 6,
	SVCB_DOHPATH = 7,
};

#define DNS_TEXT_MAX 256

static uint16_t
get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* Takes len bytes off the front of in. */
static int
take(struct bytes *out, struct bytes *in, size_t len)
{
	if (in->len < len)
		return -ERR_INVALID;
	*out = (struct bytes){in->data, len};
	in->data += len;
	in->len -= len;
	return 0;
}

/* Takes an uncompressed domain name as text, "" for the root. */
static int
take_name(char out[DNS_TEXT_MAX], struct bytes *in)
{
	struct bytes part;
	size_t n = 0;

	for (;;) {
		size_t len;

		if (take(&part, in, 1) != 0)
			return -ERR_INVALID;
		len = part.data[0];
		if (len == 0)
			break;
		if (len > 63 || n + len + 2 > DNS_TEXT_MAX ||
		    take(&part, in, len) != 0)
			return -ERR_INVALID;
		if (n > 0)
			out[n++] = '.';
		memcpy(out + n, part.data, len);
		n += len;
	}
	out[n] = '\0';
	return 0;
}

static int
read_alpn(struct resolver *resolver, struct bytes value)
{
	struct bytes part;

	resolver->n_alpn = 0;
	while (value.len > 0) {
		size_t len = value.data[0];
		char *text;

		if (len == 0 || take(&part, &value, 1) != 0 ||
		    take(&part, &value, len) != 0)
			return -ERR_INVALID;
		if (len >= ALPN_TEXT_MAX ||
		    resolver->n_alpn == RESOLVER_ALPN_MAX)
			continue;
		text = resolver->alpn[resolver->n_alpn];
		memcpy(text, part.data, len);
		text[len] = '\0';
		/* "dot" and a NUL is not "dot". */
		if (strlen(text) == len && str_is_printable(text))
			resolver->n_alpn++;
	}
	return 0;
}

static int
read_hints(struct resolver *resolver, struct bytes value, size_t address_len)
{
	struct bytes part;

	if (value.len == 0)
		return -ERR_INVALID;
	while (value.len > 0) {
		struct ip_addr ip = {.len = (uint8_t)address_len};

		if (take(&part, &value, address_len) != 0)
			return -ERR_INVALID;
		memcpy(ip.bytes, part.data, address_len);
		resolver_add_address(resolver, &ip);
	}
	return 0;
}

static int
read_dohpath(struct resolver *resolver, struct bytes value)
{
	if (value.len >= sizeof(resolver->dohpath) ||
	    memchr(value.data, '\0', value.len) != NULL)
		return -ERR_INVALID;
	memcpy(resolver->dohpath, value.data, value.len);
	resolver->dohpath[value.len] = '\0';
	return 0;
}

static int
read_mandatory(bool *known, struct bytes value)
{
	struct bytes key;

	if (value.len == 0)
		return -ERR_INVALID;
	while (value.len > 0) {
		if (take(&key, &value, 2) != 0)
			return -ERR_INVALID;
		switch (get_u16(key.data)) {
		case SVCB_ALPN:
		case SVCB_NO_DEFAULT_ALPN:
		case SVCB_PORT:
		case SVCB_IPV4HINT:
		case SVCB_IPV6HINT:
		case SVCB_DOHPATH:
			break;
		default:
			*known = false;
		}
	}
	return 0;
}

static int
read_param(
    struct resolver *resolver, bool *known, uint16_t key, struct bytes value)
{
	switch (key) {
	case SVCB_MANDATORY:
		return read_mandatory(known, value);
	case SVCB_ALPN:
		return read_alpn(resolver, value);
	case SVCB_PORT:
		if (value.len != 2 || get_u16(value.data) == 0)
			return -ERR_INVALID;
		resolver->port = get_u16(value.data);
		return 0;
	case SVCB_IPV4HINT:
		return read_hints(resolver, value, 4);
	case SVCB_IPV6HINT:
		return read_hints(resolver, value, 16);
	case SVCB_DOHPATH:
		return read_dohpath(resolver, value);
	default:
		return 0;
	}
}

/* Keys come in strictly ascending order (RFC 9460 2.2). */
static int
read_params(struct resolver *resolver, bool *known, struct bytes in)
{
	struct bytes part;
	int last = -1;

	while (in.len > 0) {
		uint16_t key, len;
		int err = take(&part, &in, 4);

		if (err != 0)
			return err;
		key = get_u16(part.data);
		len = get_u16(part.data + 2);
		if (key <= last)
			return -ERR_INVALID;
		last = key;
		err = take(&part, &in, len);
		if (err == 0)
			err = read_param(resolver, known, key, part);
		if (err != 0)
			return err;
	}
	return 0;
}

static bool
has_alpn(const struct resolver *resolver, const char *alpn)
{
	for (size_t i = 0; i < resolver->n_alpn; i++)
		if (strcmp(resolver->alpn[i], alpn) == 0)
			return true;
	return false;
}

int
svcb_parse(struct resolver *resolver, uint16_t *priority, struct bytes rdata)
{
	struct resolver found = *resolver;
	bool doh = strcmp(resolver->label, LABEL_DOH) == 0;
	char target[DNS_TEXT_MAX] = "";
	bool own_name, known = true;
	struct bytes number;
	int err = take(&number, &rdata, 2);

	if (err == 0)
		err = take_name(target, &rdata);
	own_name =
	    target[0] == '\0' || ascii_equal_nocase(target, resolver->adn);
	resolver_set_defaults(&found);
	found.n_alpn = 0;
	found.n_addresses = 0;
	found.dohpath[0] = '\0';
	if (err == 0)
		err = read_params(&found, &known, rdata);
	if (err != 0)
		return err;
	if (get_u16(number.data) == 0 || !known ||
	    !has_alpn(&found, doh ? "h2" : "dot") ||
	    (doh && !dohpath_is_valid(found.dohpath)) ||
	    (!own_name && found.n_addresses == 0))
		return -ERR_NOT_FOUND;
	if (!doh)
		found.dohpath[0] = '\0';
	*priority = get_u16(number.data);
	*resolver = found;
	return 0;
}
