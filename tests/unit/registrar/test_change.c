#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "db/certificate.h"
#include "db/dns_server.h"
#include "db/identity.h"
#include "registrar/change.h"
#include "tests/unit/registrar/support.h"
#include "ca/signer_process.h"

static struct office *office;

static void
change_done(struct change *change)
{
	(void)change;
	sem_post(&office->done);
}

static int
change(struct office *o, struct change *c)
{
	int err;

	c->registrar = o->registrar;
	c->done = change_done;
	strcpy(c->actor, "uid 7");
	office = o;
	err = registrar_change(c);
	if (err != 0)
		return err;
	sem_wait(&o->done);
	return c->result;
}

static int
add_identities(struct store_txn *txn, void *arg)
{
	static const char *const names[] = {"AAAAAAAA", "BBBBBBBB"};
	struct verifier record;
	int err = 0;

	(void)arg;
	memset(&record, 0, sizeof(record));
	for (size_t i = 0; i < ARRAY_LEN(names) && err == 0; i++) {
		const struct identity identity = {.wire_name = names[i],
		    .name = "phone",
		    .kind = "code",
		    .profile = "endpoint",
		    .allow_names = "",
		    .uses_left = 1,
		    .guesses_max = 0};

		err = identity_add(txn, &identity, &record, "uid 0");
	}
	return err;
}

static int
add_servers(struct store_txn *txn, void *arg)
{
	static const char *const serials[] = {"a1", "a2"};
	int err = 0;

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(serials) && err == 0; i++) {
		const struct certificate certificate = {.serial = serials[i],
		    .subject = "",
		    .profile = "dns-server",
		    .identity = "",
		    .not_after = 1,
		    .der = {(const uint8_t *)"x", 1}};
		struct dns_server server = {.adn = "dns.example.net",
		    .label = "doh",
		    .port = 443,
		    .dohpath = "",
		    .addresses = ""};
		const char *state;

		err = certificate_put(
		    txn, &server.certificate_id, &certificate, "uid 0");
		if (err == 0)
			err = dns_server_add(txn, &state, &server, 1, "uid 0");
	}
	return err;
}

static int64_t
number(struct office *o, const char *sql)
{
	return sql_number(o->db->path, sql);
}

static void
test_identities(void **state)
{
	struct office *o = *state;
	struct change shared = {.kind = CHANGE_IDENTITY_REMOVE,
			  .name = "phone"},
		      unlock = {.kind = CHANGE_IDENTITY_UNLOCK,
			  .name = "AAAAAAAA"},
		      gone = {.kind = CHANGE_IDENTITY_REMOVE,
			  .name = "AAAAAAAA"},
		      nobody = {.kind = CHANGE_IDENTITY_UNLOCK, .name = "x"};

	assert_int_equal(0, in_txn(o->db->store, add_identities, NULL));
	assert_int_equal(-ERR_REFUSED, change(o, &shared));
	assert_non_null(strstr(shared.why.text, "phone"));
	assert_int_equal(0, change(o, &unlock));
	assert_int_equal(0, change(o, &gone));
	assert_int_equal(-ERR_NOT_FOUND, change(o, &nobody));
	assert_non_null(strstr(nobody.why.text, "'x'"));
	assert_int_equal(1, number(o, "SELECT count(*) FROM identity"));
	assert_int_equal(
	    2, number(o, "SELECT count(*) FROM audit WHERE actor = 'uid 7'"));
}

static void
test_dns_servers(void **state)
{
	struct office *o = *state;
	struct change promote = {.kind = CHANGE_DNS_PROMOTE,
			  .name = "dns.example.net"},
		      again = promote, retire = promote, other = promote,
		      wrong = promote;

	assert_int_equal(0, in_txn(o->db->store, add_servers, NULL));
	strcpy(wrong.label, "domain-s");
	assert_int_equal(-ERR_NOT_FOUND, change(o, &wrong));
	assert_int_equal(0, change(o, &promote));
	assert_int_equal(1, number(o, "SELECT count(*) FROM dns_server WHERE"
				      " state = 'current'"));
	assert_int_equal(-ERR_NOT_FOUND, change(o, &again));
	assert_non_null(strstr(again.why.text, "no next certificate"));
	other.kind = retire.kind = CHANGE_DNS_RETIRE;
	strcpy(other.serial, "ff");
	assert_int_equal(-ERR_NOT_FOUND, change(o, &other));
	assert_int_equal(0, change(o, &retire));
	assert_int_equal(0, number(o, "SELECT count(*) FROM dns_server WHERE"
				      " state <> 'retired'"));
}

static void
test_stopped_store(void **state)
{
	struct office *o = *state;
	struct change c = {.kind = CHANGE_IDENTITY_REMOVE, .name = "phone"};

	store_stop(o->db->store);
	assert_int_equal(-ERR_CLOSED, change(o, &c));
	assert_true(strlen(c.why.text) > 0);
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, office_setup, office_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(test_identities),
	    T(test_dns_servers),
	    T(test_stopped_store),
	};

	log_set_level(LOG_LEVEL_ERROR);
	if (signer_is_called(argc, argv))
		return signer_main(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
