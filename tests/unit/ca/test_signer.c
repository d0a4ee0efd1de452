/* What is in the certificates that the signer issues. */
#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/clock.h"
#include "ca/der.h"
#include "ca/trust.h"
#include "tests/unit/ca/signer_support.h"

/* Issues and parses. */
static X509 *
issue(struct fixture *f, struct signer_request *request, struct cert_info *info)
{
	const uint8_t *p;
	X509 *cert;

	if (signer_issue(f->signer, request) != 0)
		fail_msg("%s", request->why.text);
	assert_int_equal(0, cert_parse(info, blob_bytes(&request->cert), NULL));
	p = request->cert.data;
	cert = d2i_X509(NULL, &p, (long)request->cert.len);
	assert_non_null(cert);
	return cert;
}

/* OpenSSL 3.0 prints two colons behind the name of an otherName's type, later
 * ones print one. */
static void
one_colon(char *text)
{
	static const char two[] = "SRVName::";
	char *at;

	while ((at = strstr(text, two)) != NULL) {
		at += strlen(two) - 1;
		memmove(at, at + 1, strlen(at));
	}
}

static void
has_ext(X509 *cert, int nid, bool critical, const char *text)
{
	int at = X509_get_ext_by_NID(cert, nid, -1);
	X509_EXTENSION *ext;
	BIO *bio = BIO_new(BIO_s_mem());
	char printed[1024] = "";

	assert_true(at >= 0);
	ext = X509_get_ext(cert, at);
	assert_int_equal(critical, X509_EXTENSION_get_critical(ext) != 0);
	assert_int_equal(1, X509V3_EXT_print(bio, ext, 0, 0));
	assert_true(BIO_read(bio, printed, sizeof(printed) - 1) > 0);
	one_colon(printed);
	if (strcmp(printed, text) != 0)
		fail_msg("%s is not %s", printed, text);
	BIO_free(bio);
}

static void
verify(struct fixture *f, const struct signer_request *request)
{
	struct cert_list cas = {0};
	struct trust *trust = NULL;
	struct reason why = {""};

	assert_int_equal(0, cert_list_add(&cas, signer_issuing(f->signer)));
	assert_int_equal(0, cert_list_add(&cas, signer_root(f->signer)));
	if (trust_from_certs(&trust, &cas, &why) != 0 ||
	    trust_verify_server(trust, blob_bytes(&request->cert), NULL,
		clock_now(), &why) != 0)
		fail_msg("%s", why.text);
	trust_free(trust);
	cert_list_fini(&cas);
}

static void
test_est_server(void **state)
{
	struct fixture *f = *state;
	struct signer_request *request =
	    craft_request(PROFILE_EST_SERVER, CRAFT_SERVER);
	struct cert_info info;
	X509 *cert;

	strcpy(request->common_name, CRAFT_SERVER);
	cert = issue(f, request, &info);
	assert_string_equal(CRAFT_SERVER, info.common_name);
	assert_true(names_equal(&request->names, &info.names));
	has_ext(cert, NID_ext_key_usage, false,
	    "TLS Web Server Authentication, CMC Registration Authority");
	has_ext(cert, NID_key_usage, true, "Digital Signature");
	has_ext(cert, NID_basic_constraints, true, "CA:FALSE");
	has_ext(cert, NID_subject_alt_name, false, "DNS:" CRAFT_SERVER);
	verify(f, request);
	X509_free(cert);
	request_free(request);
}

static void
test_dns_server(void **state)
{
	struct fixture *f = *state;
	struct signer_request *request =
	    craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	struct cert_info info;
	X509 *cert;

	assert_int_equal(
	    0, names_add_srv(&request->names, "domain-s", CRAFT_ADN));
	assert_int_equal(0, names_add_srv(&request->names, "doh", CRAFT_ADN));
	assert_int_equal(0, names_add(&request->names, NAME_IP, "10.9.8.7"));
	assert_int_equal(0, names_add(&request->names, NAME_IP, "fd00::7"));
	cert = issue(f, request, &info);
	assert_true(names_equal(&request->names, &info.names));
	has_ext(cert, NID_ext_key_usage, false,
	    "TLS Web Server Authentication, TLS Web Client Authentication");
	has_ext(cert, NID_key_usage, true, "Digital Signature");
	has_ext(cert, NID_basic_constraints, true, "CA:FALSE");
	/* [RFC5280 4.2.1.6] critical, since the subject is empty */
	has_ext(cert, NID_subject_alt_name, true,
	    "DNS:" CRAFT_ADN ", othername: SRVName:_domain-s." CRAFT_ADN
	    ", othername: SRVName:_doh." CRAFT_ADN
	    ", IP Address:10.9.8.7, IP Address:FD00:0:0:0:0:0:0:7");
	assert_non_null(X509_get0_subject_key_id(cert));
	assert_non_null(X509_get0_authority_key_id(cert));
	assert_int_equal(NID_ecdsa_with_SHA256, X509_get_signature_nid(cert));
	verify(f, request);
	X509_free(cert);
	request_free(request);
}

