#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/log.h"
#include "ca/signer_process.h"
#include "db/identity.h"
#include "db/manufacturer.h"
#include "registrar/device.h"
#include "registrar/requester.h"
#include "tests/unit/registrar/support.h"

#define T0 1700000000
#define SERIAL "0a1b"

/* Device 1 of manufacturer 1, which is identity 1. */
static int
begin_run(struct store_txn *txn, void *arg)
{
	const struct manufacturer m = {.name = "Acme",
	    .policy = "allow",
	    .serial_source = "subject",
	    .nonceless = "own",
	    .enrollment = "allow"};
	const struct device device = {.manufacturer_id = 1,
	    .serial_number = "17",
	    .idevid = {(const uint8_t *)"x", 1}};
	const struct identity identity = {.wire_name = "device-00",
	    .name = "Acme 17",
	    .kind = "device",
	    .profile = "endpoint",
	    .allow_names = ""};
	int64_t id;
	int err = manufacturer_add(txn, &m, "uid 0");

	(void)arg;
	if (err == 0)
		err = device_seen(txn, &id, &device, T0);
	if (err == 0)
		err = identity_add(txn, &identity, NULL, "estuaryd");
	return err == 0 ? device_set_identity(txn, 1, 1) : err;
}

static int
refuse_run(struct store_txn *txn, void *arg)
{
	return device_refuse(txn, 1, arg, T0, "uid 0");
}

static int
accept_run(struct store_txn *txn, void *arg)
{
	(void)arg;
	return device_accept(txn, 1, T0, "uid 0");
}

static int
certificate_run(struct store_txn *txn, void *arg)
{
	(void)arg;
	return device_note_certificate(txn, 1, SERIAL, T0, "estuaryd");
}

static int
look(void *arg, const struct device *device)
{
	strcpy(arg, device->state);
	return 0;
}

static void
assert_state(struct office *o, const char *wanted)
{
	char now[16] = "";

	assert_int_equal(0, device_get(o->db->reader, 1, look, now));
	assert_string_equal(wanted, now);
}

static void
test_refused(void **state)
{
	struct office *o = *state;
	struct requester who;
	struct reason why = {""};
	char reason[] = "stolen";

	assert_int_equal(0, in_txn(o->db->store, begin_run, NULL));
	assert_int_equal(
	    0, requester_load(&who, o->db->reader, 1, REQUESTER_CERT, &why));
	assert_string_equal("Acme 17", who.name);
	assert_int_equal(0, in_txn(o->db->store, refuse_run, reason));
	assert_state(o, "refused");
	assert_int_equal(-ERR_REFUSED,
	    requester_load(&who, o->db->reader, 1, REQUESTER_CERT, &why));
	assert_non_null(strstr(why.text, "stolen"));
	assert_int_equal(0, in_txn(o->db->store, accept_run, NULL));
	assert_state(o, "vouchered");
	assert_int_equal(
	    0, requester_load(&who, o->db->reader, 1, REQUESTER_CERT, &why));
}

static void
test_certificate(void **state)
{
	struct office *o = *state;
	char none[] = "";

	assert_int_equal(0, in_txn(o->db->store, begin_run, NULL));
	assert_int_equal(0, in_txn(o->db->store, certificate_run, NULL));
	assert_state(o, "enrolled");
	assert_int_equal(0, in_txn(o->db->store, certificate_run, NULL));
	assert_int_equal(
	    2, sql_number(o->db->path, "SELECT count(*) FROM device_event"
				       " WHERE kind = 'certificate' AND good"
				       " AND detail = '" SERIAL "'"));
	/* What it had come to be is not forgotten. */
	assert_int_equal(0, in_txn(o->db->store, refuse_run, none));
	assert_int_equal(0, in_txn(o->db->store, accept_run, NULL));
	assert_state(o, "enrolled");
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, office_setup, office_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(test_refused), T(test_certificate)};

	if (signer_is_called(argc, argv))
		return signer_main(argv);
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
