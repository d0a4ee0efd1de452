#include "client/enroll.h"

#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/log.h"
#include "ca/key.h"

int
enroll_check_wish(const struct csrattrs_wish *wish, struct reason *why)
{
	if (wish->other_key[0] != '\0' && !wish->p256)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 7030 4.5.2: the server wants a key of the type %s; "
		    "this program makes P-256 keys",
		    wish->other_key);
	if (wish->names)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 9908 3.2: the server wants names in the request: this "
		    "identity is for a DNS server, not for an endpoint");
	return 0;
}

static int
ask_attributes(struct est_session *session, struct reason *why)
{
	struct csrattrs_wish wish;
	struct blob der = {0};
	int err = est_get_csrattrs(&der, session, why);

	if (err == 0)
		err = csrattrs_decode(&wish, blob_bytes(&der), why);
	if (err == 0)
		err = enroll_check_wish(&wish, why);
	blob_fini(&der);
	return err;
}

/* [RFC7030 3.5] [RFC9266 2] Always: a server need not require it. */
static int
make_request(struct blob *csr, const struct key *key,
    const struct enroll_params *params, const struct tls_binding *binding,
    struct reason *why)
{
	struct buf challenge = {0};
	int err = base64_encode(
	    &challenge, (struct bytes){binding->data, binding->len}, 0);

	if (err == 0 && params->renews != NULL)
		err = key_make_renewal_csr(csr, key,
		    blob_bytes(&params->renews->cert), buf_text(&challenge));
	else if (err == 0 && params->serial_number != NULL)
		err = key_make_device_csr(
		    csr, key, params->serial_number, buf_text(&challenge));
	else if (err == 0)
		err = key_make_est_csr(
		    csr, key, params->common_name, buf_text(&challenge));
	buf_fini(&challenge);
	return err == 0 ? 0
			: reason_set(why, err, "certification request: %s",
			      err_text(err));
}

static const char *
operation_of(const struct enroll_params *params)
{
	return params->renews != NULL ? "simplereenroll" : "simpleenroll";
}

static int
pending(const char *operation, int64_t retry_after_s, int64_t wait_max_s,
    struct reason *why)
{
	if (retry_after_s == 0)
		return reason_set(why, -ERR_BUSY,
		    "%s: the request waits for approval (HTTP status 202), and "
		    "the server does not say for how long",
		    operation);
	return reason_set(why, -ERR_BUSY,
	    "%s: the request waits for approval (HTTP status 202); the server "
	    "wants to be asked again in %lld s, and this program does not wait "
	    "longer than %lld s",
	    operation, (long long)retry_after_s, (long long)wait_max_s);
}

/* The connection that a request goes over. */
struct route {
	struct est_session *session;
	const struct tls_binding *binding;
};

static int
post(struct cert_list *out, int64_t *retry_after_s, const struct route *route,
    const struct key *key, const struct enroll_params *params,
    struct reason *why)
{
	struct blob csr = {0};
	int r = make_request(&csr, key, params, route->binding, why);

	if (r == 0)
		r = est_post_csr(out, retry_after_s, route->session,
		    operation_of(params), blob_bytes(&csr), why);
	blob_fini(&csr);
	return r;
}

static int
wait_for_approval(struct route *route, int64_t seconds,
    const struct enroll_params *params, struct reason *why)
{
	log_info(
	    "enrollment pending", "retry_after_s=%lld", (long long)seconds);
	clock_sleep(seconds);
	if (params->reconnect == NULL || seconds <= ENROLL_KEEP_OPEN_S)
		return 0;
	return params->reconnect(
	    params->reconnect_arg, &route->session, &route->binding, why);
}

/* [RFC7030 4.2.3] The same request again: of the same key, and bound to the
 * connection that it goes over. */
static int
post_patiently(struct cert_list *out, struct est_session *session,
    const struct key *key, const struct enroll_params *params,
    struct reason *why)
{
	int64_t wait_max_s =
	    params->wait_max_s > 0 ? params->wait_max_s : ENROLL_WAIT_MAX_S;
	struct route route = {session, params->binding};
	int64_t retry_after_s = 0, waited_s = 0;

	for (;;) {
		int r = post(out, &retry_after_s, &route, key, params, why);

		if (r != EST_PENDING)
			return r;
		if (retry_after_s == 0 || retry_after_s > wait_max_s - waited_s)
			return pending(operation_of(params), retry_after_s,
			    wait_max_s, why);
		r = wait_for_approval(&route, retry_after_s, params, why);
		if (r != 0)
			return r;
		waited_s += retry_after_s;
	}
}

/* [RFC7030 4.2.2] What the CA made of it must be the same, too. */
static int
check_same(const struct cert_info *info, const struct enrolled *renews,
    struct reason *why)
{
	struct cert_info *old CLEANUP(freep) = calloc(1, sizeof(*old));
	int err = old == NULL ? -ERR_NOMEM
			      : cert_parse(old, blob_bytes(&renews->cert), why);

	if (err != 0)
		return err;
	if (strcmp(old->subject, info->subject) != 0 ||
	    !names_equal(&old->names, &info->names))
		return reason_set(why, -ERR_REFUSED,
		    "RFC 7030 4.2.2: the renewed certificate's subject or "
		    "names differ from those before");
	return 0;
}

static int
check_answer(const struct enrolled *enrolled, struct bytes cert,
    const struct enroll_params *params, struct reason *why)
{
	struct cert_info *info CLEANUP(freep) = calloc(1, sizeof(*info));
	struct reason inner = {""};
	struct key *key = NULL;
	bool fits;
	int err = info == NULL ? -ERR_NOMEM : cert_parse(info, cert, why);

	if (err == 0)
		err = key_from_pem(&key, blob_bytes(&enrolled->key));
	if (err != 0)
		return err;
	fits = key_is_of_cert(key, cert);
	key_free(key);
	if (!fits)
		return reason_set(why, -ERR_REFUSED,
		    "the issued certificate is for another key");
	err = trust_verify_client(params->trust, cert, params->now, &inner);
	if (err != 0)
		return reason_set(
		    why, err, "the issued certificate: %.200s", inner.text);
	return params->renews != NULL ? check_same(info, params->renews, why)
				      : 0;
}

int
enroll_accept(struct enrolled *out, const struct cert_list *certs,
    const struct enroll_params *params, struct reason *why)
{
	struct bytes cert;
	int err;

	if (certs->n != 1)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 7030 4.2.3: the answer holds %zu certificates, not "
		    "the issued one alone",
		    certs->n);
	cert = blob_bytes(&certs->items[0]);
	err = check_answer(out, cert, params, why);
	return err != 0 ? err : blob_copy(&out->cert, cert);
}

static int
certify(struct enrolled *out, const struct key *key,
    struct est_session *session, const struct enroll_params *params,
    struct reason *why)
{
	struct cert_list certs = {0};
	int err = post_patiently(&certs, session, key, params, why);

	if (err == 0)
		err = key_to_pem(&out->key, key);
	if (err == 0)
		err = enroll_accept(out, &certs, params, why);
	cert_list_fini(&certs);
	return err;
}

int
enroll_certificate(struct enrolled *out, struct est_session *session,
    const struct enroll_params *params, struct reason *why)
{
	struct enrolled fresh = {0};
	struct key *key = NULL;
	int err = ask_attributes(session, why);

	if (err == 0)
		err = key_generate(&key);
	if (err == 0)
		err = certify(&fresh, key, session, params, why);
	key_free(key);
	if (err == 0)
		*out = fresh;
	else
		enrolled_fini(&fresh);
	return err;
}
