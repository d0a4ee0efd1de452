#include "voucher/voucher.h"

#include <string.h>

#include "base/base64.h"
#include "voucher/fields.h"

static const char *const assertion_words[] = {
    [VOUCHER_VERIFIED] = "verified",
    [VOUCHER_LOGGED] = "logged",
    [VOUCHER_PROXIMITY] = "proximity",
    [VOUCHER_AGENT_PROXIMITY] = "agent-proximity",
};

void
voucher_init(struct voucher *v, enum voucher_kind kind)
{
	*v = (struct voucher){.kind = kind,
	    .assertion = VOUCHER_ASSERTION_NONE,
	    .domain_cert_revocation_checks = -1};
}

void
voucher_fini(struct voucher *v)
{
	for (size_t i = 0; i < n_voucher_fields; i++)
		if (voucher_fields[i].type == FIELD_BINARY)
			blob_fini(
			    (struct blob *)(void *)((char *)v +
						    voucher_fields[i].offset));
}

const char *
voucher_assertion_text(enum voucher_assertion assertion)
{
	if (assertion < 0 || (size_t)assertion >= ARRAY_LEN(assertion_words))
		return "";
	return assertion_words[assertion];
}

int
voucher_assertion_parse(enum voucher_assertion *out, const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(assertion_words); i++) {
		if (strcmp(assertion_words[i], text) != 0)
			continue;
		*out = (enum voucher_assertion)i;
		return 0;
	}
	return -ERR_INVALID;
}

/* A text that is somebody's base64 of the bytes, with or without padding, in
 * either alphabet. */
static bool
text_means(const struct voucher_nonce *text, const struct voucher_nonce *bytes)
{
	const struct bytes wanted = {bytes->data, bytes->len};
	const char *chars = (const char *)text->data;
	struct blob decoded = {0};
	bool equal;

	if (base64_decode(&decoded, chars, text->len) != 0 &&
	    base64url_decode(&decoded, chars, text->len) != 0)
		return false;
	equal = bytes_equal(blob_bytes(&decoded), wanted);
	blob_fini(&decoded);
	return equal;
}

bool
voucher_nonce_equal(
    const struct voucher_nonce *a, const struct voucher_nonce *b)
{
	const struct bytes bytes_a = {a->data, a->len};
	const struct bytes bytes_b = {b->data, b->len};

	if (a->len == 0 || b->len == 0)
		return a->len == b->len;
	if (bytes_equal(bytes_a, bytes_b))
		return true;
	if (a->is_text == b->is_text)
		return false;
	return a->is_text ? text_means(a, b) : text_means(b, a);
}

int
voucher_check(const struct voucher *v, struct reason *why)
{
	int n_pins = (v->pinned_domain_cert.len != 0) +
		     (v->pinned_domain_pubk.len != 0) +
		     (v->pinned_domain_pubk_sha256.len != 0);

	if (v->serial_number[0] == '\0')
		return reason_set(why, -ERR_INVALID,
		    "RFC 8366 5.3: serial-number is missing");
	if (v->kind == VOUCHER_REQUEST)
		return 0;
	if (v->assertion == VOUCHER_ASSERTION_NONE)
		return reason_set(
		    why, -ERR_INVALID, "RFC 8366 5.3: assertion is missing");
	if (n_pins != 1)
		return reason_set(why, -ERR_INVALID, "RFC 8366 5.3: %s",
		    n_pins == 0 ? "pinned-domain-cert is missing"
				: "the domain is pinned in more than one way");
	return 0;
}
