#include "tls/ossl.h"

#include <openssl/err.h>

const char *
ossl_error_text(char *out, size_t size)
{
	unsigned long code = ERR_peek_error();
	const char *text = ERR_reason_error_string(code);

	if (code == 0)
		snprintf(out, size, "no detail");
	else if (text != NULL)
		snprintf(out, size, "%s", text);
	else
		ERR_error_string_n(code, out, size);
	ERR_clear_error();
	return out;
}

int
ossl_failed(struct reason *why, const char *what)
{
	char text[160];

	return reason_set(why, -ERR_CRYPTO, "%s: %s", what,
	    ossl_error_text(text, sizeof(text)));
}
