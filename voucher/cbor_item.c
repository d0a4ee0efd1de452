#include "voucher/cbor_item.h"

#include <string.h>

#include "voucher/utf8.h"

#define DEPTH_MAX 16

/* --- in --- */

enum major {
	MAJOR_UINT,
	MAJOR_NEGINT,
	MAJOR_BYTES,
	MAJOR_TEXT,
	MAJOR_ARRAY,
	MAJOR_MAP,
	MAJOR_TAG,
	MAJOR_SIMPLE,
};

#define INDEFINITE 31
#define BREAK 0xff

struct scan {
	const uint8_t *p, *end;
};

static size_t
left(const struct scan *scan)
{
	return (size_t)(scan->end - scan->p);
}

/* The initial byte and its argument. */
static bool
scan_head(struct scan *scan, unsigned int *major, unsigned int *info,
    uint64_t *argument)
{
	size_t n;

	if (left(scan) == 0)
		return false;
	*major = *scan->p >> 5;
	*info = *scan->p & 0x1f;
	*argument = *info;
	scan->p++;
	if (*info < 24 || *info == INDEFINITE)
		return true;
	if (*info > 27)
		return false;
	n = (size_t)1 << (*info - 24);
	if (left(scan) < n)
		return false;
	*argument = 0;
	for (size_t i = 0; i < n; i++)
		*argument = *argument << 8 | *scan->p++;
	return true;
}

static bool scan_item(struct scan *scan, unsigned int depth);

static bool
at_break(struct scan *scan)
{
	if (left(scan) == 0 || *scan->p != BREAK)
		return false;
	scan->p++;
	return true;
}

static bool
scan_items(struct scan *scan, uint64_t n, unsigned int depth)
{
	/* Each takes an octet at least. */
	if (n > left(scan))
		return false;
	for (uint64_t i = 0; i < n; i++)
		if (!scan_item(scan, depth))
			return false;
	return true;
}

/* A chunk has the string's own type, and a definite length. */
static bool
at_chunk(const struct scan *scan, unsigned int major)
{
	return left(scan) != 0 && *scan->p >> 5 == (int)major &&
	       (*scan->p & 0x1f) != INDEFINITE;
}

/* [RFC8949 3.2] Behind another major type there is no indefinite length; a
 * break is no item. */
static bool
scan_indefinite(struct scan *scan, unsigned int major, unsigned int depth)
{
	bool is_string = major == MAJOR_BYTES || major == MAJOR_TEXT;

	if (!is_string && major != MAJOR_ARRAY && major != MAJOR_MAP)
		return false;
	while (!at_break(scan)) {
		if (is_string && !at_chunk(scan, major))
			return false;
		if (!scan_item(scan, depth) ||
		    (major == MAJOR_MAP && !scan_item(scan, depth)))
			return false;
	}
	return true;
}

/* [RFC8949 3.1] Text is UTF-8. */
static bool
scan_string(struct scan *scan, unsigned int major, uint64_t len)
{
	const uint8_t *start = scan->p;

	if (len > left(scan))
		return false;
	scan->p += len;
	return major != MAJOR_TEXT ||
	       utf8_is_valid((struct bytes){start, (size_t)len});
}

static bool
scan_definite(struct scan *scan, unsigned int major, unsigned int info,
    uint64_t argument, unsigned int depth)
{
	switch (major) {
	case MAJOR_BYTES:
	case MAJOR_TEXT:
		return scan_string(scan, major, argument);
	case MAJOR_ARRAY:
		return scan_items(scan, argument, depth);
	case MAJOR_MAP:
		return argument <= left(scan) / 2 &&
		       scan_items(scan, 2 * argument, depth);
	case MAJOR_TAG:
		return scan_item(scan, depth);
	case MAJOR_SIMPLE:
		return info != 24 || argument >= 32;
	default:
		return true;
	}
}

static bool
scan_item(struct scan *scan, unsigned int depth)
{
	unsigned int major, info;
	uint64_t argument;

	if (depth == 0 || !scan_head(scan, &major, &info, &argument))
		return false;
	if (info == INDEFINITE)
		return scan_indefinite(scan, major, depth - 1);
	return scan_definite(scan, major, info, argument, depth - 1);
}

int
cbor_item_load(cbor_item_t **out, struct bytes cbor)
{
	struct scan scan = {cbor.data, cbor.data + cbor.len};
	struct cbor_load_result result;
	cbor_item_t *item;

	if (cbor.len == 0 || !scan_item(&scan, DEPTH_MAX) || scan.p != scan.end)
		return -ERR_INVALID;
	item = cbor_load(cbor.data, cbor.len, &result);
	if (item == NULL)
		return -ERR_INVALID;
	if (result.read != cbor.len) {
		cbor_decref(&item);
		return -ERR_INVALID;
	}
	*out = item;
	return 0;
}

