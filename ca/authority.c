#include "ca/authority.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "ca/build.h"
#include "ca/cert.h"
#include "ca/constraints_openssl.h"
#include "ca/key_openssl.h"
#include "ca/openssl_util.h"

#define ORGANIZATION "Estuary"
#define COMMON_NAME_MAX 64 /* ub-common-name, RFC 5280 appendix A.1 */
#define SECONDS_A_DAY 86400
/* For endpoints whose clock is slow when the CA is new. */
#define BACKDATE_S 3600

#define KEY_MODE 0400
#define CERT_MODE 0444

DEFINE_CLEANUP(key_freep, struct key, key_free)
DEFINE_CLEANUP(constraints_freep, NAME_CONSTRAINTS, NAME_CONSTRAINTS_free)

struct ca_validity {
	int64_t not_before, not_after;
};

static int
set_subject(X509 *cert, const char *role, const char *domain)
{
	X509_NAME *name = X509_get_subject_name(cert);
	char text[COMMON_NAME_MAX + 1];
	int n;

	n = snprintf(text, sizeof(text), "%s %s", role, domain);
	if (n < 0 ||
	    X509_NAME_add_entry_by_NID(name, NID_organizationName, MBSTRING_ASC,
		(const uint8_t *)ORGANIZATION, -1, -1, 0) != 1 ||
	    X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC,
		(const uint8_t *)text, -1, -1, 0) != 1)
		return crypto_failed(NULL, "name the CA");
	return 0;
}

/* What root and issuing CA have in common; issuer NULL: self-signed. */
static int
start_ca(X509 **out, const char *role, const char *domain,
    const struct ca_validity *validity, const struct key *key, X509 *issuer)
{
	X509 *cert CLEANUP(x509_freep) = NULL;
	int err = build_start(&cert, validity->not_before, validity->not_after);

	if (err == 0)
		err = set_subject(cert, role, domain);
	if (err != 0)
		return err;
	if (X509_set_issuer_name(cert,
		X509_get_subject_name(issuer != NULL ? issuer : cert)) != 1 ||
	    X509_set_pubkey(cert, key_pkey(key)) != 1)
		return crypto_failed(NULL, "make CA certificate");
	err = build_key_usage(cert, KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	if (err == 0)
		err = build_key_ids(cert, issuer);
	if (err == 0)
		*out = STEAL(cert);
	return err;
}

static int
add_constraints(X509 *cert, const struct constraints *constraints)
{
	NAME_CONSTRAINTS *nc CLEANUP(constraints_freep) = NULL;
	int err;

	if (constraints->n_domains == 0 && constraints->n_prefixes == 0)
		return 0;
	err = constraints_to_openssl(&nc, constraints);
	/* [RFC5280 4.2.1.10] MUST be critical */
	return err != 0
		   ? err
		   : build_ext(cert, NID_name_constraints, nc, EXT_CRITICAL);
}

static int
make_root(X509 **out, struct blob *der, const struct authority_params *params,
    const struct ca_validity *validity, const struct key *key)
{
	X509 *cert CLEANUP(x509_freep) = NULL;
	int err = start_ca(
	    &cert, "Estuary Root", params->domain, validity, key, NULL);

	if (err == 0)
		err = build_basic_constraints(cert, 1);
	if (err == 0)
		err = add_constraints(cert, &params->constraints);
	if (err == 0)
		err = build_sign(der, cert, key_pkey(key));
	if (err == 0)
		*out = STEAL(cert);
	return err;
}

static int
make_issuing(struct blob *der, const struct authority_params *params,
    const struct ca_validity *validity, const struct key *key, X509 *root,
    const struct key *root_key)
{
	static const int usages[] = {
	    NID_server_auth, NID_client_auth, NID_cmcRA, NID_OCSP_sign};
	X509 *cert CLEANUP(x509_freep) = NULL;
	int err = start_ca(
	    &cert, "Estuary Issuing", params->domain, validity, key, root);

	if (err == 0)
		err = build_basic_constraints(cert, 0);
	if (err == 0)
		err = build_ext_key_usage(cert, usages, ARRAY_LEN(usages));
	return err != 0 ? err : build_sign(der, cert, key_pkey(root_key));
}

static int
write_file(const char *dir, const char *file, struct bytes content, mode_t mode)
{
	char path[PATH_MAX];
	int err = str_format(path, sizeof(path), "%s/%s", dir, file);

	return err != 0 ? err : file_write(path, content, mode);
}

static int
write_key(const char *dir, const char *file, const struct key *key)
{
	struct blob pem CLEANUP(key_pem_fini) = {0};
	int err = key_to_pem(&pem, key);

	return err != 0 ? err
			: write_file(dir, file, blob_bytes(&pem), KEY_MODE);
}

static int
write_cert(const char *dir, const char *file, const struct blob *der)
{
	struct buf pem CLEANUP(buf_fini) = {0};
	int err = cert_to_pem(&pem, blob_bytes(der));

	if (err != 0)
		return err;
	return write_file(dir, file,
	    (struct bytes){(const uint8_t *)pem.data, pem.len}, CERT_MODE);
}

/* Makes everything in dir, which exists and is empty. */
static int
fill(const char *dir, const struct authority_params *params)
{
	struct key *root_key CLEANUP(key_freep) = NULL;
	struct key *issuing_key CLEANUP(key_freep) = NULL;
	struct blob root_der CLEANUP(blob_fini) = {0};
	struct blob issuing_der CLEANUP(blob_fini) = {0};
	X509 *root CLEANUP(x509_freep) = NULL;
	int64_t now = clock_now(), start = now - BACKDATE_S;
	int32_t days = params->issuing_days < params->root_days
			   ? params->issuing_days
			   : params->root_days;
	struct ca_validity root_time = {
	    start, now + (int64_t)params->root_days * SECONDS_A_DAY};
	struct ca_validity issuing_time = {
	    start, now + (int64_t)days * SECONDS_A_DAY};
	int err = key_generate(&root_key);

	if (err == 0)
		err = key_generate(&issuing_key);
	if (err == 0)
		err = make_root(&root, &root_der, params, &root_time, root_key);
	if (err == 0)
		err = make_issuing(&issuing_der, params, &issuing_time,
		    issuing_key, root, root_key);
	if (err == 0)
		err = write_key(dir, CA_ROOT_KEY, root_key);
	if (err == 0)
		err = write_key(dir, CA_ISSUING_KEY, issuing_key);
	if (err == 0)
		err = write_cert(dir, CA_ROOT_CERT, &root_der);
	if (err == 0)
		err = write_cert(dir, CA_ISSUING_CERT, &issuing_der);
	return err;
}

/* Removes what a crash left behind: our files only, so that a directory with
 * anything else in it stays and is reported. */
static int
remove_leftover(const char *tmp, struct reason *why)
{
	static const char *const files[] = {
	    CA_ROOT_KEY, CA_ROOT_CERT, CA_ISSUING_KEY, CA_ISSUING_CERT};
	int fd = open(tmp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return reason_set(why, -ERR_IO, "%s: %s", tmp, strerror(errno));
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s.tmp", files[i]);
		unlinkat(fd, files[i], 0);
		unlinkat(fd, name, 0);
	}
	close(fd);
	if (rmdir(tmp) != 0)
		return reason_set(why, -ERR_IO,
		    "%s: cannot remove what an earlier start left: %s", tmp,
		    strerror(errno));
	return 0;
}

static int
sync_parent(const char *dir)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(dir, '/');

	if (slash == NULL)
		return dir_sync(".");
	if (slash == dir)
		return dir_sync("/");
	if (str_format(
		parent, sizeof(parent), "%.*s", (int)(slash - dir), dir) != 0)
		return -ERR_TOO_LARGE;
	return dir_sync(parent);
}

