#include <string.h>

#include "tests/fuzz/admin.h"

static void
check_issue(const struct dns_issue *issue)
{
	FUZZ_CHECK(domain_is_valid(issue->entry.adn));
	FUZZ_CHECK(issue->entry.n_services <= DNS_LABELS_MAX);
	FUZZ_CHECK(issue->entry.n_addresses <= DNS_ADDRESSES_MAX);
	for (size_t i = 0; i < issue->entry.n_services; i++) {
		const struct dns_service_request *s = &issue->entry.services[i];

		FUZZ_CHECK(strcmp(s->label, "domain-s") == 0 ||
			   strcmp(s->label, "doh") == 0);
		FUZZ_CHECK(s->port != 0);
	}
	for (size_t i = 0; i < issue->entry.n_addresses; i++)
		FUZZ_CHECK(issue->entry.addresses[i].len == 4 ||
			   issue->entry.addresses[i].len == 16);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = {
	    "name", "labels", "addresses", "csr", NULL};
	static struct dns_issue issue;
	struct reason why = {""};
	struct csr *csr = NULL;
	json_t *body = fuzz_admin_body((struct bytes){data, size}, keys);
	int err;

	if (body == NULL)
		return 0;
	memset(&issue, 0, sizeof(issue));
	err = dns_issue_body_read(&issue, &csr, body, &why);
	fuzz_check_refusal(err, &why);
	FUZZ_CHECK((err == 0) == (csr != NULL));
	if (err == 0)
		check_issue(&issue);
	csr_free(csr);
	json_decref(body);
	return 0;
}
