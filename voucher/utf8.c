#include "voucher/utf8.h"

/* The octets that may follow a first one: how many, and within what bounds the
 * second is; the others are 0x80 to 0xbf. [RFC3629 4] */
struct sequence {
	uint8_t first_min, first_max;
	uint8_t n_following;
	uint8_t second_min, second_max;
};

static const struct sequence sequences[] = {
    {0x00, 0x7f, 0, 0, 0},
    {0xc2, 0xdf, 1, 0x80, 0xbf},
    {0xe0, 0xe0, 2, 0xa0, 0xbf},
    {0xe1, 0xec, 2, 0x80, 0xbf},
    {0xed, 0xed, 2, 0x80, 0x9f},
    {0xee, 0xef, 2, 0x80, 0xbf},
    {0xf0, 0xf0, 3, 0x90, 0xbf},
    {0xf1, 0xf3, 3, 0x80, 0xbf},
    {0xf4, 0xf4, 3, 0x80, 0x8f},
};

static const struct sequence *
find_sequence(uint8_t first)
{
	for (size_t i = 0; i < ARRAY_LEN(sequences); i++)
		if (first >= sequences[i].first_min &&
		    first <= sequences[i].first_max)
			return &sequences[i];
	return NULL;
}

static bool
following_are_good(const struct sequence *sequence, const uint8_t *p)
{
	if (sequence->n_following == 0)
		return true;
	if (p[0] < sequence->second_min || p[0] > sequence->second_max)
		return false;
	for (size_t i = 1; i < sequence->n_following; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return false;
	return true;
}

bool
utf8_is_valid(struct bytes text)
{
	size_t i = 0;

	while (i < text.len) {
		const struct sequence *sequence = find_sequence(text.data[i]);

		i++;
		if (sequence == NULL || text.len - i < sequence->n_following ||
		    !following_are_good(sequence, text.data + i))
			return false;
		i += sequence->n_following;
	}
	return true;
}
