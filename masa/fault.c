#include "masa/fault.h"

#include <string.h>

#include "base/random.h"

#define DAY_S 86400

static const struct {
	const char *name;
	enum masa_fault fault;
} faults[] = {
    {"big", FAULT_BIG},
    {"expired", FAULT_EXPIRED},
    {"garbage", FAULT_GARBAGE},
    {"reset", FAULT_RESET},
    {"stall", FAULT_STALL},
    {"wrong-nonce", FAULT_WRONG_NONCE},
    {"wrong-pin", FAULT_WRONG_PIN},
    {"wrong-serial", FAULT_WRONG_SERIAL},
    {"wrong-signature", FAULT_WRONG_SIGNATURE},
};

int
fault_parse(enum masa_fault *out, const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		if (strcmp(faults[i].name, text) != 0)
			continue;
		*out = faults[i].fault;
		return 0;
	}
	return -ERR_INVALID;
}

bool
fault_fits_audit_log(enum masa_fault fault)
{
	return fault >= FAULT_BIG;
}

/* Another printable character, or octet. */
static void
change_last(void *text, size_t len)
{
	uint8_t *last = (uint8_t *)text + len - 1;

	*last = *last == '0' ? '1' : '0';
}

int
fault_spoil(struct voucher *v, enum masa_fault fault, struct bytes stranger)
{
	switch (fault) {
	case FAULT_EXPIRED:
		v->created_on -= 2 * DAY_S;
		v->expires_on = v->created_on + DAY_S;
		return 0;
	case FAULT_WRONG_NONCE:
		if (v->nonce.len != 0)
			change_last(v->nonce.data, v->nonce.len);
		return 0;
	case FAULT_WRONG_PIN:
		blob_fini(&v->pinned_domain_cert);
		return blob_copy(&v->pinned_domain_cert, stranger);
	case FAULT_WRONG_SERIAL:
		change_last(v->serial_number, strlen(v->serial_number));
		return 0;
	default:
		return 0;
	}
}

/* Where a JWS has its signature: base64url, of which any character within says
 * six whole bits. */
static uint8_t *
jws_signature(const struct blob *jws)
{
	static const char member[] = "\"signature\":\"";
	uint8_t *at = memmem(jws->data, jws->len, member, sizeof(member) - 1);

	return at != NULL ? at + sizeof(member) - 1 : NULL;
}

void
fault_spoil_signed(
    struct blob *artifact, enum voucher_format format, enum masa_fault fault)
{
	uint8_t *at;

	if (fault == FAULT_GARBAGE)
		random_bytes(artifact->data, artifact->len);
	if (fault != FAULT_WRONG_SIGNATURE)
		return;
	/* CMS and COSE end with an octet of the signature. */
	at = format == VOUCHER_JWS_JSON ? jws_signature(artifact)
					: artifact->data + artifact->len - 1;
	if (at != NULL && format == VOUCHER_JWS_JSON)
		*at = *at == 'A' ? 'B' : 'A';
	else if (at != NULL)
		*at ^= 1;
}
