#include "ca/trust.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/sha.h>

#include "ca/constraints_openssl.h"
#include "ca/openssl_util.h"

#define CHAIN_DEPTH_MAX 8
#define AUTH_LEVEL 2 /* 112 bits: RSA 2048, SHA-2 */

struct trust {
	struct blob root;
	STACK_OF(X509) * intermediates; /* of /cacerts: not self-signed */
	X509_STORE *store;              /* the root alone, or the system's */
	struct constraints constraints;
};

static void
certs_freep(STACK_OF(X509) * *certs)
{
	sk_X509_pop_free(*certs, X509_free);
}

DEFINE_CLEANUP(trust_freep, struct trust, trust_free)
DEFINE_CLEANUP(store_ctx_freep, X509_STORE_CTX, X509_STORE_CTX_free)

static int
add_certs(
    STACK_OF(X509) * out, const struct cert_list *certs, struct reason *why)
{
	for (size_t i = 0; i < certs->n; i++) {
		X509 *cert = NULL;
		int err = x509_parse(&cert, blob_bytes(&certs->items[i]), why);

		if (err != 0)
			return err;
		if (sk_X509_push(out, cert) <= 0) {
			X509_free(cert);
			return reason_set(why, -ERR_NOMEM, "out of memory");
		}
	}
	return 0;
}

static int
check_all_are_cas(STACK_OF(X509) * certs, struct reason *why)
{
	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509 *cert = sk_X509_value(certs, i);

		if (X509_check_ca(cert) != 1 ||
		    (X509_get_extension_flags(cert) & EXFLAG_INVALID) != 0) {
			ERR_clear_error();
			return reason_set(why, -ERR_REFUSED,
			    "RFC 7030 4.1.3: certificate %d of /cacerts is not "
			    "a CA certificate",
			    i + 1);
		}
	}
	return 0;
}

static bool
is_self_signed(X509 *cert)
{
	bool yes = X509_self_signed(cert, 1) == 1;

	ERR_clear_error();
	return yes;
}

/* [RFC7030 4.1.3] the self-signed certificate with the latest notAfter; NULL if
 * there is none. */
static X509 *
find_root(STACK_OF(X509) * certs)
{
	X509 *root = NULL;

	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509 *cert = sk_X509_value(certs, i);

		if (is_self_signed(cert) &&
		    (root == NULL || ASN1_TIME_compare(X509_get0_notAfter(cert),
					 X509_get0_notAfter(root)) > 0))
			root = cert;
	}
	return root;
}

struct verification {
	X509 *leaf;
	STACK_OF(X509) * untrusted;
	int purpose;
	unsigned long flags;
	int64_t now;
};

/* RFC 5280 6.1 with the root as the only anchor; *chain is valid as long as
 * ctx. */
static int
verify(STACK_OF(X509) * *chain, X509_STORE_CTX *ctx, const struct trust *trust,
    const struct verification *v, struct reason *why)
{
	X509_VERIFY_PARAM *param;
	int depth, code;

	if (X509_STORE_CTX_init(ctx, trust->store, v->leaf, v->untrusted) != 1)
		return crypto_failed(why, "start path validation");
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_depth(param, CHAIN_DEPTH_MAX);
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	if (X509_VERIFY_PARAM_set_flags(
		param, X509_V_FLAG_X509_STRICT | v->flags) != 1 ||
	    X509_VERIFY_PARAM_set_purpose(param, v->purpose) != 1)
		return crypto_failed(why, "start path validation");
	if ((v->flags & X509_V_FLAG_NO_CHECK_TIME) == 0)
		X509_VERIFY_PARAM_set_time(param, v->now);
	if (X509_verify_cert(ctx) != 1) {
		code = X509_STORE_CTX_get_error(ctx);
		depth = X509_STORE_CTX_get_error_depth(ctx);
		ERR_clear_error();
		return reason_set(why, -ERR_REFUSED,
		    "RFC 5280 6.1: path validation failed: %s (at depth %d)",
		    X509_verify_cert_error_string(code), depth);
	}
	*chain = X509_STORE_CTX_get0_chain(ctx);
	return 0;
}

/* Whatever the time is: old and new certificates may stand side by side, and
 * the clock of an endpoint without network may be wrong. */
