#include "ca/authority_sign.h"

#include <string.h>

#include <openssl/err.h>

#include "base/addr.h"
#include "base/str.h"
#include "ca/build.h"
#include "ca/csr_openssl.h"
#include "ca/key_openssl.h"
#include "ca/openssl_util.h"

#define SECONDS_A_DAY 86400
/* For endpoints whose clock is a little slow. */
#define BACKDATE_S 300
#define EKU_MAX 3
/* Usages, extended usages, basic constraints, the issuer's key. */
#define BLANK_EXTENSIONS 4

DEFINE_CLEANUP(pubkey_freep, X509_PUBKEY, X509_PUBKEY_free)

struct validity {
	int64_t not_before, not_after;
};

/* The struct may have come from another process: every text ends, every name is
 * in the form that names_add() gives. */
static int
check_form(const struct signer_request *request, struct reason *why)
{
	AUTOFREE struct names *again = calloc(1, sizeof(*again));

	if (again == NULL)
		return reason_set(why, -ERR_NOMEM, "out of memory");
	if (request->csr_len > sizeof(request->csr) ||
	    request->names.n > NAMES_MAX ||
	    memchr(request->common_name, '\0', sizeof(request->common_name)) ==
		NULL ||
	    memchr(request->serial_number, '\0',
		sizeof(request->serial_number)) == NULL)
		return reason_set(
		    why, -ERR_INVALID, "signer: malformed request");
	for (size_t i = 0; i < request->names.n; i++) {
		const struct name *name = &request->names.items[i];

		if (memchr(name->text, '\0', sizeof(name->text)) == NULL ||
		    names_add(again, name->type, name->text) != 0 ||
		    again->n != i + 1 ||
		    strcmp(again->items[i].text, name->text) != 0)
			return reason_set(
			    why, -ERR_INVALID, "signer: malformed name");
	}
	return 0;
}

static int
check_client_name(const struct authority *authority,
    const struct signer_request *request, struct reason *why)
{
	const char *cn = request->common_name;

	if (ascii_equal_nocase(cn, authority->server_name))
		return reason_set(why, -ERR_REFUSED,
		    "common name %s is server.name, reserved for the appliance",
		    cn);
	if (cn[0] == '\0' && request->serial_number[0] == '\0' &&
	    request->names.n == 0)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 5280 4.1.2.6: neither a subject nor a name");
	return 0;
}

/* A subject that reads as an address of somebody else would fool a client that
 * still looks there; what is no server's certificate may name a user. */
static int
check_common_name(const struct authority *authority,
    const struct profile *profile, const struct signer_request *request,
    struct reason *why)
{
	const char *cn = request->common_name;
	struct ip_addr ip;

	if (strlen(cn) > COMMON_NAME_MAX)
		return reason_set(why, -ERR_REFUSED,
		    "common name is longer than %d characters",
		    COMMON_NAME_MAX);
	if (!str_is_printable(cn))
		return reason_set(
		    why, -ERR_REFUSED, "common name is not printable ASCII");
	if (!profile->server_auth)
		return check_client_name(authority, request, why);
	if (ip_parse(&ip, cn) == 0 ||
	    (strchr(cn, '.') != NULL && strchr(cn, ' ') == NULL &&
		!names_has(&request->names, NAME_DNS, cn)))
		return reason_set(why, -ERR_REFUSED,
		    "common name %s is not among the certificate's DNS names",
		    cn);
	return 0;
}

/* [RFC8995 2.3.1] A device's certificate tells which device it is, by the
 * serial number that its IDevID has; nobody else's has one. */
static int
check_serial_number(const struct profile *profile,
    const struct signer_request *request, struct reason *why)
{
	const char *serial_number = request->serial_number;

	if (profile->id != PROFILE_DEVICE)
		return serial_number[0] == '\0'
			   ? 0
			   : reason_set(why, -ERR_REFUSED,
				 "profile %s has no serialNumber in its "
				 "subject",
				 profile->name);
	if (serial_number[0] == '\0' || !str_is_printable(serial_number))
		return reason_set(why, -ERR_REFUSED,
		    "profile device: a serialNumber of printable ASCII is "
		    "needed");
	return 0;
}

static int
check_names(const struct authority *authority, const struct profile *profile,
    const struct signer_request *request, struct reason *why)
{
	int err = check_common_name(authority, profile, request, why);

	if (err == 0)
		err = check_serial_number(profile, request, why);
	if (err == 0)
		err = profile_check_names(
		    profile, &request->names, authority->server_name, why);
	if (err == 0)
		err = constraints_check(
		    &authority->constraints, &request->names, why);
	return err;
}

static int
choose_validity(struct validity *out, const struct authority *authority,
    const struct profile *profile, const struct signer_request *request,
    struct reason *why)
{
	int64_t start = request->not_before;
	int32_t days = request->valid_days;

	if (days == 0)
		days = profile->default_days;
	if (days < 0 || days > profile->max_days)
		return reason_set(why, -ERR_REFUSED,
		    "profile %s: a validity of 1 to %d days, not %d",
		    profile->name, profile->max_days, days);
	if (start < authority->not_before || start >= authority->not_after)
		return reason_set(why, -ERR_REFUSED,
		    "the certificate would begin outside the validity of the "
		    "issuing CA");
	out->not_before = start - BACKDATE_S;
	if (out->not_before < authority->not_before)
		out->not_before = authority->not_before;
	out->not_after = start + (int64_t)days * SECONDS_A_DAY;
	if (out->not_after > authority->not_after)
		out->not_after = authority->not_after;
	return 0;
}

