#include "client/ctl_remote.h"

#include <string.h>

#include "base/clock.h"
#include "ca/digest.h"
#include "ca/trust.h"

/* The certificate that the token names, as the only anchor. */
static int
pinned_trust(struct trust **out, const struct ctl_verdict *verdict,
    const struct bytes *chain, size_t n, struct reason *why)
{
	struct cert_list root = {0};
	int err = 0;

	for (size_t i = 0; i < n && root.n == 0 && err == 0; i++) {
		uint8_t sha256[DIGEST_LEN];

		digest_sha256(sha256, chain[i]);
		if (digest_equal(sha256, verdict->root_sha256))
			err = cert_list_add(&root, chain[i]);
	}
	if (err == 0 && root.n == 0)
		err = reason_set(why, -ERR_REFUSED,
		    "the server does not present the root certificate that "
		    "the token names: it is another appliance, or somebody in "
		    "between");
	if (err == 0)
		err = trust_from_certs(out, &root, why);
	cert_list_fini(&root);
	return err;
}

static int
check_role(struct bytes leaf, struct reason *why)
{
	AUTOFREE struct cert_info *info = calloc(1, sizeof(*info));
	int err = info != NULL ? cert_parse(info, leaf, why) : -ERR_NOMEM;

	if (err == 0 && !info->cmc_ra)
		err = reason_set(why, -ERR_REFUSED,
		    "RFC 7030 3.6.1: the server's certificate is not an EST "
		    "server's: its extended key usage lacks id-kp-cmcRA");
	return err;
}

static int
judge(const struct ctl_verdict *verdict, const struct bytes *chain, size_t n,
    struct reason *why)
{
	struct cert_list sent = {0};
	struct trust *trust = NULL;
	int err = pinned_trust(&trust, verdict, chain, n, why);

	for (size_t i = 1; i < n && err == 0; i++)
		err = cert_list_add(&sent, chain[i]);
	if (err == 0)
		err = trust_verify_server(
		    trust, chain[0], &sent, clock_now(), why);
	if (err == 0)
		err = check_role(chain[0], why);
	cert_list_fini(&sent);
	trust_free(trust);
	return err;
}

int
ctl_remote_judge(
    void *arg, const struct bytes *chain, size_t n, struct reason *why)
{
	struct ctl_verdict *verdict = arg;
	struct reason inner = {""};
	int err = n != 0 ? judge(verdict, chain, n, &inner)
			 : reason_set(&inner, -ERR_REFUSED,
			       "the server presents no certificate");

	if (err == 0)
		return 0;
	if (inner.text[0] == '\0')
		reason_set(&inner, err, "%s", err_text(err));
	verdict->why = inner;
	/* why may be verdict->why itself. */
	return reason_set(why, err, "%s", inner.text);
}
