/* A bounded reader of TLS's presentation language (RFC 8446 section 3). */
#ifndef TLS_WIRE_H
#define TLS_WIRE_H

#include <stdbool.h>

#include "base/buf.h"

/* Each takes from the front of in; false when in is too short, which is then
 * left as it was. */
bool wire_get_u8(uint8_t *out, struct bytes *in) NODISCARD;
bool wire_get_u16(uint16_t *out, struct bytes *in) NODISCARD;
bool wire_get_bytes(struct bytes *out, struct bytes *in, size_t len) NODISCARD;
/* A vector behind a length of one or two bytes. */
bool wire_get_vector8(struct bytes *out, struct bytes *in) NODISCARD;
bool wire_get_vector16(struct bytes *out, struct bytes *in) NODISCARD;

void wire_put_u16(uint8_t out[2], uint16_t value);

#endif
