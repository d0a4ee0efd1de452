#include "tests/unit/ca/signer_support.h"

#include "tests/unit/cmocka.h"

#include <string.h>

int
fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct signer_config config = {.server_name = CRAFT_SERVER};
	struct reason why = {""};

	craft_ca_create(&f->ca);
	config.ca_dir = f->ca.dir;
	config.per_hour[PROFILE_DNS_SERVER] = 10000;
	if (signer_start(&f->signer, &config, &why) != 0)
		fail_msg("%s", why.text);
	*state = f;
	return 0;
}

int
fixture_teardown(void **state)
{
	struct fixture *f = *state;

	signer_stop(f->signer);
	craft_ca_remove(&f->ca);
	free(f);
	return 0;
}

void
request_free(struct signer_request *request)
{
	blob_fini(&request->cert);
	free(request);
}

void
request_set_csr(struct signer_request *request, const struct craft_csr *craft)
{
	struct blob der = {0};

	craft_csr(&der, craft);
	assert_true(der.len <= sizeof(request->csr));
	memcpy(request->csr, der.data, der.len);
	request->csr_len = der.len;
	blob_fini(&der);
}