static int
add_to_subject(X509 *cert, int nid, int type, const char *text)
{
	if (text[0] == '\0')
		return 0;
	if (X509_NAME_add_entry_by_NID(X509_get_subject_name(cert), nid, type,
		(const uint8_t *)text, -1, -1, 0) != 1)
		return crypto_failed(NULL, "set subject");
	return 0;
}

static int
set_subject(X509 *cert, const struct signer_request *request)
{
	const char *serial_number = request->serial_number;
	bool printable = ASN1_PRINTABLE_type((const uint8_t *)serial_number,
			     -1) == V_ASN1_PRINTABLESTRING;
	int err = add_to_subject(
	    cert, NID_commonName, MBSTRING_UTF8, request->common_name);

	/* [RFC5280 appendix A.1] A PrintableString. Manufacturers also use
	 * characters that it does not have. */
	if (err == 0)
		err = add_to_subject(cert, NID_serialNumber,
		    printable ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING,
		    serial_number);
	return err;
}

static int
add_usages(X509 *cert, const struct profile *profile)
{
	int nids[EKU_MAX];
	size_t n = 0;
	int err = build_basic_constraints(cert, -1);

	if (err == 0)
		err = build_key_usage(cert, KU_DIGITAL_SIGNATURE);
	if (err != 0)
		return err;
	if (profile->server_auth)
		nids[n++] = NID_server_auth;
	if (profile->client_auth)
		nids[n++] = NID_client_auth;
	if (profile->cmc_ra)
		nids[n++] = NID_cmcRA;
	return build_ext_key_usage(cert, nids, n);
}

/* What all certificates of the profile have in common. */
static int
make_blank(X509 **out, const struct authority *authority,
    const struct profile *profile, const struct validity *validity)
{
	X509 *cert CLEANUP(x509_freep) = NULL;
	X509 *ca = authority->issuing_cert;
	int err = build_start(&cert, validity->not_before, validity->not_after);

	if (err == 0 &&
	    X509_set_issuer_name(cert, X509_get_subject_name(ca)) != 1)
		err = crypto_failed(NULL, "set issuer");
	if (err == 0)
		err = add_usages(cert, profile);
	if (err == 0)
		err = build_authority_key_id(cert, ca);
	if (err == 0)
		*out = STEAL(cert);
	return err;
}

/* All that the next one has of its own, whatever was there before. */
static int
fill_blank(X509 *cert, const struct signer_request *request, X509_PUBKEY *key,
    const struct validity *validity)
{
	int err = build_next(
	    cert, BLANK_EXTENSIONS, validity->not_before, validity->not_after);

	if (err == 0)
		err = set_subject(cert, request);
	if (err == 0)
		err = build_public_key(cert, key);
	if (err == 0 && request->names.n != 0)
		err = build_alt_names(cert, &request->names);
	if (err == 0)
		err = build_subject_key_id(cert);
	return err;
}

/* One that failed half way is not used again. */
static int
make_cert(struct blob *out, const struct authority *authority,
    const struct profile *profile, const struct signer_request *request,
    X509_PUBKEY *key, const struct validity *validity)
{
	_Atomic(X509 *) *spare = &authority->blanks->of[profile->id];
	X509 *cert CLEANUP(x509_freep) = atomic_exchange(spare, NULL);
	bool is_new = cert == NULL;
	int err = is_new ? make_blank(&cert, authority, profile, validity) : 0;

	if (err == 0)
		err = fill_blank(cert, request, key, validity);
	if (err == 0)
		err = is_new ? build_sign(
				   out, cert, key_pkey(authority->issuing_key))
			     : build_sign_again(out, cert, authority->ready);
	if (err == 0)
		X509_free(atomic_exchange(spare, STEAL(cert)));
	return err;
}

/* A key that is weak, or not proved to be the requester's, is the request's own
 * fault, not a matter of who may have what. */
static int
read_key(
    X509_PUBKEY **out, const struct signer_request *request, struct reason *why)
{
	int err = csr_proved_key(
	    out, (struct bytes){request->csr, request->csr_len}, why);

	return err == -ERR_REFUSED ? -ERR_INVALID : err;
}

int
authority_sign(struct blob *cert_der, const struct authority *authority,
    const struct signer_request *request, struct reason *why)
{
	const struct profile *profile = profile_get(request->profile);
	X509_PUBKEY *key CLEANUP(pubkey_freep) = NULL;
	struct validity validity = {0};
	int err;

	if (profile == NULL)
		return reason_set(
		    why, -ERR_INVALID, "unknown certificate profile");
	err = check_form(request, why);
	if (err == 0)
		err = check_names(authority, profile, request, why);
	if (err == 0)
		err = choose_validity(
		    &validity, authority, profile, request, why);
	if (err == 0)
		err = read_key(&key, request, why);
	if (err != 0)
		return err;
	err = make_cert(cert_der, authority, profile, request, key, &validity);
	if (err != 0)
		reason_set(why, err, "signer: %s", err_text(err));
	return err;
}
