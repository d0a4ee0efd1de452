/* Published IDevIDs, and that a registrar makes of them what the published
 * registrar's requests hold. */
#include "tests/unit/cmocka.h"

#include <string.h>

#include "ca/idevid.h"
#include "tests/unit/voucher/vectors.h"
#include "voucher/artifact.h"

#define COSE_EXAMPLES "constrained-voucher/cose-examples/"
#define IN_2024 1710000000

struct vector {
	const char *file;
	const char *serial_number, *masa_url;
	const char *hw_serial;
	size_t issuer_len;
};

static const struct vector vectors[] = {
    {"rfc8995-appC/idevid_00-D0-E5-F2-00-02.crt", "00-D0-E5-F2-00-02",
	"highway-test.example.com:9443", "", 26},
    {"rfc8366bis/00-D0-E5-F2-00-02.crt", "00-D0-E5-F2-00-02",
	"highway-test.example.com:9443", "", 26},
    {"rfc8366bis/idevid1-example.pem", "PID:CHIMAY-U-AC SN:FDO27361XTF", "", "",
	26},
    {COSE_EXAMPLES "pledge.pem", "JADA123456789", "masa.stok.nl", "", 26},
    {"constrained-voucher/device_00-D0-E5-F2-00-03.crt", "00-D0-E5-F2-00-03",
	"", "", 26},
};

static void
read_idevid(struct idevid *out, struct blob *der, const char *file)
{
	struct reason why = {""};

	vector_read_cert(der, file);
	if (idevid_parse(out, blob_bytes(der), &why) != 0)
		fail_msg("%s: %s", file, why.text);
}

static void
test_published(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		const struct vector *vector = &vectors[i];
		struct idevid idevid;
		struct blob der = {0};

		read_idevid(&idevid, &der, vector->file);
		if (strcmp(idevid.serial_number, vector->serial_number) != 0 ||
		    strcmp(idevid.masa_url, vector->masa_url) != 0 ||
		    strcmp(idevid.hw_serial, vector->hw_serial) != 0)
			fail_msg("%s: %s, %s, %s", vector->file,
			    idevid.serial_number, idevid.masa_url,
			    idevid.hw_serial);
		assert_int_equal(idevid.issuer.len, vector->issuer_len);
		assert_memory_equal(
		    idevid.issuer.data, "\x04\x18\x30\x16\x80\x14", 6);
		idevid_fini(&idevid);
		blob_fini(&der);
	}
}

static void
test_truncated_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct blob der = {0};

		vector_read_cert(&der, vectors[i].file);
		for (size_t len = 0; len < der.len; len++) {
			struct blob cut = {0};
			struct reason why = {""};
			struct idevid idevid;

			assert_int_equal(
			    blob_copy(&cut, (struct bytes){der.data, len}), 0);
			assert_int_not_equal(
			    idevid_parse(&idevid, blob_bytes(&cut), &why), 0);
			assert_true(why.text[0] != '\0');
			blob_fini(&cut);
		}
		blob_fini(&der);
	}
}

/* idevid-issuer is the whole extnValue of the pledge's authority key
 * identifier. */
static void
test_issuer_as_in_requests(void **state)
{
	const struct voucher_open_params params = {
	    .format = VOUCHER_COSE_CBOR, .kind = VOUCHER_REQUEST};
	struct blob artifact = {0}, der = {0};
	struct voucher_opened rvr;
	struct reason why = {""};
	struct idevid idevid;

	(void)state;
	vector_read(&artifact, COSE_EXAMPLES "rvr.cbor");
	if (voucher_open(&rvr, blob_bytes(&artifact), &params, &why) != 0)
		fail_msg("%s", why.text);
	read_idevid(&idevid, &der, COSE_EXAMPLES "pledge.pem");
	assert_true(bytes_equal(
	    blob_bytes(&rvr.v.idevid_issuer), blob_bytes(&idevid.issuer)));
	assert_string_equal(rvr.v.serial_number, idevid.serial_number);
	idevid_fini(&idevid);
	voucher_opened_fini(&rvr);
	blob_fini(&artifact);
	blob_fini(&der);
}

/* Up to the manufacturer's CA, and to nobody else's. */
static void
test_paths(void **state)
{
	struct cert_list anchors = {.n = 1}, others = {.n = 1};
	struct reason why = {""};
	struct blob der = {0};

	(void)state;
	vector_read_cert(&der, COSE_EXAMPLES "pledge.pem");
	vector_read_cert(&anchors.items[0], COSE_EXAMPLES "masa_ca.pem");
	vector_read_cert(&others.items[0], COSE_EXAMPLES "domain_ca.pem");
	if (idevid_verify(blob_bytes(&der), NULL, &anchors, IN_2024, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(
	    idevid_verify(blob_bytes(&der), NULL, &others, IN_2024, &why),
	    -ERR_REFUSED);
	blob_fini(&anchors.items[0]);
	blob_fini(&others.items[0]);
	blob_fini(&der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_published),
	    cmocka_unit_test(test_truncated_refused),
	    cmocka_unit_test(test_issuer_as_in_requests),
	    cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
