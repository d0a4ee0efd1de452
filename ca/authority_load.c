#include "ca/authority_load.h"

#include <limits.h>
#include <string.h>

#include <openssl/err.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "ca/authority.h"
#include "ca/build.h"
#include "ca/cert.h"
#include "ca/key_openssl.h"
#include "ca/openssl_util.h"
#include "ca/trust.h"

#define PEM_MAX_BYTES 65536

DEFINE_CLEANUP(authority_freep, struct authority, authority_free)
DEFINE_CLEANUP(key_freep, struct key, key_free)
DEFINE_CLEANUP(trust_freep, struct trust, trust_free)

static int
file_path(
    char path[PATH_MAX], const char *dir, const char *file, struct reason *why)
{
	if (str_format(path, PATH_MAX, "%s/%s", dir, file) != 0)
		return reason_set(
		    why, -ERR_TOO_LARGE, "the CA's path is too long");
	return 0;
}

/* Exactly one certificate. */
static int
read_cert(
    struct blob *out, const char *dir, const char *file, struct reason *why)
{
	struct cert_list certs CLEANUP(cert_list_fini) = {0};
	struct blob pem CLEANUP(blob_fini) = {0};
	struct reason detail = {""};
	char path[PATH_MAX];
	int err = file_path(path, dir, file, why);

	if (err != 0)
		return err;
	err = file_read(&pem, path, PEM_MAX_BYTES);
	if (err != 0)
		return reason_set(why, err, "%s: %s", path, err_text(err));
	err = cert_list_from_pem(&certs, blob_bytes(&pem), &detail);
	if (err != 0)
		return reason_set(
		    why, -ERR_CORRUPT, "%s: %s", path, detail.text);
	if (certs.n != 1)
		return reason_set(why, -ERR_CORRUPT,
		    "%s: holds %zu certificates, not one", path, certs.n);
	return blob_copy(out, blob_bytes(&certs.items[0]));
}

/* A key that fits the certificate. */
static int
read_key(struct key **out, const char *dir, const char *file, const X509 *cert,
    struct reason *why)
{
	struct key *key CLEANUP(key_freep) = NULL;
	struct blob pem CLEANUP(key_pem_fini) = {0};
	char path[PATH_MAX];
	int err = file_path(path, dir, file, why);

	if (err == 0)
		err = file_read_secret(&pem, path, PEM_MAX_BYTES, why);
	if (err != 0)
		return err;
	err = key_from_pem(&key, blob_bytes(&pem));
	if (err != 0)
		return reason_set(why, -ERR_CORRUPT,
		    "%s: not a sound P-256 private key", path);
	if (X509_check_private_key(cert, key_pkey(key)) != 1) {
		ERR_clear_error();
		return reason_set(why, -ERR_CORRUPT,
		    "%s: this key is not that of its certificate", path);
	}
	*out = STEAL(key);
	return 0;
}

static int
check_validity(
    const char *role, const struct cert_info *info, struct reason *why)
{
	char text[RFC3339_LEN];
	int64_t now = clock_now();

	if (now >= info->not_before && now <= info->not_after)
		return 0;
	if (now < info->not_before) {
		rfc3339_format(text, info->not_before);
		return reason_set(why, -ERR_REFUSED,
		    "the %s CA is not valid before %s: is the clock right?",
		    role, text);
	}
	rfc3339_format(text, info->not_after);
	return reason_set(
	    why, -ERR_REFUSED, "the %s CA expired at %s", role, text);
}

