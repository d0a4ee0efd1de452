#include "tls/wire.h"

bool
wire_get_bytes(struct bytes *out, struct bytes *in, size_t len)
{
	if (in->len < len)
		return false;
	*out = (struct bytes){in->data, len};
	in->data += len;
	in->len -= len;
	return true;
}

bool
wire_get_u8(uint8_t *out, struct bytes *in)
{
	struct bytes raw;

	if (!wire_get_bytes(&raw, in, 1))
		return false;
	*out = raw.data[0];
	return true;
}

bool
wire_get_u16(uint16_t *out, struct bytes *in)
{
	struct bytes raw;

	if (!wire_get_bytes(&raw, in, 2))
		return false;
	*out = (uint16_t)(raw.data[0] << 8 | raw.data[1]);
	return true;
}

bool
wire_get_vector8(struct bytes *out, struct bytes *in)
{
	struct bytes rest = *in;
	uint8_t len;

	if (!wire_get_u8(&len, &rest) || !wire_get_bytes(out, &rest, len))
		return false;
	*in = rest;
	return true;
}

bool
wire_get_vector16(struct bytes *out, struct bytes *in)
{
	struct bytes rest = *in;
	uint16_t len;

	if (!wire_get_u16(&len, &rest) || !wire_get_bytes(out, &rest, len))
		return false;
	*in = rest;
	return true;
}

void
wire_put_u16(uint8_t out[2], uint16_t value)
{
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
}
