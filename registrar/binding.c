#include "registrar/binding.h"

#include <string.h>

#include "base/base64.h"

/* [RFC7030 3.5] On TLS 1.3, where tls-unique is not defined, tls-exporter takes
 * its place (RFC 9266), as RFC 9148 3 has it. */
static int
compare(const struct blob *value, const struct tls_binding *binding,
    struct reason *why)
{
	if (binding->len == 0)
		return reason_set(why, -ERR_INVALID,
		    "RFC 7030 3.5: this TLS 1.2 connection is without the "
		    "extended master secret (RFC 7627), so its tls-unique "
		    "binds nothing: leave the challengePassword out, or use "
		    "TLS 1.3");
	if (value->len != binding->len)
		return reason_set(why, -ERR_INVALID,
		    "RFC 7030 3.5: the challengePassword holds %zu bytes, "
		    "where %s has %zu",
		    value->len, binding->type, binding->len);
	if (memcmp(value->data, binding->data, value->len) != 0)
		return reason_set(why, -ERR_INVALID,
		    "RFC 7030 3.5: the challengePassword is not the %s of this "
		    "TLS connection: the request was made for another one",
		    binding->type);
	return 0;
}

int
binding_check(const char *challenge, const struct tls_binding *binding,
    bool required, struct reason *why)
{
	struct blob value = {0};
	int err;

	if (challenge[0] == '\0') {
		if (!required)
			return 0;
		return reason_set(why, -ERR_REFUSED,
		    "RFC 7030 3.5: this server requires the request to hold "
		    "the connection's %s, in base64, as challengePassword "
		    "(est.channel_binding)",
		    binding->type);
	}
	err = base64_decode(&value, challenge, strlen(challenge));
	if (err == -ERR_INVALID)
		return reason_set(why, err,
		    "RFC 7030 3.5: the challengePassword is not base64: in EST "
		    "it is the connection's %s, and no password",
		    binding->type);
	if (err == 0)
		err = compare(&value, binding, why);
	blob_fini(&value);
	return err;
}