/* Of an endpoint; every second certificate and later ones are made of what the
 * one before had. */
static X509 *
issue_endpoint(struct fixture *f, const char *common_name, const char *name)
{
	struct signer_request *request = craft_request(PROFILE_ENDPOINT, name);
	struct bytes issuing = signer_issuing(f->signer);
	const uint8_t *p = issuing.data;
	X509 *ca = d2i_X509(NULL, &p, (long)issuing.len), *cert;
	struct csr *csr = NULL;
	struct cert_info info;
	uint8_t key[32];

	strcpy(request->common_name, common_name);
	cert = issue(f, request, &info);
	assert_int_equal(
	    0, csr_parse(
		   &csr, (struct bytes){request->csr, request->csr_len}, NULL));
	assert_int_equal(0, csr_key_sha256(key, csr));
	assert_memory_equal(key, info.spki_sha256, sizeof(key));
	assert_string_equal(common_name, info.common_name);
	assert_true(names_equal(&request->names, &info.names));
	assert_int_equal(1, X509_verify(cert, X509_get0_pubkey(ca)));
	has_ext(
	    cert, NID_ext_key_usage, false, "TLS Web Client Authentication");
	has_ext(cert, NID_key_usage, true, "Digital Signature");
	has_ext(cert, NID_basic_constraints, true, "CA:FALSE");
	assert_int_equal(
	    0, ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(cert),
		   X509_get0_subject_key_id(ca)));
	assert_int_equal(name != NULL ? 6 : 5, X509_get_ext_count(cert));
	csr_free(csr);
	X509_free(ca);
	request_free(request);
	return cert;
}

static void
differ(const X509 *a, const X509 *b)
{
	assert_int_not_equal(0, ASN1_INTEGER_cmp(X509_get0_serialNumber(a),
				    X509_get0_serialNumber(b)));
	assert_int_not_equal(0,
	    X509_NAME_cmp(X509_get_subject_name(a), X509_get_subject_name(b)));
}

static void
test_nothing_of_the_one_before(void **state)
{
	struct fixture *f = *state;
	struct signer_request *bad = craft_request(PROFILE_ENDPOINT, NULL);
	X509 *first = issue_endpoint(f, "first", "x." CRAFT_DOMAIN);
	X509 *second = issue_endpoint(f, "second", NULL), *third, *fourth;

	differ(first, second);
	strcpy(bad->common_name, "bad");
	bad->csr[bad->csr_len - 1] ^= 1;
	assert_int_equal(-ERR_INVALID, signer_issue(f->signer, bad));
	request_free(bad);
	third = issue_endpoint(f, "", "y." CRAFT_DOMAIN);
	differ(second, third);
	has_ext(third, NID_subject_alt_name, true, "DNS:y." CRAFT_DOMAIN);
	fourth = issue_endpoint(f, "fourth", "z." CRAFT_DOMAIN);
	differ(third, fourth);
	has_ext(fourth, NID_subject_alt_name, false, "DNS:z." CRAFT_DOMAIN);
	X509_free(first);
	X509_free(second);
	X509_free(third);
	X509_free(fourth);
}