static int
check_chains(const struct trust *trust, X509 *cert, struct reason *why)
{
	X509_STORE_CTX *ctx CLEANUP(store_ctx_freep) = X509_STORE_CTX_new();
	STACK_OF(X509) * chain;
	struct verification v = {.leaf = cert,
	    .untrusted = trust->intermediates,
	    .purpose = X509_PURPOSE_ANY,
	    .flags = X509_V_FLAG_NO_CHECK_TIME};

	if (ctx == NULL)
		return reason_set(why, -ERR_NOMEM, "out of memory");
	return verify(&chain, ctx, trust, &v, why);
}

static bool
same_key(const X509 *a, const X509 *b)
{
	return EVP_PKEY_eq(X509_get0_pubkey(a), X509_get0_pubkey(b)) == 1;
}

/* RFC 4210 4.4: of the certificates of a rollover, OldWithOld and NewWithOld
 * end at the old root; another certificate that does chain (OldWithNew,
 * NewWithNew) says the same of the same name and key. */
static bool
is_vouched_for(
    const struct trust *trust, STACK_OF(X509) * certs, const X509 *old)
{
	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509 *cert = sk_X509_value(certs, i);

		if (cert != old &&
		    X509_NAME_cmp(X509_get_subject_name(cert),
			X509_get_subject_name(old)) == 0 &&
		    same_key(cert, old) && check_chains(trust, cert, NULL) == 0)
			return true;
	}
	return false;
}

static int
check_all_chain(
    const struct trust *trust, STACK_OF(X509) * certs, struct reason *why)
{
	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509 *cert = sk_X509_value(certs, i);
		struct reason detail = {""};

		if (check_chains(trust, cert, &detail) == 0 ||
		    is_vouched_for(trust, certs, cert))
			continue;
		return reason_set(why, -ERR_REFUSED,
		    "certificate %d of /cacerts does not chain to the root: "
		    "%.160s",
		    i + 1, detail.text);
	}
	return 0;
}

static int
set_root(struct trust *trust, STACK_OF(X509) * certs, struct reason *why)
{
	X509 *root = find_root(certs);
	int err;

	if (root == NULL)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 7030 4.1.3: /cacerts has no self-signed CA "
		    "certificate");
	err = x509_to_der(&trust->root, root);
	if (err == 0)
		err = constraints_from_cert(
		    &trust->constraints, blob_bytes(&trust->root), why);
	if (err != 0)
		return err;
	trust->store = X509_STORE_new();
	if (trust->store == NULL ||
	    X509_STORE_add_cert(trust->store, root) != 1)
		return crypto_failed(why, "set trust anchor");
	return 0;
}

/* Without the self-signed ones: an old root among them would be a dead end
 * where path building does not turn round. */
static int
set_intermediates(
    struct trust *trust, STACK_OF(X509) * certs, struct reason *why)
{
	trust->intermediates = sk_X509_new_null();
	if (trust->intermediates == NULL)
		return reason_set(why, -ERR_NOMEM, "out of memory");
	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509 *cert = sk_X509_value(certs, i);

		if (is_self_signed(cert))
			continue;
		if (X509_add_cert(
			trust->intermediates, cert, X509_ADD_FLAG_UP_REF) != 1)
			return crypto_failed(why, "set intermediates");
	}
	return 0;
}

int
trust_from_certs(
    struct trust **out, const struct cert_list *certs, struct reason *why)
{
	struct trust *trust CLEANUP(trust_freep) = calloc(1, sizeof(*trust));
	STACK_OF(X509) * all CLEANUP(certs_freep) = sk_X509_new_null();
	int err;

	if (trust == NULL || all == NULL)
		return reason_set(why, -ERR_NOMEM, "out of memory");
	err = add_certs(all, certs, why);
	if (err == 0)
		err = check_all_are_cas(all, why);
	if (err == 0)
		err = set_root(trust, all, why);
	if (err == 0)
		err = set_intermediates(trust, all, why);
	if (err == 0)
		err = check_all_chain(trust, all, why);
	if (err == 0)
		*out = STEAL(trust);
	return err;
}

