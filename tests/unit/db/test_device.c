#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "db/device.h"
#include "db/identity.h"
#include "db/manufacturer.h"
#include "db/srp.h"
#include "tests/unit/db/support.h"

#define T0 1700000000

static int
add_maker_run(struct store_txn *txn, void *arg)
{
	const struct manufacturer m = {.name = "Acme",
	    .policy = "allow",
	    .serial_source = "subject",
	    .nonceless = "own",
	    .enrollment = arg};

	return manufacturer_add(txn, &m, "uid 0");
}

static void
add_maker(struct fixture *f, char *enrollment)
{
	assert_int_equal(0, in_txn(f->store, add_maker_run, enrollment));
}

struct step {
	const char *serial;
	int64_t id, now;
	const char *state, *verdict;
	int64_t identity_id;
	const char *wire_name;
};

static int
seen_run(struct store_txn *txn, void *arg)
{
	struct step *s = arg;
	struct device device = {.manufacturer_id = 1,
	    .serial_number = s->serial,
	    .idevid = {(const uint8_t *)"DER", 3},
	    .masa_url = "masa.example"};

	memset(device.idevid_sha256, (int)(s->now & 0x7f), 32);
	return device_seen(txn, &s->id, &device, s->now);
}

static int
state_run(struct store_txn *txn, void *arg)
{
	const struct step *s = arg;

	return device_set_state(
	    txn, s->id, s->state, s->verdict, s->now, "uid 0");
}

static int
identity_run(struct store_txn *txn, void *arg)
{
	const struct step *s = arg;
	const struct identity identity = {.wire_name = s->wire_name,
	    .name = "Acme A-1",
	    .kind = "device",
	    .profile = "endpoint",
	    .allow_names = "",
	    .uses_left = IDENTITY_UNLIMITED,
	    .guesses_max = 10,
	    .basic = true};
	int err = identity_add(txn, &identity, NULL, "estuaryd");

	return err == 0 ? device_set_identity(txn, s->id, s->identity_id) : err;
}

struct seen {
	int n;
	struct device device;
	char serial[32], state[16], verdict[64], maker[16];
};

static int
look(void *arg, const struct device *d)
{
	struct seen *seen = arg;

	seen->n++;
	seen->device = *d;
	strcpy(seen->serial, d->serial_number);
	strcpy(seen->state, d->state);
	strcpy(seen->verdict, d->verdict);
	strcpy(seen->maker, d->manufacturer);
	return 0;
}

static void
test_seen(void **state)
{
	struct fixture *f = *state;
	char allow[] = "allow";
	struct step first = {.serial = "A-1", .now = T0},
		    second = {.serial = "A-2", .now = T0 + 1},
		    again = {.serial = "A-1", .now = T0 + 2};
	struct seen seen = {0};

	add_maker(f, allow);
	assert_int_equal(0, in_txn(f->store, seen_run, &first));
	assert_int_equal(0, in_txn(f->store, seen_run, &second));
	assert_int_equal(0, in_txn(f->store, seen_run, &again));
	assert_int_equal(first.id, again.id);
	assert_int_not_equal(first.id, second.id);
	assert_int_equal(0, device_find(f->reader, 1, "A-1", look, &seen));
	assert_int_equal(1, seen.n);
	assert_string_equal("seen", seen.state);
	assert_string_equal("Acme", seen.maker);
	assert_int_equal(T0, seen.device.first_seen);
	assert_int_equal(T0 + 2, seen.device.last_seen);
	assert_int_equal((T0 + 2) & 0x7f, seen.device.idevid_sha256[31]);
	assert_int_equal(
	    -ERR_NOT_FOUND, device_find(f->reader, 2, "A-1", look, &seen));
	assert_int_equal(-ERR_NOT_FOUND, device_get(f->reader, 9, look, &seen));
	seen.n = 0;
	assert_int_equal(0, device_list(f->reader, first.id, 10, look, &seen));
	assert_int_equal(1, seen.n);
	assert_string_equal("A-2", seen.serial);
}

