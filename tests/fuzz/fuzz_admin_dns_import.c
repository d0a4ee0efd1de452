#include <string.h>

#include "ca/server_cert.h"
#include "tests/fuzz/admin.h"

#define NOW 1800000000

static void
check_certificate(const struct dns_entry *entry, struct bytes pem)
{
	static struct cert_info info;
	struct blob der CLEANUP(blob_fini) = {0};
	struct reason why = {""};
	size_t n_more;
	int err = server_cert_from_pem(&der, &n_more, pem, &why);

	fuzz_check_refusal(err, &why);
	FUZZ_CHECK((err == 0) == (der.data != NULL));
	if (err != 0)
		return;
	FUZZ_CHECK(n_more < CERT_LIST_MAX);
	err = server_cert_check(&info, blob_bytes(&der), entry->adn, NOW, &why);
	fuzz_check_refusal(err, &why);
	FUZZ_CHECK(err != 0 || names_has(&info.names, NAME_DNS, entry->adn));
	FUZZ_CHECK(err != 0 || !info.is_ca);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = {
	    "name", "labels", "addresses", "cert", NULL};
	static struct dns_entry entry;
	struct reason why = {""};
	struct bytes pem;
	json_t *body = fuzz_admin_body((struct bytes){data, size}, keys);
	int err;

	if (body == NULL)
		return 0;
	memset(&entry, 0, sizeof(entry));
	err = dns_import_body_read(&entry, &pem, body, &why);
	fuzz_check_refusal(err, &why);
	if (err == 0)
		check_certificate(&entry, pem);
	json_decref(body);
	return 0;
}