/* Those of certs that are CA certificates and not self-signed, in *out. */
static int
pick_intermediates(
    STACK_OF(X509) * out, STACK_OF(X509) * certs, struct reason *why)
{
	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509 *cert = sk_X509_value(certs, i);

		if (X509_check_ca(cert) != 1 ||
		    (X509_get_extension_flags(cert) & EXFLAG_INVALID) != 0 ||
		    is_self_signed(cert))
			continue;
		if (X509_add_cert(out, cert,
			X509_ADD_FLAG_UP_REF | X509_ADD_FLAG_NO_DUP) != 1)
			return crypto_failed(why, "set intermediates");
	}
	ERR_clear_error();
	return 0;
}

/* Leaves out what leads nowhere, such as the CA of a network whose root the
 * system does not know. */
static void
drop_strays(struct trust *trust)
{
	for (int i = sk_X509_num(trust->intermediates) - 1; i >= 0; i--) {
		X509 *cert = sk_X509_value(trust->intermediates, i);

		if (check_chains(trust, cert, NULL) != 0)
			X509_free(sk_X509_delete(trust->intermediates, i));
	}
}

int
trust_from_system(
    struct trust **out, const struct cert_list *more, struct reason *why)
{
	struct trust *trust CLEANUP(trust_freep) = calloc(1, sizeof(*trust));
	STACK_OF(X509) * all CLEANUP(certs_freep) = sk_X509_new_null();
	int err = 0;

	if (trust == NULL || all == NULL)
		return reason_set(why, -ERR_NOMEM, "out of memory");
	trust->store = X509_STORE_new();
	trust->intermediates = sk_X509_new_null();
	if (trust->store == NULL || trust->intermediates == NULL ||
	    X509_STORE_set_default_paths(trust->store) != 1)
		return crypto_failed(why, "open the system's trust store");
	if (more != NULL)
		err = add_certs(all, more, why);
	if (err == 0)
		err = pick_intermediates(trust->intermediates, all, why);
	if (err != 0)
		return err;
	drop_strays(trust);
	*out = STEAL(trust);
	return 0;
}

int
trust_intermediates(struct cert_list *out, const struct trust *trust)
{
	int err = 0;

	for (int i = 0; err == 0 && i < sk_X509_num(trust->intermediates);
	     i++) {
		struct blob der = {0};

		err = x509_to_der(&der, sk_X509_value(trust->intermediates, i));
		if (err == 0)
			err = cert_list_add(out, blob_bytes(&der));
		blob_fini(&der);
	}
	return err;
}

void
trust_free(struct trust *trust)
{
	if (trust == NULL)
		return;
	blob_fini(&trust->root);
	sk_X509_pop_free(trust->intermediates, X509_free);
	X509_STORE_free(trust->store);
	free(trust);
}

struct bytes
trust_root(const struct trust *trust)
{
	return blob_bytes(&trust->root);
}

void
trust_root_sha256(const struct trust *trust, uint8_t out[32])
{
	SHA256(trust->root.data, trust->root.len, out);
}

const struct constraints *
trust_constraints(const struct trust *trust)
{
	return &trust->constraints;
}

static bool
same_name_and_key(const X509 *a, const X509 *b)
{
	return X509_NAME_cmp(
		   X509_get_subject_name(a), X509_get_subject_name(b)) == 0 &&
	       same_key(a, b);
}

/* True if cert says the name and key of root, and this trust believes it. */
static bool
speaks_for(const struct trust *trust, X509 *cert, const X509 *root, int64_t now)
{
	X509_STORE_CTX *ctx CLEANUP(store_ctx_freep) = X509_STORE_CTX_new();
	STACK_OF(X509) * chain;
	struct verification v = {.leaf = cert,
	    .untrusted = trust->intermediates,
	    .purpose = X509_PURPOSE_ANY,
	    .now = now};

	return ctx != NULL && same_name_and_key(cert, root) &&
	       verify(&chain, ctx, trust, &v, NULL) == 0;
}

