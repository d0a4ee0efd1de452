#include "tests/unit/client/support.h"

#include <string.h>

#include "client/resolvers.h"
#include "tests/unit/client/certs.h"
#include "tests/unit/cmocka.h"

void
certs_of(struct cert_list *out, const char *pem)
{
	struct reason why = {""};

	memset(out, 0, sizeof(*out));
	assert_int_equal(
	    0, cert_list_from_pem(out,
		   (struct bytes){(const uint8_t *)pem, strlen(pem)}, &why));
}

struct trust *
trust_of(const char *pem)
{
	struct cert_list certs;
	struct trust *trust = NULL;
	struct reason why = {""};

	certs_of(&certs, pem);
	assert_int_equal(0, trust_from_certs(&trust, &certs, &why));
	cert_list_fini(&certs);
	return trust;
}

void
make_state(struct network_state *out)
{
	struct trust *trust = trust_of(PEM_ROOT PEM_ISSUING);
	struct cert_list eecerts;
	struct reason why = {""};

	memset(out, 0, sizeof(*out));
	strcpy(out->name, "home");
	strcpy(out->server_name, "est.example.net");
	out->opted_in = NOW;
	out->joined_at = NOW - 1;
	certs_of(&out->anchor, PEM_ROOT PEM_ISSUING);
	trust_root_sha256(trust, out->root_sha256);
	certs_of(&eecerts, PEM_DNS PEM_NEXT);
	assert_int_equal(0, resolvers_from_eecerts(
				&out->resolvers, &eecerts, trust, NOW, &why));
	assert_int_equal(3, out->resolvers.n);
	for (size_t i = 0; i < out->resolvers.n; i++)
		resolver_set_defaults(&out->resolvers.items[i]);
	assert_int_equal(
	    0, ip_parse(&out->resolvers.items[0].addresses[0], "192.0.2.1"));
	out->resolvers.items[0].n_addresses = 1;
	cert_list_fini(&eecerts);
	trust_free(trust);
}
