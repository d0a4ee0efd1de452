/* What this room's few uses of libcrypto do when one fails. */
#ifndef BASE_CRYPTO_ERROR_H
#define BASE_CRYPTO_ERROR_H

/* Logs libcrypto's error queue as the failure of what, and clears it. Returns
 * -ERR_CRYPTO. */
int crypto_error(const char *what);

#endif
