#include "base/crypto_error.h"

#include <openssl/err.h>

#include "base/error.h"
#include "base/log.h"

int
crypto_error(const char *what)
{
	unsigned long code = ERR_get_error();
	char text[256] = "no reason given", quoted[300];

	if (code != 0)
		ERR_error_string_n(code, text, sizeof(text));
	ERR_clear_error();
	log_error("crypto failed", "doing=\"%s\" error=%s", what,
	    log_quote(quoted, sizeof(quoted), text));
	return -ERR_CRYPTO;
}