static int
check_params(const struct authority_params *params, struct reason *why)
{
	const struct constraints *c = &params->constraints;

	if (!domain_is_valid(params->domain))
		return reason_set(
		    why, -ERR_INVALID, "the CA's domain is not a domain name");
	if (params->root_days <= 0 || params->issuing_days <= 0)
		return reason_set(
		    why, -ERR_INVALID, "the CA's validity is not positive");
	if (c->n_domains > CONSTRAINTS_MAX || c->n_prefixes > CONSTRAINTS_MAX)
		return reason_set(
		    why, -ERR_TOO_LARGE, "too many name constraints");
	for (size_t i = 0; i < c->n_domains; i++)
		if (!domain_is_valid(c->domains[i]))
			return reason_set(why, -ERR_INVALID,
			    "a permitted domain is not a domain name");
	return 0;
}

static int
move_into_place(const char *tmp, const char *dir, struct reason *why)
{
	if (dir_sync(tmp) != 0 || rename(tmp, dir) != 0 ||
	    sync_parent(dir) != 0)
		return reason_set(
		    why, -ERR_IO, "%s: cannot put it in place", dir);
	return 0;
}

int
authority_create(
    const char *dir, const struct authority_params *params, struct reason *why)
{
	char tmp[PATH_MAX];
	int err = check_params(params, why);

	if (err != 0)
		return err;
	if (str_format(tmp, sizeof(tmp), "%s.tmp", dir) != 0)
		return reason_set(
		    why, -ERR_TOO_LARGE, "the CA's path is too long");
	if (file_exists(dir))
		return reason_set(why, -ERR_EXISTS, "%s: exists already", dir);
	err = remove_leftover(tmp, why);
	if (err != 0)
		return err;
	if (mkdir(tmp, 0700) != 0)
		return reason_set(why, -ERR_IO, "%s: %s", tmp, strerror(errno));
	err = fill(tmp, params);
	if (err != 0)
		reason_set(
		    why, err, "%s: cannot make the CA: %s", dir, err_text(err));
	if (err == 0)
		err = move_into_place(tmp, dir, why);
	if (err != 0)
		(void)!remove_leftover(tmp, NULL);
	return err;
}
