#include "tls/pake_wire.h"

#include <string.h>

#include "tls/wire.h"

#define UNCOMPRESSED 4

struct pake_share {
	uint16_t scheme;
	struct bytes message;
};

static bool
share_get(struct pake_share *out, struct bytes *in)
{
	return wire_get_u16(&out->scheme, in) &&
	       wire_get_vector16(&out->message, in) && out->message.len != 0;
}

/* [draft-ietf-tls-pake-02 5.1] Schemes strictly increase, so that none is there
 * twice. The whole list is decoded before anything in it is judged. */
static int
shares_parse(struct bytes *message, struct bytes in, uint16_t scheme)
{
	bool sorted = true, found = false;
	struct pake_share share;
	int last = -1;

	while (in.len != 0) {
		if (!share_get(&share, &in))
			return -ERR_INVALID;
		if (share.scheme <= last)
			sorted = false;
		last = share.scheme;
		if (share.scheme == scheme) {
			*message = share.message;
			found = true;
		}
	}
	return sorted && found ? 0 : -ERR_REFUSED;
}

int
pake_client_hello_parse(
    struct pake_client_hello *out, struct bytes in, uint16_t scheme)
{
	struct bytes client, server, shares, message = {0};
	int err;

	if (!wire_get_vector16(&client, &in) ||
	    !wire_get_vector16(&server, &in) ||
	    !wire_get_vector16(&shares, &in) || in.len != 0)
		return -ERR_INVALID;
	err = shares_parse(&message, shares, scheme);
	if (err != 0)
		return err;
	if (message.len != SPAKE2P_POINT_LEN || message.data[0] != UNCOMPRESSED)
		return -ERR_REFUSED;
	*out = (struct pake_client_hello){client, server, message.data};
	return 0;
}

static uint8_t *
put_bytes(uint8_t *p, const void *data, size_t len)
{
	if (len != 0)
		memcpy(p, data, len);
	return p + len;
}

static uint8_t *
put_u16(uint8_t *p, size_t value)
{
	wire_put_u16(p, (uint16_t)value);
	return p + 2;
}

int
pake_client_hello_encode(
    struct blob *out, const struct pake_client_hello *hello, uint16_t scheme)
{
	const struct bytes *client = &hello->client_identity;
	const struct bytes *server = &hello->server_identity;
	size_t len;
	uint8_t *p;

	if (client->len > UINT16_MAX || server->len > UINT16_MAX)
		return -ERR_TOO_LARGE;
	len = 2 + client->len + 2 + server->len + 2 + 4 + SPAKE2P_POINT_LEN;
	p = malloc(len);
	if (p == NULL)
		return -ERR_NOMEM;
	out->data = p;
	out->len = len;
	p = put_u16(p, client->len);
	p = put_bytes(p, client->data, client->len);
	p = put_u16(p, server->len);
	p = put_bytes(p, server->data, server->len);
	p = put_u16(p, 4 + SPAKE2P_POINT_LEN);
	p = put_u16(p, scheme);
	p = put_u16(p, SPAKE2P_POINT_LEN);
	put_bytes(p, hello->share_p, SPAKE2P_POINT_LEN);
	return 0;
}

int
pake_server_hello_parse(
    struct pake_server_hello *out, struct bytes in, uint16_t scheme)
{
	struct pake_share share;

	if (!share_get(&share, &in) || in.len != 0)
		return -ERR_INVALID;
	if (share.scheme != scheme ||
	    share.message.len != SPAKE2P_POINT_LEN + SPAKE2P_CONFIRM_LEN ||
	    share.message.data[0] != UNCOMPRESSED)
		return -ERR_REFUSED;
	memcpy(out->share_v, share.message.data, SPAKE2P_POINT_LEN);
	memcpy(out->confirm_v, share.message.data + SPAKE2P_POINT_LEN,
	    SPAKE2P_CONFIRM_LEN);
	return 0;
}

void
pake_server_hello_encode(uint8_t out[PAKE_SERVER_HELLO_LEN],
    const struct pake_server_hello *hello, uint16_t scheme)
{
	uint8_t *p = put_u16(out, scheme);

	p = put_u16(p, SPAKE2P_POINT_LEN + SPAKE2P_CONFIRM_LEN);
	p = put_bytes(p, hello->share_v, SPAKE2P_POINT_LEN);
	put_bytes(p, hello->confirm_v, SPAKE2P_CONFIRM_LEN);
}
