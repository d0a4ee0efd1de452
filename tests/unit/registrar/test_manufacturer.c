/* Manufacturers from the administrator's change to the device that is known by
 * them. */
#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/log.h"
#include "ca/signer_process.h"
#include "registrar/manufacturer_change.h"
#include "registrar/pledge.h"
#include "tests/unit/ca/craft.h"
#include "tests/unit/registrar/support.h"

static struct office *office;

static void
change_done(struct maker_change *change)
{
	(void)change;
	sem_post(&office->done);
}

static int
change(struct office *o, struct maker_change *c)
{
	int err;

	c->registrar = o->registrar;
	c->done = change_done;
	strcpy(c->actor, "uid 7");
	office = o;
	err = registrar_maker_change(c);
	if (err != 0)
		return err;
	sem_wait(&o->done);
	return c->result;
}

/* A manufacturer's CA, and devices of it. */
struct works {
	struct crafted root, intermediate, device;
	struct buf pem;
};

static void
works_open(struct works *w, const char *name, const char *serial)
{
	const struct craft root = {.cn = name, .exts = {CRAFT_CA}},
			   intermediate = {.cn = "works",
			       .issuer = &w->root,
			       .exts = {CRAFT_CA}},
			   device = {.cn = "thing",
			       .serial_number = serial,
			       .issuer = &w->intermediate};

	memset(w, 0, sizeof(*w));
	craft_cert(&w->root, &root);
	craft_cert(&w->intermediate, &intermediate);
	craft_cert(&w->device, &device);
	assert_int_equal(0, cert_to_pem(&w->pem, blob_bytes(&w->root.der)));
}

static void
works_close(struct works *w)
{
	crafted_fini(&w->device);
	crafted_fini(&w->intermediate);
	crafted_fini(&w->root);
	buf_fini(&w->pem);
}

static struct pledge *
pledge(struct office *o, const struct crafted *device, const struct works *w)
{
	struct cert_list chain = {0};
	struct blob der = {0};
	struct pledge *p = NULL;

	assert_int_equal(0, blob_copy(&der, blob_bytes(&device->der)));
	craft_list_add(&chain, &w->intermediate);
	assert_int_equal(0, pledge_new(&p, o->registrar, &der, &chain));
	assert_null(der.data);
	return p;
}

static int
add(struct office *o, const char *name, const struct works *w,
    const char *pattern)
{
	struct maker_change c = {.kind = MAKER_ADD,
	    .values = {.name = name,
		.anchors = buf_text(&w->pem),
		.serial_pattern = pattern,
		.masa_credential = "user:secret"}};

	return change(o, &c);
}

static void
test_known(void **state)
{
	struct office *o = *state;
	struct works acme, other;
	struct pledge *p;

	works_open(&acme, "Acme", "SN:17");
	works_open(&other, "Other", "A-1");
	p = pledge(o, &acme.device, &acme);
	assert_int_equal(-ERR_NOT_FOUND, p->result);
	assert_null(p->maker);
	pledge_free(p);
	assert_int_equal(0, add(o, "Other", &other, NULL));
	assert_int_equal(0, add(o, "Acme", &acme, "SN:{}"));
	p = pledge(o, &acme.device, &acme);
	assert_int_equal(0, p->result);
	assert_string_equal("Acme", p->maker->row.name);
	assert_string_equal("17", p->serial_number);
	assert_string_equal("SN:17", p->idevid.serial_number);
	assert_string_equal("user:secret", p->maker->row.masa_credential);
	assert_string_equal("ask", p->maker->row.policy);
	pledge_free(p);
	p = pledge(o, &other.device, &other);
	assert_int_equal(0, p->result);
	assert_string_equal("Other", p->maker->row.name);
	assert_string_equal("A-1", p->serial_number);
	pledge_free(p);
	works_close(&other);
	works_close(&acme);
}

/* Not by a name that it gives its issuer. */
static void
test_forged(void **state)
{
	struct office *o = *state;
	struct works acme, forger;
	struct pledge *p;

	works_open(&acme, "Acme", "17");
	works_open(&forger, "Acme", "17");
	assert_int_equal(0, add(o, "Acme", &acme, NULL));
	p = pledge(o, &forger.device, &forger);
	assert_int_equal(-ERR_NOT_FOUND, p->result);
	assert_true(strlen(p->why.text) > 0);
	assert_string_equal("", p->serial_number);
	pledge_free(p);
	/* Nor with the true maker's intermediate beside it. */
	p = pledge(o, &forger.device, &acme);
	assert_int_equal(-ERR_NOT_FOUND, p->result);
	pledge_free(p);
	works_close(&forger);
	works_close(&acme);
}

