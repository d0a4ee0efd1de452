#include "tls/pake_library.h"

#include <stdatomic.h>

#include <openssl/err.h>
#include <openssl/provider.h>

#include "tls/ossl.h"
#include "tls/pake_provider.h"

struct pake_library {
	atomic_uint refs;
	OSSL_LIB_CTX *libctx;
	OSSL_PROVIDER *wrapper, *standard;
	struct spake2p_suite *suite;
	bool has_mlkem;
};

static void
library_free(struct pake_library *library)
{
	spake2p_suite_free(library->suite);
	if (library->standard != NULL)
		OSSL_PROVIDER_unload(library->standard);
	if (library->wrapper != NULL)
		OSSL_PROVIDER_unload(library->wrapper);
	OSSL_LIB_CTX_free(library->libctx);
	free(library);
}

static bool
has_mlkem(OSSL_LIB_CTX *libctx)
{
	EVP_KEYMGMT *found CLEANUP(EVP_KEYMGMT_free_p) =
	    EVP_KEYMGMT_fetch(libctx, "X25519MLKEM768", NULL);

	ERR_clear_error();
	return found != NULL;
}

/* The wrapper first: see PAKE_PROVIDER_NAME. */
static bool
load_providers(struct pake_library *library)
{
	library->libctx = OSSL_LIB_CTX_new();
	if (library->libctx == NULL ||
	    OSSL_PROVIDER_add_builtin(
		library->libctx, PAKE_PROVIDER_NAME, pake_provider_init) != 1)
		return false;
	library->wrapper =
	    OSSL_PROVIDER_load(library->libctx, PAKE_PROVIDER_NAME);
	if (library->wrapper == NULL)
		return false;
	library->standard = OSSL_PROVIDER_load(library->libctx, "default");
	return library->standard != NULL;
}

int
pake_library_new(struct pake_library **out, struct reason *why)
{
	struct pake_library *library = calloc(1, sizeof(*library));
	int err;

	if (library == NULL)
		return -ERR_NOMEM;
	atomic_init(&library->refs, 1);
	err = load_providers(library) ? spake2p_suite_new(&library->suite)
				      : -ERR_CRYPTO;
	if (err != 0) {
		err = ossl_failed(why, "cannot load the PAKE provider");
		library_free(library);
		return err;
	}
	library->has_mlkem = has_mlkem(library->libctx);
	*out = library;
	return 0;
}

struct pake_library *
pake_library_ref(struct pake_library *library)
{
	atomic_fetch_add(&library->refs, 1);
	return library;
}

void
pake_library_unref(struct pake_library *library)
{
	if (library != NULL && atomic_fetch_sub(&library->refs, 1) == 1)
		library_free(library);
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
