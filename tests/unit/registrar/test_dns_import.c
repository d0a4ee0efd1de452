#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/signer_process.h"
#include "db/certificate.h"
#include "registrar/dns_import.h"
#include "tests/unit/ca/craft.h"
#include "tests/unit/registrar/support.h"

#define ADN "dns.example.org"

static struct office *office;
static struct crafted root;

static void
import_done(struct dns_import *import)
{
	(void)import;
	sem_post(&office->done);
}

/* A serial number of its own, in place of the one that all crafted ones have.
 */
static void
set_serial(struct crafted *c)
{
	static long serial = 0x10000;
	uint8_t *der = NULL;
	int len;

	assert_int_equal(
	    1, ASN1_INTEGER_set(X509_get_serialNumber(c->cert), ++serial));
	assert_true(X509_sign(c->cert, root.key, EVP_sha256()) > 0);
	len = i2d_X509(c->cert, &der);
	assert_true(len > 0);
	blob_fini(&c->der);
	assert_int_equal(
	    0, blob_copy(&c->der, (struct bytes){der, (size_t)len}));
	OPENSSL_free(der);
}

static void
craft_leaf(struct crafted *out, const char *san)
{
	const struct craft leaf = {.cn = "leaf",
	    .issuer = &root,
	    .exts = {{"basicConstraints", "critical,CA:FALSE"},
		{"keyUsage", "critical,digitalSignature"},
		{"extendedKeyUsage", "serverAuth"}, {"subjectAltName", san}}};

	craft_cert(out, &leaf);
	set_serial(out);
}

/* An import for dns.example.org, DoT; tests change what they are about. */
static struct dns_import *
new_import(struct office *o)
{
	struct dns_import *import = calloc(1, sizeof(*import));

	assert_non_null(import);
	import->registrar = o->registrar;
	strcpy(import->entry.adn, ADN);
	strcpy(import->entry.services[0].label, "domain-s");
	import->entry.services[0].port = 853;
	import->entry.n_services = 1;
	strcpy(import->actor, "uid 0");
	import->done = import_done;
	office = o;
	return import;
}

/* Submits it, waits, and frees it; why gets the reason. */
static int
import_with(struct dns_import *import, struct bytes der, const char **state,
    struct reason *why)
{
	struct buf pem = {0};
	int err;

	assert_int_equal(0, cert_to_pem(&pem, der));
	err = registrar_dns_import(
	    import, (struct bytes){(const uint8_t *)pem.data, pem.len});
	if (err == 0) {
		sem_wait(&office->done);
		err = import->result;
	}
	assert_true((err == 0) == (import->why.text[0] == '\0'));
	*why = import->why;
	if (err == 0)
		*state = import->entry.services[0].state;
	buf_fini(&pem);
	dns_import_fini(import);
	free(import);
	return err;
}

static const char *
imported(struct dns_import *import, const struct crafted *c)
{
	struct reason why;
	const char *state = NULL;

	if (import_with(import, blob_bytes(&c->der), &state, &why) != 0)
		fail_msg("%s", why.text);
	return state;
}

static int64_t
number(struct office *o, const char *sql)
{
	return sql_number(o->db->path, sql);
}

static void
test_current_then_next(void **state)
{
	struct dns_import *import = new_import(*state);
	struct crafted first, second;

	craft_leaf(&first, "DNS:" ADN);
	craft_leaf(&second, "DNS:x.example.org,DNS:" ADN);
	strcpy(import->entry.adn, "DNS.Example.ORG.");
	assert_string_equal("current", imported(import, &first));
	assert_string_equal("next", imported(new_import(*state), &second));
	assert_int_equal(2, number(*state, "SELECT count(*) FROM certificate"
					   " WHERE profile = 'imported'"
					   " AND identity = '" ADN "'"));
	assert_int_equal(2, number(*state, "SELECT count(*) FROM audit"
					   " WHERE event = "
					   "'certificate.import'"));
	assert_int_equal(0, number(*state, "SELECT count(*) FROM audit"
					   " WHERE event = "
					   "'certificate.issue'"));
	crafted_fini(&first);
	crafted_fini(&second);
}

static void
test_another_label_of_the_same(void **state)
{
	struct dns_import *import = new_import(*state);
	struct crafted c;

	craft_leaf(&c, "DNS:" ADN);
	assert_string_equal("current", imported(new_import(*state), &c));
	strcpy(import->entry.services[0].label, "doh");
	strcpy(import->entry.services[0].dohpath, "/dns-query{?dns}");
	assert_string_equal("current", imported(import, &c));
	assert_int_equal(1, number(*state, "SELECT count(*) FROM certificate"));
	assert_int_equal(2, number(*state, "SELECT count(*) FROM dns_server"));
	crafted_fini(&c);
}

