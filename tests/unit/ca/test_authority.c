#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "ca/authority.h"
#include "ca/authority_load.h"
#include "tests/unit/ca/craft.h"

struct fixture {
	struct craft_ca ca;
	char path[256];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	craft_ca_create(&f->ca);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	craft_ca_remove(&f->ca);
	free(f);
	return 0;
}

static const char *
path_of(struct fixture *f, const char *file)
{
	snprintf(f->path, sizeof(f->path), "%s/%s", f->ca.dir, file);
	return f->path;
}

static void
read_cert(X509 **cert, struct cert_info *info, struct blob *der,
    struct fixture *f, const char *file)
{
	struct blob pem = {0};
	struct cert_list list = {0};
	const uint8_t *p;

	assert_int_equal(0, file_read(&pem, path_of(f, file), 65536));
	assert_int_equal(0, cert_list_from_pem(&list, blob_bytes(&pem), NULL));
	assert_int_equal(1, list.n);
	assert_int_equal(0, blob_copy(der, blob_bytes(&list.items[0])));
	assert_int_equal(0, cert_parse(info, blob_bytes(der), NULL));
	p = der->data;
	*cert = d2i_X509(NULL, &p, (long)der->len);
	cert_list_fini(&list);
	blob_fini(&pem);
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
	if (strstr(printed, text) == NULL)
		fail_msg("%s lacks %s", printed, text);
	BIO_free(bio);
}

/* [RFC5280 4.2] */
static void
test_root(void **state)
{
	struct fixture *f = *state;
	struct cert_info info;
	struct blob der = {0};
	X509 *cert;

	read_cert(&cert, &info, &der, f, CA_ROOT_CERT);
	assert_string_equal("Estuary Root " CRAFT_DOMAIN, info.common_name);
	assert_true(info.is_ca);
	assert_true(info.self_issued);
	assert_int_equal(32, strlen(info.serial));
	assert_true(info.not_after - clock_now() > 3649LL * CRAFT_DAY);
	assert_true(info.not_after - clock_now() <= 3650LL * CRAFT_DAY);
	assert_int_equal(1, X509_self_signed(cert, 1));
	has_ext(cert, NID_basic_constraints, true, "CA:TRUE, pathlen:1");
	has_ext(cert, NID_key_usage, true, "Certificate Sign, CRL Sign");
	has_ext(cert, NID_name_constraints, true, "DNS:" CRAFT_DOMAIN);
	has_ext(cert, NID_name_constraints, true, "IP:10.0.0.0/255.0.0.0");
	has_ext(cert, NID_subject_key_identifier, false, ":");
	assert_int_equal(NID_ecdsa_with_SHA256, X509_get_signature_nid(cert));
	X509_free(cert);
	blob_fini(&der);
}

static void
test_issuing(void **state)
{
	struct fixture *f = *state;
	struct cert_info info, root_info;
	struct blob der = {0}, root_der = {0};
	X509 *cert, *root;

	read_cert(&root, &root_info, &root_der, f, CA_ROOT_CERT);
	read_cert(&cert, &info, &der, f, CA_ISSUING_CERT);
	assert_string_equal(root_info.subject, info.issuer);
	assert_string_not_equal(info.issuer, info.subject);
	assert_true(info.not_after < root_info.not_after);
	assert_int_equal(1, X509_verify(cert, X509_get0_pubkey(root)));
	has_ext(cert, NID_basic_constraints, true, "CA:TRUE, pathlen:0");
	has_ext(cert, NID_key_usage, true, "Certificate Sign, CRL Sign");
	has_ext(cert, NID_ext_key_usage, false,
	    "TLS Web Server Authentication, TLS Web Client Authentication, CMC "
	    "Registration Authority, OCSP Signing");
	assert_int_equal(
	    0, ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(cert),
		   X509_get0_subject_key_id(root)));
	assert_int_equal(
	    -1, X509_get_ext_by_NID(cert, NID_name_constraints, -1));
	X509_free(cert);
	X509_free(root);
	blob_fini(&der);
	blob_fini(&root_der);
}

static unsigned int
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(0, stat(path, &st));
	return (unsigned int)(st.st_mode & 07777);
}

static void
test_modes(void **state)
{
	struct fixture *f = *state;
	char tmp[128];

	assert_int_equal(0700, mode_of(f->ca.dir));
	assert_int_equal(0400, mode_of(path_of(f, CA_ROOT_KEY)));
	assert_int_equal(0400, mode_of(path_of(f, CA_ISSUING_KEY)));
	assert_int_equal(0444, mode_of(path_of(f, CA_ROOT_CERT)));
	assert_int_equal(0444, mode_of(path_of(f, CA_ISSUING_CERT)));
	snprintf(tmp, sizeof(tmp), "%s.tmp", f->ca.dir);
	assert_false(file_exists(tmp));
}

