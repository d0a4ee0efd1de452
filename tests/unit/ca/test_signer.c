#include "tests/unit/cmocka.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ca/der.h"
#include "ca/signer.h"
#include "ca/signer_process.h"
#include "ca/trust.h"
#include "tests/unit/ca/craft.h"

struct fixture {
	struct craft_ca ca;
	struct signer *signer;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct signer_config config = {.server_name = CRAFT_SERVER};
	struct reason why = {""};

	craft_ca_create(&f->ca);
	config.ca_dir = f->ca.dir;
	config.per_hour[PROFILE_DNS_SERVER] = 10000;
	if (signer_start(&f->signer, &config, &why) != 0)
		fail_msg("%s", why.text);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	signer_stop(f->signer);
	craft_ca_remove(&f->ca);
	free(f);
	return 0;
}

static void
request_free(struct signer_request *request)
{
	blob_fini(&request->cert);
	free(request);
}

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

static void
refused(struct fixture *f, struct signer_request *request, int err,
    const char *says)
{
	int got = signer_issue(f->signer, request);

	if (got != err || strstr(request->why.text, says) == NULL)
		fail_msg("%s: %d %s", says, got, request->why.text);
	assert_int_equal(err, request->result);
	assert_null(request->cert.data);
	request_free(request);
}

static struct signer_request *
with_name(struct signer_request *request, enum name_type type, const char *text)
{
	assert_int_equal(0, names_add(&request->names, type, text));
	return request;
}

static void
test_names_refused(void **state)
{
	struct fixture *f = *state;

	refused(f, craft_request(PROFILE_DNS_SERVER, "dns.example.org"),
	    -ERR_REFUSED, "dns.example.org is outside");
	refused(f,
	    with_name(craft_request(PROFILE_DNS_SERVER, CRAFT_ADN), NAME_IP,
		"192.0.2.1"),
	    -ERR_REFUSED, "192.0.2.1 is outside");
	refused(f,
	    with_name(craft_request(PROFILE_DNS_SERVER, CRAFT_ADN), NAME_SRV,
		"_doh.dns.example.org"),
	    -ERR_REFUSED, "_doh.dns.example.org");
	refused(f,
	    with_name(craft_request(PROFILE_DNS_SERVER, CRAFT_ADN), NAME_SRV,
		"_ldap." CRAFT_ADN),
	    -ERR_REFUSED, "label ldap");
	refused(f,
	    with_name(craft_request(PROFILE_DNS_SERVER, CRAFT_ADN), NAME_DNS,
		"x." CRAFT_DOMAIN),
	    -ERR_REFUSED, "one DNS name");
	refused(f,
	    with_name(craft_request(PROFILE_DNS_SERVER, CRAFT_ADN), NAME_OTHER,
		"email"),
	    -ERR_REFUSED, "email");
	refused(f, craft_request(PROFILE_DNS_SERVER, "*." CRAFT_DOMAIN),
	    -ERR_REFUSED, "wildcard");
	refused(
	    f, craft_request(PROFILE_DNS_SERVER, NULL), -ERR_REFUSED, "needed");
	refused(f, craft_request(PROFILE_DNS_SERVER, CRAFT_SERVER),
	    -ERR_REFUSED, "reserved");
	refused(f, craft_request(PROFILE_EST_SERVER, CRAFT_ADN), -ERR_REFUSED,
	    "only server.name");
	refused(f, craft_request(0, CRAFT_ADN), -ERR_INVALID, "profile");
}

static struct signer_request *
with_common_name(const char *common_name)
{
	struct signer_request *request =
	    craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);

	memset(request->common_name, 0, sizeof(request->common_name));
	strcpy(request->common_name, common_name);
	return request;
}

static void
test_common_name_refused(void **state)
{
	struct fixture *f = *state;

	refused(
	    f, with_common_name("bank.example.org"), -ERR_REFUSED, "not among");
	refused(f, with_common_name("10.1.1.1"), -ERR_REFUSED, "not among");
	refused(f, with_common_name("fd00::1"), -ERR_REFUSED, "not among");
	refused(f, with_common_name("a\nb"), -ERR_REFUSED, "printable");
	refused(f,
	    with_common_name("0123456789012345678901234567890123456789"
			     "0123456789012345678901234"),
	    -ERR_REFUSED, "64");
}

