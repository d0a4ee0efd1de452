#include "tests/unit/cmocka.h"

#include <string.h>

#include "voucher/format.h"

#define CMS "application/voucher-cms+json"
#define JWS "application/voucher-jws+json"
#define COSE "application/voucher+cose"
#define OLD_COSE "application/voucher-cose+cbor"

static void
test_media_types(void **state)
{
	struct {
		const char *text;
		enum voucher_format format;
	} cases[] = {{CMS, VOUCHER_CMS_JSON}, {JWS, VOUCHER_JWS_JSON},
	    {COSE, VOUCHER_COSE_CBOR}, {OLD_COSE, VOUCHER_COSE_CBOR},
	    {"application/cose", VOUCHER_COSE_CBOR},
	    {"application/cose; cose-type=\"cose-sign1\"", VOUCHER_COSE_CBOR},
	    {"Application/Voucher-CMS+JSON", VOUCHER_CMS_JSON},
	    {" " CMS " ;charset=utf-8", VOUCHER_CMS_JSON}};
	static const char *const unknown[] = {"", " ", ";", "*/*",
	    "application/*", "application/json", "application/voucher-cms",
	    "application/voucher-cms+jsonx", "xapplication/voucher+cose",
	    (CMS "," JWS),
	    ("application/voucher-cms+json-and-a-very-long-tail-that-fits-no-"
	     "buffer-of-ours-at-all-because-it-is-so-long")};
	enum voucher_format format;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(voucher_format_of(&format, cases[i].text), 0);
		assert_int_equal(format, cases[i].format);
	}
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
		if (voucher_format_of(&format, unknown[i]) != -ERR_NOT_FOUND)
			fail_msg("\"%s\" is taken", unknown[i]);
	assert_string_equal(voucher_media_type(VOUCHER_CMS_JSON), CMS);
	assert_string_equal(voucher_media_type(VOUCHER_JWS_JSON), JWS);
	assert_string_equal(voucher_media_type(VOUCHER_COSE_CBOR), COSE);
}

struct accept {
	const char *header;
	const char *chosen; /* NULL: nothing */
};

/* [RFC9110 12.5.1] What is answered to a request in CMS. */
static const struct accept accepts[] = {
    {NULL, CMS},
    {CMS, CMS},
    {JWS, JWS},
    {COSE, COSE},
    {OLD_COSE, OLD_COSE},
    {"application/cose", "application/cose"},
    {"application/VOUCHER-jws+json", JWS},
    {JWS ", " COSE, JWS},
    {COSE "," JWS, COSE},
    {OLD_COSE ", " COSE, OLD_COSE},
    {JWS ", " CMS, CMS},
    {JWS ";q=0.5, " COSE ";q=0.6", COSE},
    {JWS ";q=0.5, " CMS ";q=0.4", JWS},
    {JWS ";q=1.000, " CMS ";q=0.999", JWS},
    {JWS ";q=0.001", JWS},
    {JWS " ; q=0.5 , " COSE "\t;\tQ=0.7", COSE},
    {COSE ";v=1;q=0.1, " JWS ";v=2;q=0.2;ext=3", JWS},
    {COSE ";cose-type=\"x\", text/plain", COSE},
    {",, ," JWS ",,", JWS},
    /* Wildcards. */
    {"*/*", CMS},
    {"application/*", CMS},
    {"Application/*;q=0.1", CMS},
    {JWS ";q=0.9, */*;q=0.8", JWS},
    {JWS ";q=0.2, */*;q=0.8", CMS},
    {JWS ", */*", CMS},
    {"*/*, " CMS ";q=0", JWS},
    {CMS ";q=0, application/*;q=0.5", JWS},
    {CMS ";q=0, application/*;q=0.5, " COSE ";q=0.6", COSE},
    {"application/*;q=0, */*", NULL},
    {"application/*;q=0, */*, " JWS, JWS},
    {"text/*, */json", NULL},
    /* Nothing. */
    {"", NULL},
    {" ", NULL},
    {"text/html", NULL},
    {"application/json", NULL},
    {CMS ";q=0", NULL},
    {CMS ";q=0.000", NULL},
    {CMS ";q=0.", NULL},
    /* [RFC9110 12.4.2] A malformed quality is none. */
    {CMS ";q=", NULL},
    {CMS ";q= 1", NULL},
    {CMS ";q=x, " JWS ";q=0.1", JWS},
    {CMS ";q=1.1", NULL},
    {CMS ";q=1.001", NULL},
    {CMS ";q=2", NULL},
    {CMS ";q=-1", NULL},
    {CMS ";q=0.1234", NULL},
    {CMS ";q=1e0", NULL},
    {CMS ";q=0x1", NULL},
    {CMS ";q=nan", NULL},
    {CMS ";q=.5", NULL},
    {CMS ";q=0,5", NULL},
    {CMS ";q", CMS},
    {CMS ";", CMS},
    {CMS ";qq=0", CMS},
    {"*", NULL},
    {"/", NULL},
    {"*/voucher-cms+json", NULL},
};

static void
test_accept(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(accepts); i++) {
		const struct accept *accept = &accepts[i];
		enum voucher_format format = VOUCHER_CMS_JSON, named;
		const char *type = "nothing";
		int err = voucher_format_accept(
		    &format, &type, accept->header, VOUCHER_CMS_JSON);

		if (err != (accept->chosen != NULL ? 0 : -ERR_NOT_FOUND) ||
		    (accept->chosen != NULL &&
			strcmp(type, accept->chosen) != 0))
			fail_msg("\"%s\": %d, %s", accept->header, err, type);
		if (err != 0)
			continue;
		assert_int_equal(voucher_format_of(&named, type), 0);
		assert_int_equal(named, format);
	}
}

/* To one in COSE. */
static void
test_accept_cose(void **state)
{
	static const struct accept cases[] = {{NULL, COSE}, {"*/*", COSE},
	    {CMS ", " OLD_COSE, OLD_COSE}, {CMS ", */*;q=0.1", CMS}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		enum voucher_format format;
		const char *type = "";

		assert_int_equal(voucher_format_accept(&format, &type,
				     cases[i].header, VOUCHER_COSE_CBOR),
		    0);
		assert_string_equal(type, cases[i].chosen);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_media_types),
	    cmocka_unit_test(test_accept),
	    cmocka_unit_test(test_accept_cose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