/* [RFC8995 2.3.1] */
static void
test_serial_numbers(void **state)
{
	struct office *o = *state;
	struct maker_change source = {.kind = MAKER_CHANGE,
	    .values = {.name = "Acme", .serial_source = "hardware-module"}};
	struct works acme;
	struct pledge *p;
	struct blob odd = {0};
	struct cert_list none = {0};

	works_open(&acme, "Acme", "17");
	assert_int_equal(0, add(o, "Acme", &acme, "SN:{}"));
	p = pledge(o, &acme.device, &acme);
	assert_int_equal(-ERR_REFUSED, p->result);
	assert_non_null(strstr(p->why.text, "pattern"));
	assert_non_null(p->maker);
	pledge_free(p);
	assert_int_equal(0, change(o, &source));
	p = pledge(o, &acme.device, &acme);
	assert_int_equal(-ERR_REFUSED, p->result);
	assert_non_null(strstr(p->why.text, "hardwareModuleName"));
	pledge_free(p);
	assert_int_equal(
	    0, blob_copy(&odd, (struct bytes){(const uint8_t *)"0", 1}));
	assert_int_equal(0, pledge_new(&p, o->registrar, &odd, &none));
	assert_int_equal(-ERR_INVALID, p->result);
	pledge_free(p);
	works_close(&acme);
}

/* Who holds one goes on with it; who asks later gets what is stored then. */
static void
test_replaced(void **state)
{
	struct office *o = *state;
	struct maker_change policy = {.kind = MAKER_CHANGE,
				.values = {.name = "Acme",
				    .policy = "list",
				    .serials = "17\nA-*"}},
			    gone = {.kind = MAKER_REMOVE,
				.values = {.name = "Acme"}},
			    again = gone;
	struct works acme;
	struct maker *before, *after;

	works_open(&acme, "Acme", "17");
	assert_int_equal(0, add(o, "Acme", &acme, NULL));
	assert_int_equal(-ERR_EXISTS, add(o, "Acme", &acme, NULL));
	assert_int_equal(0, maker_by_name(&before, o->registrar, "Acme"));
	assert_int_equal(0, change(o, &policy));
	assert_int_equal(0, maker_by_id(&after, o->registrar, before->row.id));
	assert_string_equal("ask", before->row.policy);
	assert_false(maker_lists(before, "17"));
	assert_string_equal("list", after->row.policy);
	assert_true(maker_lists(after, "17"));
	assert_true(maker_lists(after, "A-5"));
	assert_false(maker_lists(after, "170"));
	/* What was not given stays. */
	assert_string_equal("user:secret", after->row.masa_credential);
	assert_int_equal(1, after->anchors.n);
	assert_int_equal(0, after->voucher_anchors.n);
	maker_unref(after);
	assert_int_equal(0, change(o, &gone));
	assert_int_equal(-ERR_NOT_FOUND, change(o, &again));
	assert_int_equal(
	    -ERR_NOT_FOUND, maker_by_name(&after, o->registrar, "Acme"));
	assert_string_equal("Acme", before->row.name);
	maker_unref(before);
	works_close(&acme);
}

/* A connection does not outlive the trust that it began with. */
static void
test_no_longer_current(void **state)
{
	struct office *o = *state;
	struct maker_change anchors = {
	    .kind = MAKER_CHANGE, .values = {.name = "Acme"}};
	struct works acme, other;
	struct pledge *p, *unknown;

	works_open(&acme, "Acme", "17");
	works_open(&other, "Other", "17");
	assert_int_equal(0, add(o, "Acme", &acme, NULL));
	p = pledge(o, &acme.device, &acme);
	unknown = pledge(o, &other.device, &other);
	assert_true(pledge_is_current(p, o->registrar));
	anchors.values.anchors = buf_text(&other.pem);
	assert_int_equal(0, change(o, &anchors));
	assert_false(pledge_is_current(p, o->registrar));
	assert_true(pledge_is_current(unknown, o->registrar));
	pledge_free(p);
	pledge_free(unknown);
	works_close(&other);
	works_close(&acme);
}

static void
test_refused(void **state)
{
	struct office *o = *state;
	struct works acme;
	struct maker_change leaf = {.kind = MAKER_ADD},
			    list = {.kind = MAKER_ADD};
	struct buf pem = {0};

	works_open(&acme, "Acme", "17");
	assert_int_equal(0, cert_to_pem(&pem, blob_bytes(&acme.device.der)));
	leaf.values =
	    (struct manufacturer){.name = "x", .anchors = buf_text(&pem)};
	assert_int_equal(-ERR_INVALID, change(o, &leaf));
	assert_non_null(strstr(leaf.why.text, "not a CA certificate"));
	list.values = (struct manufacturer){
	    .name = "x", .policy = "list", .anchors = buf_text(&acme.pem)};
	assert_int_equal(-ERR_REFUSED, change(o, &list));
	assert_int_equal(
	    0, sql_number(o->db->path, "SELECT count(*) FROM manufacturer"));
	assert_int_equal(
	    0, sql_number(o->db->path, "SELECT count(*) FROM audit"));
	buf_fini(&pem);
	works_close(&acme);
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, office_setup, office_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {T(test_known), T(test_forged),
	    T(test_serial_numbers), T(test_replaced), T(test_no_longer_current),
	    T(test_refused)};

	if (signer_is_called(argc, argv))
		return signer_main(argv);
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
