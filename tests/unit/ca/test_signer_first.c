/* The first thing that a signer is asked once it has shut itself in, when
 * OpenSSL and the C library would like to load what they use for the first
 * time; and a log that cannot be synced. The process is this program. */
#include "tests/unit/cmocka.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ca/issue_log.h"
#include "ca/signer_process.h"
#include "tests/unit/ca/craft.h"

struct fixture {
	struct craft_ca ca;
	struct signer *signer;
};

/* The C library's, as the process has it: every other sync fails. */
int
fdatasync(int fd)
{
	static int calls;

	(void)fd;
	errno = EIO;
	return calls++ % 2 == 0 ? -1 : 0;
}

static void
start(struct fixture *f)
{
	const struct signer_config config = {
	    .ca_dir = f->ca.dir, .server_name = CRAFT_SERVER};
	struct reason why = {""};

	if (signer_start(&f->signer, &config, &why) != 0)
		fail_msg("%s", why.text);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	craft_ca_create(&f->ca);
	start(f);
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

/* --- certificates --- */

/* Asked of a process of its own. */
static int
first(struct fixture *f, const struct craft_csr *craft, struct reason *why)
{
	struct signer_request *request =
	    craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	struct blob csr = {0};
	int result;

	craft_csr(&csr, craft);
	assert_true(csr.len <= sizeof(request->csr));
	memcpy(request->csr, csr.data, csr.len);
	request->csr_len = csr.len;
	signer_stop(f->signer);
	start(f);
	result = signer_issue(f->signer, request);
	*why = request->why;
	blob_fini(&request->cert);
	blob_fini(&csr);
	free(request);
	return result;
}

static void
test_every_kind_of_key(void **state)
{
	struct {
		EVP_PKEY *key;
		const char *digest;
	} keys[] = {{craft_key("P-256"), NULL}, {craft_key("P-256"), "SHA512"},
	    {craft_key("P-384"), "SHA384"},
	    {EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), ""},
	    {EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), "SHA256"}};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct reason why = {""};

		if (first(*state,
			&(struct craft_csr){
			    .key = keys[i].key, .digest = keys[i].digest},
			&why) != 0)
			fail_msg("%zu: %s", i, why.text);
		EVP_PKEY_free(keys[i].key);
	}
}

/* A refusal is text, which may be loaded, too. */
static void
test_every_kind_of_key_refused(void **state)
{
	EVP_PKEY *other[] = {craft_key("P-256"), craft_key("P-384"),
	    EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)};
	struct {
		EVP_PKEY *key, *signer;
		const char *text;
	} keys[] = {{craft_key("P-256"), other[0], "proof of possession"},
	    {craft_key("P-384"), other[1], "proof of possession"},
	    {craft_rsa_public(2048, 65537), other[2], "proof of possession"},
	    {craft_rsa_public(1024, 65537), other[2], "1024 bits"},
	    {craft_key("P-521"), NULL, "secp521r1"},
	    {craft_key("secp256k1"), NULL, "secp256k1"}};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct reason why = {""};

		assert_int_equal(
		    -ERR_INVALID, first(*state,
				      &(struct craft_csr){.key = keys[i].key,
					  .signer = keys[i].signer},
				      &why));
		if (strstr(why.text, keys[i].text) == NULL)
			fail_msg("%zu: %s", i, why.text);
		EVP_PKEY_free(keys[i].key);
	}
	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		EVP_PKEY_free(other[i]);
}

/* --- checkpoints --- */

static int
checkpoint(struct fixture *f, int64_t last_id, int64_t *counter)
{
	struct signer_request *request = calloc(1, sizeof(*request));
	int result;

	request->kind = SIGNER_REQUEST_CHECKPOINT;
	request->checkpoint.last_id = last_id;
	result = signer_issue(f->signer, request);
	*counter = request->checkpoint.counter;
	free(request);
	return result;
}

/* The line of the one that failed may be there after all: its counter is not
 * given again. */
static void
test_no_counter_twice(void **state)
{
	struct fixture *f = *state;
	struct checkpoint last;
	int64_t counter;

	for (int64_t i = 1; i <= 3; i++) {
		assert_int_equal(-ERR_IO, checkpoint(f, i, &counter));
		assert_int_equal(0, checkpoint(f, i, &counter));
		assert_int_equal(2 * i, counter);
	}
	assert_int_equal(0, issue_log_last_checkpoint(&last, f->ca.dir));
	assert_int_equal(6, last.counter);
	assert_int_equal(3, last.last_id);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_every_kind_of_key, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_every_kind_of_key_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_no_counter_twice, setup, teardown),
	};

	if (signer_is_called(argc, argv))
		return signer_main(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