int
trust_check_successor(const struct trust *trust, const struct trust *successor,
    const struct cert_list *certs, int64_t now, struct reason *why)
{
	X509 *known CLEANUP(x509_freep) = NULL;
	X509 *root CLEANUP(x509_freep) = NULL;
	STACK_OF(X509) * all CLEANUP(certs_freep) = sk_X509_new_null();
	int err = x509_parse(&known, trust_root(trust), why);

	if (err == 0)
		err = x509_parse(&root, trust_root(successor), why);
	if (err == 0 && all == NULL)
		err = reason_set(why, -ERR_NOMEM, "out of memory");
	if (err == 0)
		err = add_certs(all, certs, why);
	if (err != 0)
		return err;
	if (same_name_and_key(known, root))
		return 0;
	for (int i = 0; i < sk_X509_num(all); i++)
		if (speaks_for(trust, sk_X509_value(all, i), root, now))
			return 0;
	return reason_set(why, -ERR_REFUSED,
	    "RFC 4210 4.4: no certificate of the new root is signed by the "
	    "known one");
}

static int
check_leaf(const struct cert_info *info, bool server, struct reason *why)
{
	if (info->is_ca)
		return reason_set(why, -ERR_REFUSED,
		    "a CA certificate is not a %s's certificate",
		    server ? "server" : "client");
	if (!(server ? info->server_auth : info->client_auth))
		return reason_set(why, -ERR_REFUSED,
		    "RFC 5280 4.2.1.12: the certificate's extended key usage "
		    "lacks %s",
		    server ? "serverAuth" : "clientAuth");
	return 0;
}

static int
check_srv_ids(
    STACK_OF(X509) * chain, const struct names *names, struct reason *why)
{
	for (int i = 1; i < sk_X509_num(chain); i++) {
		int err =
		    constraints_check_srv(sk_X509_value(chain, i), names, why);

		if (err != 0)
			return err;
	}
	return 0;
}

/* The intermediates of /cacerts and whatever the peer sent. */
static int
collect_untrusted(STACK_OF(X509) * *out, const struct trust *trust,
    const struct cert_list *more, struct reason *why)
{
	STACK_OF(X509) * certs CLEANUP(certs_freep) =
	    X509_chain_up_ref(trust->intermediates);
	int err = 0;

	if (certs == NULL)
		return reason_set(why, -ERR_NOMEM, "out of memory");
	if (more != NULL)
		err = add_certs(certs, more, why);
	if (err == 0)
		*out = STEAL(certs);
	return err;
}

static int
verify_path(const struct trust *trust, const struct verification *v,
    const struct names *names, struct reason *why)
{
	X509_STORE_CTX *ctx CLEANUP(store_ctx_freep) = X509_STORE_CTX_new();
	STACK_OF(X509) * chain;
	int err;

	if (ctx == NULL)
		return reason_set(why, -ERR_NOMEM, "out of memory");
	err = verify(&chain, ctx, trust, v, why);
	return err != 0 ? err : check_srv_ids(chain, names, why);
}

static int
verify_leaf(const struct trust *trust, struct bytes leaf,
    const struct cert_list *untrusted, bool server, int64_t now,
    struct reason *why)
{
	AUTOFREE struct cert_info *info = calloc(1, sizeof(*info));
	X509 *cert CLEANUP(x509_freep) = NULL;
	STACK_OF(X509) * more CLEANUP(certs_freep) = NULL;
	struct verification v = {.purpose = server ? X509_PURPOSE_SSL_SERVER
						   : X509_PURPOSE_SSL_CLIENT,
	    .now = now};
	int err;

	if (info == NULL)
		return reason_set(why, -ERR_NOMEM, "out of memory");
	err = cert_parse(info, leaf, why);
	if (err == 0)
		err = check_leaf(info, server, why);
	if (err == 0)
		err = x509_parse(&cert, leaf, why);
	if (err == 0)
		err = collect_untrusted(&more, trust, untrusted, why);
	if (err != 0)
		return err;
	v.leaf = cert;
	v.untrusted = more;
	return verify_path(trust, &v, &info->names, why);
}

int
trust_verify_server(const struct trust *trust, struct bytes leaf,
    const struct cert_list *untrusted, int64_t now, struct reason *why)
{
	return verify_leaf(trust, leaf, untrusted, true, now, why);
}

int
trust_verify_client(const struct trust *trust, struct bytes leaf, int64_t now,
    struct reason *why)
{
	return verify_leaf(trust, leaf, NULL, false, now, why);
}