/* A request as a broken or hostile sender could write it into memory. */
static void
test_malformed_request_refused(void **state)
{
	struct fixture *f = *state;
	struct signer_request *request;

	request = craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	request->csr_len = sizeof(request->csr) + 1;
	refused(f, request, -ERR_INVALID, "malformed");
	request = craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	request->names.n = NAMES_MAX + 1;
	refused(f, request, -ERR_INVALID, "malformed");
	request = craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	memset(request->common_name, 'x', sizeof(request->common_name));
	refused(f, request, -ERR_INVALID, "malformed");
	request = craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	memset(request->names.items[0].text, 'x', NAME_TEXT_MAX);
	refused(f, request, -ERR_INVALID, "malformed");
	request = craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	strcpy(request->names.items[0].text, "DNS." CRAFT_DOMAIN);
	refused(f, request, -ERR_INVALID, "malformed");
	request = craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	request->names.items[1] = request->names.items[0];
	request->names.n = 2;
	refused(f, request, -ERR_INVALID, "malformed");
	request = craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	request->csr_len = 0;
	refused(f, request, -ERR_INVALID, "empty");
}

static void
set_csr(struct signer_request *request, const struct craft_csr *craft)
{
	struct blob der = {0};

	craft_csr(&der, craft);
	assert_true(der.len <= sizeof(request->csr));
	memcpy(request->csr, der.data, der.len);
	request->csr_len = der.len;
	blob_fini(&der);
}

