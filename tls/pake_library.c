#include "tls/pake_library.h"

#include <pthread.h>

#include <openssl/err.h>
#include <openssl/provider.h>

#include "tls/ossl.h"
#include "tls/pake_group.h"
#include "tls/pake_provider.h"

struct pake_library {
	OSSL_LIB_CTX *libctx;
	struct spake2p_suite *suite;
	bool has_mlkem;
};

/* Written once, under the pthread_once(). */
static struct {
	struct pake_library library;
	int err;
	struct reason why;
} process;

/* The wrapper first: see PAKE_PROVIDER_NAME. The loaded providers belong to
 * libctx from here on. */
static bool
load_providers(OSSL_LIB_CTX *libctx)
{
	return OSSL_PROVIDER_add_builtin(
		   libctx, PAKE_PROVIDER_NAME, pake_provider_init) == 1 &&
	       OSSL_PROVIDER_load(libctx, PAKE_PROVIDER_NAME) != NULL &&
	       OSSL_PROVIDER_load(libctx, "default") != NULL;
}

static void
library_make(void)
{
	struct pake_library *library = &process.library;

	library->libctx = OSSL_LIB_CTX_new();
	if (library->libctx == NULL || !load_providers(library->libctx)) {
		process.err =
		    ossl_failed(&process.why, "cannot load the PAKE provider");
		return;
	}
	library->has_mlkem = pake_group_is_available(
	    &pake_groups[PAKE_GROUP_X25519MLKEM768], library->libctx);
	process.err = spake2p_suite_new(&library->suite);
	if (process.err != 0)
		reason_set(&process.why, process.err, "SPAKE2+: %s",
		    err_text(process.err));
}

int
pake_library_get(const struct pake_library **out, struct reason *why)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, library_make);
	if (process.err != 0)
		return reason_set(why, process.err, "%s", process.why.text);
	*out = &process.library;
	return 0;
}

OSSL_LIB_CTX *
pake_library_libctx(const struct pake_library *library)
{
	return library->libctx;
}

const struct spake2p_suite *
pake_library_suite(const struct pake_library *library)
{
	return library->suite;
}

const char *
pake_library_groups(const struct pake_library *library)
{
	return library->has_mlkem ? "X25519MLKEM768:x25519:secp256r1"
				  : "x25519:secp256r1";
}