static void
params_init(struct authority_params *params)
{
	memset(params, 0, sizeof(*params));
	params->domain = CRAFT_DOMAIN;
	params->root_days = 10;
	params->issuing_days = 20;
}

static void
test_existing_directory_refused(void **state)
{
	struct fixture *f = *state;
	struct authority_params params;
	struct reason why = {""};

	params_init(&params);
	assert_int_equal(
	    -ERR_EXISTS, authority_create(f->ca.dir, &params, &why));
	assert_true(why.text[0] != '\0');
}

static void
test_bad_params_refused(void **state)
{
	struct fixture *f = *state;
	struct authority_params params;
	char dir[128];

	snprintf(dir, sizeof(dir), "%s/other", f->ca.parent);
	params_init(&params);
	params.domain = "not a domain";
	assert_int_equal(-ERR_INVALID, authority_create(dir, &params, NULL));
	params_init(&params);
	params.root_days = 0;
	assert_int_equal(-ERR_INVALID, authority_create(dir, &params, NULL));
	params_init(&params);
	strcpy(params.constraints.domains[0], "*.example.net");
	params.constraints.n_domains = 1;
	assert_int_equal(-ERR_INVALID, authority_create(dir, &params, NULL));
	assert_false(file_exists(dir));
}

/* Unconstrained, with a name too long for a common name, over what a crash left
 * behind. */
static void
test_leftover_is_removed(void **state)
{
	struct fixture *f = *state;
	struct fixture other = {0};
	struct authority_params params;
	struct reason why = {""};
	struct cert_info root, issuing;
	struct blob root_der = {0}, der = {0};
	X509 *cert;
	char tmp[128], file[160];

	snprintf(other.ca.dir, sizeof(other.ca.dir), "%s/two", f->ca.parent);
	snprintf(tmp, sizeof(tmp), "%s.tmp", other.ca.dir);
	assert_int_equal(0, mkdir(tmp, 0700));
	snprintf(file, sizeof(file), "%s/%s", tmp, CA_ROOT_KEY);
	assert_int_equal(0, file_write(file, (struct bytes){NULL, 0}, 0400));
	params_init(&params);
	params.domain = "a-quite-long-label.another-quite-long-label."
			"and-a-third-one.corp.example.net";
	if (authority_create(other.ca.dir, &params, &why) != 0)
		fail_msg("%s", why.text);
	assert_false(file_exists(tmp));
	read_cert(&cert, &root, &root_der, &other, CA_ROOT_CERT);
	assert_int_equal(
	    -1, X509_get_ext_by_NID(cert, NID_name_constraints, -1));
	assert_int_equal(64, strlen(root.common_name));
	X509_free(cert);
	read_cert(&cert, &issuing, &der, &other, CA_ISSUING_CERT);
	/* issuing_days is beyond root_days */
	assert_int_equal(root.not_after, issuing.not_after);
	X509_free(cert);
	blob_fini(&root_der);
	blob_fini(&der);
	unlink(path_of(&other, CA_ROOT_KEY));
	unlink(path_of(&other, CA_ROOT_CERT));
	unlink(path_of(&other, CA_ISSUING_KEY));
	unlink(path_of(&other, CA_ISSUING_CERT));
	assert_int_equal(0, rmdir(other.ca.dir));
}

/* Somebody else's files are not removed. */
static void
test_foreign_leftover_refused(void **state)
{
	struct fixture *f = *state;
	struct authority_params params;
	struct reason why = {""};
	char dir[128], tmp[160], file[192];

	snprintf(dir, sizeof(dir), "%s/three", f->ca.parent);
	snprintf(tmp, sizeof(tmp), "%s.tmp", dir);
	snprintf(file, sizeof(file), "%s/precious", tmp);
	assert_int_equal(0, mkdir(tmp, 0700));
	assert_int_equal(0, file_write(file, (struct bytes){NULL, 0}, 0600));
	params_init(&params);
	assert_int_equal(-ERR_IO, authority_create(dir, &params, &why));
	assert_non_null(strstr(why.text, tmp));
	assert_true(file_exists(file));
	unlink(file);
	assert_int_equal(0, rmdir(tmp));
}

static int
load(struct fixture *f, const char *server_name, struct reason *why)
{
	struct authority *authority = NULL;
	int err = authority_load(&authority, f->ca.dir, server_name, why);

	assert_true((err == 0) == (authority != NULL));
	authority_free(authority);
	return err;
}

static void
load_refused(struct fixture *f, int err, const char *says)
{
	struct reason why = {""};
	int got = load(f, CRAFT_SERVER, &why);

	if (got != err || strstr(why.text, says) == NULL)
		fail_msg("%s: %d %s", says, got, why.text);
}