static int
idevid_run(struct store_txn *txn, void *arg)
{
	const struct step *s = arg;
	struct device device = {.idevid = {(const uint8_t *)"new", 3},
	    .masa_url = "",
	    .mud_url = ""};

	memset(device.idevid_sha256, 0x7f, sizeof(device.idevid_sha256));
	return device_set_idevid(txn, s->id, &device);
}

/* Another IDevID with the same serial number takes no voucher over. */
static void
test_idevid_stays(void **state)
{
	static const char *const states[] = {
	    "vouchered", "enrolled", "refused"};
	struct fixture *f = *state;
	char allow[] = "allow";
	struct step s = {.serial = "A-1", .now = T0, .verdict = ""};
	struct seen seen = {0};

	add_maker(f, allow);
	assert_int_equal(0, in_txn(f->store, seen_run, &s));
	for (size_t i = 0; i < 3; i++) {
		struct step other = {.serial = "A-1", .now = T0 + 5};

		s.state = states[i];
		assert_int_equal(0, in_txn(f->store, state_run, &s));
		assert_int_equal(0, in_txn(f->store, seen_run, &other));
		assert_int_equal(s.id, other.id);
		assert_int_equal(0, device_get(f->reader, s.id, look, &seen));
		assert_int_equal(T0 & 0x7f, seen.device.idevid_sha256[0]);
		assert_int_equal(T0 + 5, seen.device.last_seen);
	}
	assert_int_equal(0, in_txn(f->store, idevid_run, &s));
	assert_int_equal(0, device_get(f->reader, s.id, look, &seen));
	assert_int_equal(0x7f, seen.device.idevid_sha256[0]);
	s.id = 9;
	assert_int_equal(-ERR_NOT_FOUND, in_txn(f->store, idevid_run, &s));
}

static void
test_state(void **state)
{
	struct fixture *f = *state;
	char allow[] = "allow";
	struct step s = {.serial = "A-1",
	    .now = T0,
	    .state = "refused",
	    .verdict = "stolen"};
	struct seen seen = {0};

	add_maker(f, allow);
	assert_int_equal(-ERR_NOT_FOUND, in_txn(f->store, state_run, &s));
	assert_int_equal(0, in_txn(f->store, seen_run, &s));
	assert_int_equal(0, in_txn(f->store, state_run, &s));
	assert_int_equal(0, device_get(f->reader, s.id, look, &seen));
	assert_string_equal("refused", seen.state);
	assert_string_equal("stolen", seen.verdict);
	assert_int_equal(
	    1, sql_number(f->path,
		   "SELECT count(*) FROM audit WHERE event = 'device.refused'"
		   " AND subject = 'Acme A-1' AND detail = 'stolen'"));
	/* It stays refused when it comes again. */
	assert_int_equal(0, in_txn(f->store, seen_run, &s));
	assert_int_equal(0, device_get(f->reader, s.id, look, &seen));
	assert_string_equal("refused", seen.state);
}

static int
claim_run(struct store_txn *txn, void *arg)
{
	struct verifier record;

	return identity_claim(txn, &record, arg, T0);
}

static int
claim_basic_run(struct store_txn *txn, void *arg)
{
	struct verifier record;
	int64_t id;

	return identity_claim_basic(txn, &id, &record, arg, T0);
}

static int
claim_srp_run(struct store_txn *txn, void *arg)
{
	struct srp_verifier verifier;
	struct verifier record;

	return srp_claim(txn, &verifier, &record, arg, T0);
}

static int
look_at_identity(void *arg, const struct identity *i)
{
	*(bool *)arg = i->approval;
	return strcmp(i->kind, "device") == 0 ? 0 : -ERR_INVALID;
}

