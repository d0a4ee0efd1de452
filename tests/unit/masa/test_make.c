#include "tests/unit/cmocka.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "ca/idevid.h"
#include "db/masa.h"
#include "masa/files.h"
#include "masa/make.h"

struct made {
	char dir[64], state[80], out[80];
	struct masa_options options;
};

static int
setup(void **state)
{
	struct made *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	strcpy(m->dir, "/tmp/estuary-make-XXXXXX");
	assert_non_null(mkdtemp(m->dir));
	snprintf(m->state, sizeof(m->state), "%s/state", m->dir);
	snprintf(m->out, sizeof(m->out), "%s/out", m->dir);
	m->options = (struct masa_options){.command = MASA_MAKE,
	    .state_dir = m->state,
	    .name = "Acme Lamps",
	    .out = m->out,
	    .n_devices = 2,
	    .masa_url = "masa.example:9443",
	    .mud_url = "https://acme.example/lamp.json"};
	assert_int_equal(
	    0, names_add(&m->options.names, NAME_DNS, "masa.example"));
	*state = m;
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static int
teardown(void **state)
{
	struct made *m = *state;

	nftw(m->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(m);
	return 0;
}

static void
read_device(struct blob *der, const struct made *m, const char *serial)
{
	char path[PATH_MAX];
	struct reason why = {""};

	snprintf(path, sizeof(path), "%s/%s.cert.pem", m->out, serial);
	if (cert_read(der, path, &why) != 0)
		fail_msg("%s", why.text);
}

static void
assert_device(const struct made *m, const char *serial, bool hardware)
{
	struct cert_list anchors = {.n = 1};
	struct blob der = {0};
	struct idevid idevid;
	struct reason why = {""};
	char path[PATH_MAX];

	read_device(&der, m, serial);
	if (idevid_parse(&idevid, blob_bytes(&der), &why) != 0)
		fail_msg("%s", why.text);
	assert_string_equal(hardware ? "" : serial, idevid.serial_number);
	assert_string_equal(hardware ? serial : "", idevid.hw_serial);
	assert_string_equal("masa.example:9443", idevid.masa_url);
	assert_string_equal("https://acme.example/lamp.json", idevid.mud_url);
	assert_int_equal(VENDOR_NEVER, idevid.not_after);
	snprintf(path, sizeof(path), "%s/vendor-ca.pem", m->out);
	assert_int_equal(0, cert_read(&anchors.items[0], path, &why));
	assert_int_equal(0,
	    idevid_verify(blob_bytes(&der), NULL, &anchors, clock_now(), &why));
	idevid_fini(&idevid);
	cert_list_fini(&anchors);
	blob_fini(&der);
}

static void
assert_key(const struct made *m, const char *serial)
{
	struct blob der = {0}, pem = {0};
	struct key *key = NULL;
	struct reason why = {""};
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s.key.pem", m->out, serial);
	if (file_read_secret(&pem, path, 4096, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(0, key_from_pem(&key, blob_bytes(&pem)));
	read_device(&der, m, serial);
	assert_true(key_is_of_cert(key, blob_bytes(&der)));
	key_free(key);
	key_pem_fini(&pem);
	blob_fini(&der);
}

static void
test_devices(void **state)
{
	struct made *m = *state;
	struct reason why = {""};

	if (masa_make(&m->options, &why) != 0)
		fail_msg("%s", why.text);
	assert_device(m, "ACMELAMPS-0001", false);
	assert_device(m, "ACMELAMPS-0002", false);
	assert_key(m, "ACMELAMPS-0001");
	assert_key(m, "ACMELAMPS-0002");
}

/* [RFC4108 5] */
static void
test_hardware_module(void **state)
{
	struct made *m = *state;
	struct reason why = {""};

	m->options.hardware_module = true;
	assert_int_equal(0, masa_make(&m->options, &why));
	assert_device(m, "ACMELAMPS-0001", true);
}

static void
test_stored(void **state)
{
	struct made *m = *state;
	struct store *store = NULL;
	struct store_reader *reader = NULL;
	struct masa_device device;
	struct masa_files files;
	struct blob der = {0};
	struct reason why = {""};

	assert_int_equal(0, masa_make(&m->options, &why));
	assert_int_equal(0, masa_files_init(&files, m->state, &why));
	assert_int_equal(
	    0, masa_store_open(&store, files.database, STORE_OPEN, &why));
	assert_int_equal(0, store_reader_open(&reader, store));
	assert_int_equal(0, masa_device_get(&device, reader, "ACMELAMPS-0002"));
	read_device(&der, m, "ACMELAMPS-0002");
	assert_true(bytes_equal(blob_bytes(&der), blob_bytes(&device.idevid)));
	assert_int_equal(0, device.owner.len);
	masa_device_fini(&device);
	assert_int_equal(
	    -ERR_NOT_FOUND, masa_device_get(&device, reader, "ACMELAMPS-0003"));
	blob_fini(&der);
	store_reader_close(reader);
	store_close(store);
}

static void
test_second_refused(void **state)
{
	struct made *m = *state;
	struct reason why = {""};

	assert_int_equal(0, masa_make(&m->options, &why));
	assert_int_equal(-ERR_EXISTS, masa_make(&m->options, &why));
	assert_non_null(strstr(why.text, "is there already"));
}

/* What failed half-way can be done again. */
static void
test_failed_is_no_manufacturer(void **state)
{
	struct made *m = *state;
	struct reason why = {""};
	char path[PATH_MAX];

	/* A directory is in the second device's way. */
	assert_int_equal(0, mkdir(m->out, 0755));
	snprintf(path, sizeof(path), "%s/ACMELAMPS-0002.cert.pem", m->out);
	assert_int_equal(0, mkdir(path, 0755));
	assert_true(masa_make(&m->options, &why) < 0);
	assert_non_null(strstr(why.text, "ACMELAMPS-0002.cert.pem"));
	assert_int_equal(0, rmdir(path));
	if (masa_make(&m->options, &why) != 0)
		fail_msg("%s", why.text);
	assert_device(m, "ACMELAMPS-0002", false);
}

static void
test_open_directory_refused(void **state)
{
	struct made *m = *state;
	struct reason why = {""};

	assert_int_equal(0, mkdir(m->state, 0755));
	assert_int_equal(-ERR_PERMISSION, masa_make(&m->options, &why));
	assert_non_null(strstr(why.text, "chmod 0700"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_devices),
	    TEST(test_hardware_module),
	    TEST(test_stored),
	    TEST(test_second_refused),
	    TEST(test_failed_is_no_manufacturer),
	    TEST(test_open_directory_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