static void
test_bad_key_or_proof_refused(void **state)
{
	struct fixture *f = *state;
	EVP_PKEY *key = craft_key("P-256"), *other = craft_key("P-256");
	EVP_PKEY *weak = craft_rsa_public(1024, 65537);
	struct signer_request *request;

	request = craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	set_csr(request, &(struct craft_csr){.key = key, .signer = other});
	refused(f, request, -ERR_INVALID, "proof of possession");
	request = craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	set_csr(request, &(struct craft_csr){.key = weak, .signer = other});
	refused(f, request, -ERR_INVALID, "1024");
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	EVP_PKEY_free(weak);
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

		set_csr(request, &(struct craft_csr){.key = keys[i].key,
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

/* Counts answers; blocks the signer's thread while gate is held. */
struct counter {
	pthread_mutex_t gate;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int n_entered, n_done, n_closed;
};

struct counted {
	struct signer_request request;
	struct counter *counter;
};

static void
counted_done(struct signer_request *request)
{
	struct counted *counted =
	    CONTAINER_OF(request, struct counted, request);
	struct counter *c = counted->counter;

	pthread_mutex_lock(&c->lock);
	c->n_entered++;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
	pthread_mutex_lock(&c->gate);
	pthread_mutex_unlock(&c->gate);
	blob_fini(&request->cert);
	pthread_mutex_lock(&c->lock);
	if (request->result == -ERR_CLOSED)
		c->n_closed++;
	/* Whoever waits for the last may free it from here on. */
	c->n_done++;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

#define FEW 3
#define QUEUE_MAX 1024 /* SIGNER_QUEUE_MAX */

static struct counted *
counted_new(struct counter *counter)
{
	struct signer_request *usual =
	    craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	struct counted *counted = malloc(sizeof(*counted));

	counted->request = *usual;
	counted->request.done = counted_done;
	counted->counter = counter;
	free(usual);
	return counted;
}

static void
test_submit(void **state)
{
	struct fixture *f = *state;
	struct counter counter = {.gate = PTHREAD_MUTEX_INITIALIZER,
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	    .changed = PTHREAD_COND_INITIALIZER};
	struct counted *all[FEW];

	for (size_t i = 0; i < FEW; i++) {
		all[i] = counted_new(&counter);
		assert_int_equal(0, signer_submit(f->signer, &all[i]->request));
	}
	pthread_mutex_lock(&counter.lock);
	while (counter.n_done < FEW)
		pthread_cond_wait(&counter.changed, &counter.lock);
	pthread_mutex_unlock(&counter.lock);
	for (size_t i = 0; i < FEW; i++) {
		assert_int_equal(0, all[i]->request.result);
		free(all[i]);
	}
}

static void *
stop(void *arg)
{
	struct fixture *f = arg;

	signer_stop(f->signer);
	return NULL;
}

/* From here on the thread is held by the gate. */
static void
wait_entered(struct counter *c)
{
	pthread_mutex_lock(&c->lock);
	while (c->n_entered == 0)
		pthread_cond_wait(&c->changed, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

/* The queue is bounded, and every request that it took is answered once, also
 * when the signer ends. */
static void
test_full_queue_and_stop(void **state)
{
	struct fixture *f = *state;
	struct counter counter = {.gate = PTHREAD_MUTEX_INITIALIZER,
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	    .changed = PTHREAD_COND_INITIALIZER};
	struct counted *first = counted_new(&counter), **all;
	struct signer_request probe = {.done = counted_done};
	int taken = 0, err = 0;
	pthread_t thread;

	all = calloc(QUEUE_MAX + 2, sizeof(void *));
	pthread_mutex_lock(&counter.gate);
	for (int i = 0; i < QUEUE_MAX + 2 && err == 0; i++) {
		all[i] = malloc(sizeof(**all));
		*all[i] = *first;
		err = signer_submit(f->signer, &all[i]->request);
		if (err == 0)
			taken++;
		if (i == 0)
			wait_entered(&counter);
	}
	assert_int_equal(-ERR_BUSY, err);
	assert_int_equal(QUEUE_MAX + 1, taken);
	assert_int_equal(0, pthread_create(&thread, NULL, stop, f));
	/* Once the stop has begun nothing new is taken. */
	do {
		err = signer_submit(f->signer, &probe);
	} while (err == -ERR_BUSY);
	assert_int_equal(-ERR_CLOSED, err);
	pthread_mutex_unlock(&counter.gate);
	pthread_join(thread, NULL);
	f->signer = NULL;
	assert_int_equal(taken, counter.n_done);
	assert_int_equal(taken - 1, counter.n_closed);
	for (int i = 0; i < QUEUE_MAX + 2; i++)
		free(all[i]);
	free(all);
	free(first);
}

/* server.name may be another CA's to certify: it is not this one's then. */
static void
test_server_name_outside_is_not_certified(void **state)
{
	struct fixture *f = *state;
	struct signer_config config = {
	    .ca_dir = f->ca.dir, .server_name = "est.example.org"};

	signer_stop(STEAL(f->signer));
	assert_int_equal(0, signer_start(&f->signer, &config, NULL));
	refused(f, craft_request(PROFILE_EST_SERVER, "est.example.org"),
	    -ERR_REFUSED, "est.example.org is outside");
	/* Nor is any other name the server's. */
	refused(f, craft_request(PROFILE_EST_SERVER, CRAFT_SERVER),
	    -ERR_REFUSED, "only server.name");
}

static void
test_start_refused(void **state)
{
	struct fixture *f = *state;
	struct signer_config config = {
	    .ca_dir = f->ca.dir, .server_name = "not a name"};
	struct signer *signer = NULL;
	struct reason why = {""};

	assert_int_equal(-ERR_INVALID, signer_start(&signer, &config, &why));
	assert_non_null(strstr(why.text, "server.name"));
	config.ca_dir = "/nonexistent";
	assert_int_equal(-ERR_NOT_FOUND, signer_start(&signer, &config, &why));
	assert_non_null(strstr(why.text, "/nonexistent"));
	assert_null(signer);
	signer_stop(NULL);
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

#define CA_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    CA_TEST(test_est_server),
	    CA_TEST(test_dns_server),
	    CA_TEST(test_validity),
	    CA_TEST(test_names_refused),
	    CA_TEST(test_common_name_refused),
	    CA_TEST(test_malformed_request_refused),
	    CA_TEST(test_bad_key_or_proof_refused),
	    CA_TEST(test_keys_are_copied),
	    CA_TEST(test_serials),
	    CA_TEST(test_submit),
	    CA_TEST(test_full_queue_and_stop),
	    CA_TEST(test_server_name_outside_is_not_certified),
	    CA_TEST(test_start_refused),
	    CA_TEST(test_constraints_are_the_roots),
	};

	if (signer_is_called(argc, argv))
		return signer_main(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