static int
check_chain(const struct authority *authority, struct reason *why)
{
	struct trust *trust CLEANUP(trust_freep) = NULL;
	struct cert_list certs CLEANUP(cert_list_fini) = {0};
	struct reason detail = {""};
	int err = cert_list_add(&certs, blob_bytes(&authority->root));

	if (err == 0)
		err = cert_list_add(&certs, blob_bytes(&authority->issuing));
	if (err == 0)
		err = trust_from_certs(&trust, &certs, &detail);
	if (err != 0)
		return reason_set(why, -ERR_CORRUPT,
		    "the issuing CA does not chain to the root: %s",
		    detail.text);
	if (!bytes_equal(trust_root(trust), blob_bytes(&authority->root)))
		return reason_set(why, -ERR_CORRUPT, "%s is not the root of %s",
		    CA_ROOT_CERT, CA_ISSUING_CERT);
	return 0;
}

static int
load_certs(struct authority *authority, const char *dir, struct reason *why)
{
	AUTOFREE struct cert_info *info = calloc(1, sizeof(*info));
	int err;

	if (info == NULL)
		return reason_set(why, -ERR_NOMEM, "out of memory");
	err = read_cert(&authority->root, dir, CA_ROOT_CERT, why);
	if (err == 0)
		err = read_cert(&authority->issuing, dir, CA_ISSUING_CERT, why);
	if (err == 0)
		err = check_chain(authority, why);
	if (err == 0)
		err = cert_parse(info, blob_bytes(&authority->root), why);
	if (err == 0)
		err = check_validity("root", info, why);
	if (err == 0)
		err = cert_parse(info, blob_bytes(&authority->issuing), why);
	if (err == 0)
		err = check_validity("issuing", info, why);
	authority->not_before = info->not_before;
	authority->not_after = info->not_after;
	return err;
}

static int
load_keys(struct authority *authority, const char *dir, struct reason *why)
{
	X509 *root CLEANUP(x509_freep) = NULL;
	struct key *root_key CLEANUP(key_freep) = NULL;
	int err = x509_parse(&root, blob_bytes(&authority->root), why);

	if (err == 0)
		err = x509_parse(&authority->issuing_cert,
		    blob_bytes(&authority->issuing), why);
	if (err == 0)
		err = read_key(&root_key, dir, CA_ROOT_KEY, root, why);
	if (err == 0)
		err = read_key(&authority->issuing_key, dir, CA_ISSUING_KEY,
		    authority->issuing_cert, why);
	if (err == 0)
		err = build_sign_ready(
		    &authority->ready, key_pkey(authority->issuing_key));
	return err;
}

/* server.name may lie outside the constraints, when its certificate is another
 * CA's: what is issued is held against them each time. */
static int
load_names(
    struct authority *authority, const char *server_name, struct reason *why)
{
	if (domain_normalize(authority->server_name, server_name) != 0)
		return reason_set(
		    why, -ERR_INVALID, "server.name is not a domain name");
	return constraints_from_cert(
	    &authority->constraints, blob_bytes(&authority->root), why);
}

int
authority_load(struct authority **out, const char *ca_dir,
    const char *server_name, struct reason *why)
{
	struct authority *authority CLEANUP(authority_freep) =
	    calloc(1, sizeof(*authority));
	int err;

	if (authority != NULL)
		authority->blanks = calloc(1, sizeof(*authority->blanks));
	if (authority == NULL || authority->blanks == NULL)
		return reason_set(why, -ERR_NOMEM, "out of memory");
	err = load_certs(authority, ca_dir, why);
	if (err == 0)
		err = load_keys(authority, ca_dir, why);
	if (err == 0)
		err = load_names(authority, server_name, why);
	if (err == 0)
		*out = STEAL(authority);
	return err;
}

void
authority_free(struct authority *authority)
{
	if (authority == NULL)
		return;
	blob_fini(&authority->root);
	blob_fini(&authority->issuing);
	X509_free(authority->issuing_cert);
	EVP_MD_CTX_free(authority->ready);
	key_free(authority->issuing_key);
	for (size_t i = 0;
	     authority->blanks != NULL && i < AUTHORITY_BLANKS_MAX; i++)
		X509_free(atomic_load(&authority->blanks->of[i]));
	free(authority->blanks);
	free(authority);
}