static void
test_validity(void **state)
{
	struct fixture *f = *state;
	struct signer_request *request =
	    craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	struct cert_info info, ca;
	int64_t now = clock_now();

	assert_int_equal(0, cert_parse(&ca, signer_issuing(f->signer), NULL));
	X509_free(issue(f, request, &info));
	assert_int_equal(request->not_before - 300, info.not_before);
	assert_int_equal(request->not_before + 90 * CRAFT_DAY, info.not_after);
	blob_fini(&request->cert);
	request->valid_days = 1;
	X509_free(issue(f, request, &info));
	assert_int_equal(request->not_before + CRAFT_DAY, info.not_after);
	blob_fini(&request->cert);
	/* Never beyond the issuing CA's, at either end. */
	request->valid_days = 90;
	request->not_before = ca.not_after - CRAFT_DAY;
	X509_free(issue(f, request, &info));
	assert_int_equal(ca.not_after, info.not_after);
	blob_fini(&request->cert);
	request->not_before = ca.not_before + 1;
	X509_free(issue(f, request, &info));
	assert_int_equal(ca.not_before, info.not_before);
	blob_fini(&request->cert);
	request->not_before = ca.not_after;
	assert_int_equal(-ERR_REFUSED, signer_issue(f->signer, request));
	request->not_before = ca.not_before - 1;
	assert_int_equal(-ERR_REFUSED, signer_issue(f->signer, request));
	request->not_before = INT64_MAX;
	assert_int_equal(-ERR_REFUSED, signer_issue(f->signer, request));
	request->not_before = now;
	request->valid_days = 398;
	assert_int_equal(-ERR_REFUSED, signer_issue(f->signer, request));
	assert_non_null(strstr(request->why.text, "397"));
	request->valid_days = -1;
	assert_int_equal(-ERR_REFUSED, signer_issue(f->signer, request));
	request_free(request);
}

/* Each allowed kind of key arrives in the certificate as it was. */
static void
test_keys_are_copied(void **state)
{
	struct fixture *f = *state;
	struct {
		EVP_PKEY *key;
		const char *digest;
	} keys[] = {{craft_key("P-256"), NULL}, {craft_key("P-384"), NULL},
	    {EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), ""},
	    {EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), NULL}};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct signer_request *request =
		    craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
		struct cert_info info;
		X509 *cert;

		request_set_csr(request, &(struct craft_csr){.key = keys[i].key,
					     .digest = keys[i].digest});
		cert = issue(f, request, &info);
		assert_int_equal(
		    1, EVP_PKEY_eq(keys[i].key, X509_get0_pubkey(cert)));
		verify(f, request);
		X509_free(cert);
		request_free(request);
		EVP_PKEY_free(keys[i].key);
	}
}

#define ISSUES 1000
#define SERIAL_LEN 16

static int
compare_serials(const void *a, const void *b)
{
	return memcmp(a, b, SERIAL_LEN);
}

/* The content of the serialNumber: cheaper than a whole parse. */
static struct bytes
serial_of(const struct blob *cert)
{
	struct bytes in = blob_bytes(cert), tbs, version, serial;

	assert_int_equal(0, der_read(&in, &in, DER_SEQUENCE));
	assert_int_equal(0, der_read(&tbs, &in, DER_SEQUENCE));
	assert_int_equal(0, der_read(&version, &tbs, DER_CONTEXT_0));
	assert_int_equal(0, der_read(&serial, &tbs, DER_INTEGER));
	return serial;
}

/* [RFC5280 4.1.2.2] positive, unique; ours: always 16 octets */
static void
test_serials(void **state)
{
	struct fixture *f = *state;
	struct signer_request *request =
	    craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	uint8_t(*serials)[SERIAL_LEN] = calloc(ISSUES, SERIAL_LEN);

	for (size_t i = 0; i < ISSUES; i++) {
		struct bytes serial;

		assert_int_equal(0, signer_issue(f->signer, request));
		serial = serial_of(&request->cert);
		assert_int_equal(SERIAL_LEN, serial.len);
		assert_in_range(serial.data[0], 0x01, 0x7f);
		memcpy(serials[i], serial.data, SERIAL_LEN);
		blob_fini(&request->cert);
	}
	qsort(serials, ISSUES, SERIAL_LEN, compare_serials);
	for (size_t i = 1; i < ISSUES; i++)
		assert_memory_not_equal(serials[i - 1], serials[i], SERIAL_LEN);
	free(serials);
	request_free(request);
}

static void
test_constraints_are_the_roots(void **state)
{
	struct fixture *f = *state;
	const struct constraints *c = signer_constraints(f->signer);

	assert_int_equal(1, c->n_domains);
	assert_string_equal(CRAFT_DOMAIN, c->domains[0]);
	assert_int_equal(2, c->n_prefixes);
}

#define SIGNER_TEST(fn)                                                        \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    SIGNER_TEST(test_est_server),
	    SIGNER_TEST(test_dns_server),
	    SIGNER_TEST(test_nothing_of_the_one_before),
	    SIGNER_TEST(test_validity),
	    SIGNER_TEST(test_keys_are_copied),
	    SIGNER_TEST(test_serials),
	    SIGNER_TEST(test_constraints_are_the_roots),
	};

	if (signer_is_called(argc, argv))
		return signer_main(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