static void
refused(struct dns_import *import, struct bytes der, const char *says)
{
	struct office *o = office;
	int64_t before = number(o, "SELECT count(*) FROM dns_server");
	struct reason why;
	const char *state;
	int err = import_with(import, der, &state, &why);

	if (err != -ERR_REFUSED && err != -ERR_INVALID)
		fail_msg("%s: %d", says, err);
	if (strstr(why.text, says) == NULL)
		fail_msg("%s: %s", says, why.text);
	assert_int_equal(before, number(o, "SELECT count(*) FROM dns_server"));
}

static void
test_twice_refused(void **state)
{
	struct crafted c;

	craft_leaf(&c, "DNS:" ADN);
	imported(new_import(*state), &c);
	refused(new_import(*state), blob_bytes(&c.der), "already there");
	assert_int_equal(1, number(*state, "SELECT count(*) FROM certificate"));
	crafted_fini(&c);
}

static void
test_request_refused(void **state)
{
	struct dns_import *import;
	struct crafted c;

	craft_leaf(&c, "DNS:" ADN);
	import = new_import(*state);
	import->entry.n_services = 0;
	refused(import, blob_bytes(&c.der), "label");
	import = new_import(*state);
	strcpy(import->entry.services[0].label, "https");
	refused(import, blob_bytes(&c.der), "https");
	import = new_import(*state);
	strcpy(import->entry.adn, "a b");
	refused(import, blob_bytes(&c.der), "domain name");
	import = new_import(*state);
	strcpy(import->entry.adn, "other.example.org");
	refused(import, blob_bytes(&c.der), "not among");
	assert_int_equal(0, number(*state, "SELECT count(*) FROM certificate"));
	crafted_fini(&c);
}

static void
test_self_signed_refused(void **state)
{
	const struct craft craft = {.cn = "self",
	    .exts = {{"basicConstraints", "critical,CA:FALSE"},
		{"keyUsage", "critical,digitalSignature"},
		{"extendedKeyUsage", "serverAuth"},
		{"subjectAltName", "DNS:" ADN}}};
	struct crafted c;

	craft_cert(&c, &craft);
	refused(new_import(*state), blob_bytes(&c.der), "RFC 8295 3.2");
	crafted_fini(&c);
}

/* Signed by the CA behind the registrar's back. */
static void
test_own_ca_refused(void **state)
{
	struct office *o = *state;
	struct dns_import *import = new_import(o);
	struct signer_request *sign =
	    craft_request(PROFILE_DNS_SERVER, "dns.example.net");

	assert_int_equal(
	    0, names_add_srv(&sign->names, "domain-s", "dns.example.net"));
	if (signer_issue(o->signer, sign) != 0)
		fail_msg("%s", sign->why.text);
	strcpy(import->entry.adn, "dns.example.net");
	refused(import, blob_bytes(&sign->cert), "own CA");
	assert_int_equal(0, number(o, "SELECT count(*) FROM certificate"));
	blob_fini(&sign->cert);
	free(sign);
}

static void
test_failed_commit_keeps_nothing(void **state)
{
	struct office *o = *state;
	struct dns_import *import = new_import(o);
	struct reason why;
	const char *text;
	struct crafted c;

	craft_leaf(&c, "DNS:" ADN);
	/* Behind the store's back: the row cannot be written. */
	sql_change(o->db->path, "DROP TABLE dns_server");
	assert_int_equal(
	    -ERR_IO, import_with(import, blob_bytes(&c.der), &text, &why));
	assert_int_equal(0, number(o, "SELECT count(*) FROM certificate"));
	crafted_fini(&c);
}

static int
make_root(void **state)
{
	const struct craft craft = {.cn = "root", .exts = {CRAFT_CA}};

	(void)state;
	craft_cert(&root, &craft);
	return 0;
}

static int
drop_root(void **state)
{
	(void)state;
	crafted_fini(&root);
	return 0;
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(                                       \
	    test, office_setup_with_ca, office_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(test_current_then_next),
	    T(test_another_label_of_the_same),
	    T(test_twice_refused),
	    T(test_request_refused),
	    T(test_self_signed_refused),
	    T(test_own_ca_refused),
	    T(test_failed_commit_keeps_nothing),
	};

	log_set_level(LOG_LEVEL_ERROR);
	if (signer_is_called(argc, argv))
		return signer_main(argv);
	return cmocka_run_group_tests(tests, make_root, drop_root);
}
