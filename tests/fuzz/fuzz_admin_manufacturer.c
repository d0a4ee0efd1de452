/* A manufacturer's values as the API takes them, and what judges them. */
#include <string.h>

#include "registrar/manufacturer_check.h"
#include "tests/fuzz/admin.h"

/* What was not given is as in an entry that is empty. */
static void
judge(struct manufacturer *m)
{
	struct reason why = {""};
	int err;

	for (size_t i = 0; i < MANUFACTURER_TEXTS; i++)
		if (*manufacturer_text(m, i) == NULL)
			*manufacturer_text(m, i) = "";
	if (m->masa_credential == NULL)
		m->masa_credential = "";
	err = manufacturer_check(m, &why);
	fuzz_check_refusal(err, &why);
	FUZZ_CHECK(err != 0 || m->anchors[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = {"name", "policy", "serials",
	    "serial_source", "serial_pattern", "anchors", "masa_url",
	    "masa_hosts", "masa_private", "masa_tls_anchors", "voucher_anchors",
	    "masa_credential", "cose_type", "base64_bodies", "plain_root",
	    "known_domains", "nonceless", "enrollment", "allow_names", NULL};
	struct maker_change change = {.kind = MAKER_ADD};
	struct maker_body body = {
	    .json = fuzz_admin_body((struct bytes){data, size}, keys)};
	struct reason why = {""};
	int err;

	if (body.json == NULL)
		return 0;
	err = maker_body_read(&change, &body, &why);
	fuzz_check_refusal(err, &why);
	if (err == 0)
		judge(&change.values);
	maker_body_fini(&body);
	return 0;
}
