/* A list of certificates one behind the other: those of /cacerts, and a
 * server's as the last one; all of them are untrusted intermediates too. */
#include "ca/trust.h"
#include "tests/fuzz/certs.h"
#include "tests/fuzz/fuzz.h"

#define NOW 1900000000 /* within the seeds' validity */

static void
check_leaf(const struct trust *trust, struct bytes leaf,
    const struct cert_list *untrusted)
{
	struct cert_info info;
	struct reason why = {""};
	int err = trust_verify_server(trust, leaf, untrusted, NOW, &why);

	fuzz_check_refusal(err, &why);
	if (err != 0)
		return;
	FUZZ_CHECK(cert_parse(&info, leaf, &why) == 0);
	FUZZ_CHECK(!info.is_ca && info.server_auth);
	FUZZ_CHECK(info.not_before <= NOW && info.not_after >= NOW);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cert_list all CLEANUP(cert_list_fini) = {0};
	struct cert_list cas;
	struct trust *trust;
	struct cert_info root;
	struct reason why = {""};
	int err;

	fuzz_cert_list(&all, (struct bytes){data, size});
	if (all.n == 0)
		return 0;
	cas = all;
	cas.n--;
	err = trust_from_certs(&trust, &cas, &why);
	fuzz_check_refusal(err, &why);
	if (err != 0)
		return 0;
	FUZZ_CHECK(cert_parse(&root, trust_root(trust), &why) == 0);
	FUZZ_CHECK(root.is_ca && root.self_issued);
	check_leaf(trust, blob_bytes(&all.items[all.n - 1]), NULL);
	check_leaf(trust, blob_bytes(&all.items[all.n - 1]), &all);
	trust_free(trust);
	return 0;
}
