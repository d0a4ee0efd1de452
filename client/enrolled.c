#include "client/enrolled.h"

#include "ca/key.h"

void
enrolled_fini(struct enrolled *enrolled)
{
	blob_fini(&enrolled->cert);
	key_pem_fini(&enrolled->key);
}

int
enrolled_copy(struct enrolled *out, const struct enrolled *from)
{
	struct enrolled copy = {0};
	int err;

	if (from->cert.len == 0)
		return 0;
	err = blob_copy(&copy.cert, blob_bytes(&from->cert));
	if (err == 0)
		err = blob_copy(&copy.key, blob_bytes(&from->key));
	if (err == 0)
		*out = copy;
	else
		enrolled_fini(&copy);
	return err;
}

enum enrolled_age
enrolled_age(const struct enrolled *enrolled, int64_t now)
{
	struct cert_info *info CLEANUP(freep) = NULL;
	int64_t life;

	if (enrolled->cert.len == 0)
		return ENROLLED_NONE;
	info = calloc(1, sizeof(*info));
	if (info == NULL ||
	    cert_parse(info, blob_bytes(&enrolled->cert), NULL) != 0 ||
	    now > info->not_after)
		return ENROLLED_OVER;
	life = info->not_after - info->not_before;
	return now - info->not_before >= life - life / 3 ? ENROLLED_DUE
							 : ENROLLED_FRESH;
}

int
enrolled_check(const struct enrolled *enrolled, struct reason *why)
{
	struct key *key = NULL;
	bool fits;

	if (key_from_pem(&key, blob_bytes(&enrolled->key)) != 0)
		return reason_set(why, -ERR_INVALID,
		    "the client certificate's key is no P-256 key");
	fits = key_is_of_cert(key, blob_bytes(&enrolled->cert));
	key_free(key);
	return fits ? 0
		    : reason_set(why, -ERR_INVALID,
			  "the client certificate is not of its key");
}