/* A device is an identity that no password can be tried on. */
static void
test_identity(void **state)
{
	struct fixture *f = *state;
	char ask[] = "ask", name[] = "device-00112233";
	struct step s = {
	    .serial = "A-1", .now = T0, .wire_name = name, .identity_id = 1};
	struct seen seen = {0};
	bool approval = false;

	add_maker(f, ask);
	assert_int_equal(0, in_txn(f->store, seen_run, &s));
	assert_int_equal(0, in_txn(f->store, identity_run, &s));
	assert_int_equal(0, device_of_identity(f->reader, 1, look, &seen));
	assert_string_equal("A-1", seen.serial);
	assert_int_equal(CLAIM_UNKNOWN, in_txn(f->store, claim_run, name));
	assert_int_equal(
	    CLAIM_UNKNOWN, in_txn(f->store, claim_basic_run, name));
	assert_int_equal(CLAIM_UNKNOWN, in_txn(f->store, claim_srp_run, name));
	/* Its manufacturer's rule is its own. */
	assert_int_equal(
	    0, identity_get(f->reader, 1, look_at_identity, &approval));
	assert_true(approval);
	fixture_close(f);
	sql_change(f->path, "UPDATE manufacturer SET enrollment = 'allow'");
	fixture_open(f, STORE_OPEN);
	assert_int_equal(
	    0, identity_get(f->reader, 1, look_at_identity, &approval));
	assert_false(approval);
}

static int
remove_identity_run(struct store_txn *txn, void *arg)
{
	return identity_remove(txn, arg, T0, "uid 0");
}

static void
test_identity_removed(void **state)
{
	struct fixture *f = *state;
	char allow[] = "allow", name[] = "device-00112233";
	struct step s = {
	    .serial = "A-1", .now = T0, .wire_name = name, .identity_id = 1};
	struct seen seen = {0};

	add_maker(f, allow);
	assert_int_equal(0, in_txn(f->store, seen_run, &s));
	assert_int_equal(0, in_txn(f->store, identity_run, &s));
	assert_int_equal(0, in_txn(f->store, remove_identity_run, name));
	assert_int_equal(0, device_get(f->reader, s.id, look, &seen));
	assert_int_equal(0, seen.device.identity_id);
}

static int
events_run(struct store_txn *txn, void *arg)
{
	const struct step *s = arg;
	int err = 0;

	for (int i = 0; i < 250 && err == 0; i++) {
		char detail[16];
		const struct device_event event = {.at = T0 + i,
		    .kind = "voucher-status",
		    .good = i % 2 == 0,
		    .detail = detail};

		snprintf(detail, sizeof(detail), "%d", i);
		err = device_add_event(txn, s->id, &event);
	}
	return err;
}

static int
refusal_run(struct store_txn *txn, void *arg)
{
	const struct step *s = arg;
	const struct device_event event = {
	    .at = T0, .kind = "refused", .detail = "stolen"};

	return device_add_event(txn, s->id, &event);
}

struct events {
	int64_t n, n_refused, first, last;
};

static int
count_event(void *arg, const struct device_event *e)
{
	struct events *events = arg;

	events->n_refused += strcmp(e->kind, "refused") == 0;
	if (strcmp(e->kind, "refused") == 0)
		return 0;
	if (events->n++ == 0)
		events->first = e->at;
	events->last = e->at;
	return 0;
}

static void
test_events(void **state)
{
	struct fixture *f = *state;
	char allow[] = "allow";
	struct step s = {.serial = "A-1", .now = T0}, nobody = {.id = 7};
	struct events events = {0};

	add_maker(f, allow);
	assert_int_equal(-ERR_NOT_FOUND, in_txn(f->store, events_run, &nobody));
	assert_int_equal(0, in_txn(f->store, seen_run, &s));
	assert_int_equal(0, in_txn(f->store, refusal_run, &s));
	assert_int_equal(0, in_txn(f->store, events_run, &s));
	assert_int_equal(
	    0, device_events(f->reader, s.id, count_event, &events));
	assert_int_equal(DEVICE_EVENTS_MAX, events.n);
	assert_int_equal(T0 + 250 - DEVICE_EVENTS_MAX, events.first);
	assert_int_equal(T0 + 249, events.last);
	/* The device cannot push it out. */
	assert_int_equal(1, events.n_refused);
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(test_seen), T(test_idevid_stays),
	    T(test_state), T(test_identity), T(test_identity_removed),
	    T(test_events)};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