bool
cbor_item_bytes(struct bytes *out, const cbor_item_t *item)
{
	if (item == NULL || !cbor_isa_bytestring(item) ||
	    !cbor_bytestring_is_definite(item))
		return false;
	*out = (struct bytes){
	    cbor_bytestring_handle(item), cbor_bytestring_length(item)};
	return true;
}

bool
cbor_item_text(struct bytes *out, const cbor_item_t *item)
{
	if (item == NULL || !cbor_isa_string(item) ||
	    !cbor_string_is_definite(item))
		return false;
	*out =
	    (struct bytes){cbor_string_handle(item), cbor_string_length(item)};
	return true;
}

bool
cbor_item_uint(uint64_t *out, const cbor_item_t *item)
{
	if (item == NULL || !cbor_isa_uint(item))
		return false;
	*out = cbor_get_int(item);
	return true;
}

bool
cbor_item_int(int64_t *out, const cbor_item_t *item)
{
	uint64_t value;

	if (item == NULL || (!cbor_isa_uint(item) && !cbor_isa_negint(item)))
		return false;
	value = cbor_get_int(item);
	if (value > INT64_MAX)
		return false;
	*out = cbor_isa_uint(item) ? (int64_t)value : -1 - (int64_t)value;
	return true;
}

/* libcbor asserts that it is asked about no float. */
static bool
is_control(const cbor_item_t *item)
{
	return item != NULL && cbor_isa_float_ctrl(item) &&
	       cbor_float_ctrl_is_ctrl(item);
}

bool
cbor_item_bool(bool *out, const cbor_item_t *item)
{
	if (!is_control(item) || !cbor_is_bool(item))
		return false;
	*out = cbor_get_bool(item);
	return true;
}

bool
cbor_item_is_null(const cbor_item_t *item)
{
	return is_control(item) && cbor_is_null(item);
}

cbor_item_t **
cbor_item_array(size_t *n, const cbor_item_t *item)
{
	if (item == NULL || !cbor_isa_array(item))
		return NULL;
	*n = cbor_array_size(item);
	return cbor_array_handle(item);
}

struct cbor_pair *
cbor_item_map(size_t *n, const cbor_item_t *item)
{
	if (item == NULL || !cbor_isa_map(item))
		return NULL;
	*n = cbor_map_size(item);
	return cbor_map_handle(item);
}

static bool
same_key(const cbor_item_t *a, const cbor_item_t *b)
{
	struct bytes text_a, text_b;
	int64_t int_a, int_b;

	if (cbor_item_int(&int_a, a))
		return cbor_item_int(&int_b, b) && int_a == int_b;
	return cbor_item_text(&text_a, a) && cbor_item_text(&text_b, b) &&
	       bytes_equal(text_a, text_b);
}

bool
cbor_map_is_plain(const cbor_item_t *item)
{
	size_t n = 0;
	struct cbor_pair *pairs = cbor_item_map(&n, item);

	if (pairs == NULL || n > CBOR_MAP_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (same_key(pairs[i].key, pairs[k].key))
				return false;
	return true;
}

/* --- out --- */

#define HEAD_MAX 9

void
cbor_put_int(struct buf *out, int64_t value)
{
	uint8_t head[HEAD_MAX];
	size_t n = value >= 0
		       ? cbor_encode_uint((uint64_t)value, head, sizeof(head))
		       : cbor_encode_negint(
			     (uint64_t)(-1 - value), head, sizeof(head));

	buf_add(out, head, n);
}

void
cbor_put_bytes(struct buf *out, struct bytes value)
{
	uint8_t head[HEAD_MAX];

	buf_add(out, head,
	    cbor_encode_bytestring_start(value.len, head, sizeof(head)));
	if (value.len != 0)
		buf_add(out, value.data, value.len);
}

void
cbor_put_text(struct buf *out, const char *text, size_t len)
{
	uint8_t head[HEAD_MAX];

	buf_add(out, head, cbor_encode_string_start(len, head, sizeof(head)));
	if (len != 0)
		buf_add(out, text, len);
}

void
cbor_put_bool(struct buf *out, bool value)
{
	uint8_t head[HEAD_MAX];

	buf_add(out, head, cbor_encode_bool(value, head, sizeof(head)));
}

void
cbor_put_array(struct buf *out, size_t n)
{
	uint8_t head[HEAD_MAX];

	buf_add(out, head, cbor_encode_array_start(n, head, sizeof(head)));
}

void
cbor_put_map(struct buf *out, size_t n)
{
	uint8_t head[HEAD_MAX];

	buf_add(out, head, cbor_encode_map_start(n, head, sizeof(head)));
}

void
cbor_put_tag(struct buf *out, uint64_t tag)
{
	uint8_t head[HEAD_MAX];

	buf_add(out, head, cbor_encode_tag(tag, head, sizeof(head)));
}