static void
test_load(void **state)
{
	struct fixture *f = *state;
	struct reason why = {""};

	assert_int_equal(0, load(f, CRAFT_SERVER, &why));
	/* Another CA certified that one. */
	assert_int_equal(0, load(f, "est.example.org", &why));
	assert_int_equal(-ERR_INVALID, load(f, "not a name", &why));
}

static void
test_open_permissions_refused(void **state)
{
	static const char *const keys[] = {CA_ROOT_KEY, CA_ISSUING_KEY};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		chmod(path_of(f, keys[i]), 0440);
		load_refused(f, -ERR_PERMISSION, "chmod 0400");
		chmod(path_of(f, keys[i]), 0404);
		load_refused(f, -ERR_PERMISSION, "chmod 0400");
		chmod(path_of(f, keys[i]), 0600);
		assert_int_equal(0, load(f, CRAFT_SERVER, NULL));
		chmod(path_of(f, keys[i]), 0400);
	}
}

static void
test_expired_refused(void **state)
{
	struct fixture *f = *state;

	clock_set_offset(1826LL * CRAFT_DAY);
	load_refused(f, -ERR_REFUSED, "issuing CA expired");
	clock_set_offset(3651LL * CRAFT_DAY);
	load_refused(f, -ERR_REFUSED, "root CA expired");
	clock_set_offset(-CRAFT_DAY);
	load_refused(f, -ERR_REFUSED, "clock");
	clock_set_offset(0);
}

/* Each file missing, cut at places, and with one byte changed. */
static void
test_damaged_files_refused(void **state)
{
	static const char *const files[] = {
	    CA_ROOT_KEY, CA_ROOT_CERT, CA_ISSUING_KEY, CA_ISSUING_CERT};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		const char *path = path_of(f, files[i]);
		struct blob good = {0};

		assert_int_equal(0, file_read(&good, path, 65536));
		unlink(path);
		load_refused(f, -ERR_NOT_FOUND, files[i]);
		for (size_t len = 0; len < good.len - 1; len += 61) {
			assert_int_equal(
			    0, file_write(
				   path, (struct bytes){good.data, len}, 0400));
			load_refused(f, -ERR_CORRUPT, files[i]);
		}
		good.data[150] = good.data[150] == 'A' ? 'B' : 'A';
		assert_int_equal(0, file_write(path, blob_bytes(&good), 0400));
		load_refused(f, -ERR_CORRUPT, "");
		blob_fini(&good);
		teardown(state);
		setup(state);
		f = *state;
	}
}

static void
copy_file(struct fixture *to, struct fixture *from, const char *file)
{
	struct blob content = {0};

	assert_int_equal(0, file_read(&content, path_of(from, file), 65536));
	assert_int_equal(
	    0, file_write(path_of(to, file), blob_bytes(&content), 0400));
	blob_fini(&content);
}

static void
test_parts_of_another_ca_refused(void **state)
{
	static const struct {
		const char *file, *says;
	} cases[] = {{CA_ROOT_KEY, "not that of its certificate"},
	    {CA_ISSUING_KEY, "not that of its certificate"},
	    {CA_ROOT_CERT, "does not chain"},
	    {CA_ISSUING_CERT, "does not chain"}};
	void *other = NULL;

	setup(&other);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		copy_file(*state, other, cases[i].file);
		load_refused(*state, -ERR_CORRUPT, cases[i].says);
		teardown(state);
		setup(state);
	}
	teardown(&other);
}

/* The root in the issuing CA's place would have no limits of its own. */
static void
test_two_certificates_in_a_file_refused(void **state)
{
	struct fixture *f = *state;
	struct blob a = {0}, b = {0};
	struct buf both = {0};

	assert_int_equal(0, file_read(&a, path_of(f, CA_ISSUING_CERT), 65536));
	assert_int_equal(0, file_read(&b, path_of(f, CA_ROOT_CERT), 65536));
	assert_int_equal(0, buf_add(&both, a.data, a.len));
	assert_int_equal(0, buf_add(&both, b.data, b.len));
	assert_int_equal(
	    0, file_write(path_of(f, CA_ISSUING_CERT),
		   (struct bytes){(uint8_t *)both.data, both.len}, 0444));
	load_refused(f, -ERR_CORRUPT, "2 certificates");
	buf_fini(&both);
	blob_fini(&a);
	blob_fini(&b);
}

#define CA_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CA_TEST(test_root),
	    CA_TEST(test_issuing),
	    CA_TEST(test_modes),
	    CA_TEST(test_existing_directory_refused),
	    CA_TEST(test_bad_params_refused),
	    CA_TEST(test_leftover_is_removed),
	    CA_TEST(test_foreign_leftover_refused),
	    CA_TEST(test_load),
	    CA_TEST(test_open_permissions_refused),
	    CA_TEST(test_expired_refused),
	    CA_TEST(test_damaged_files_refused),
	    CA_TEST(test_parts_of_another_ca_refused),
	    CA_TEST(test_two_certificates_in_a_file_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
