#include "server/principal.h"

#include <microhttpd.h>
#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "registrar/basic.h"
#include "registrar/device.h"
#include "registrar/enroll.h"
#include "registrar/enroll_device.h"
#include "registrar/requester_cache.h"
#include "server/app.h"
#include "server/est.h"

#define CHALLENGE "Basic realm=\"estuary\""
#define BASIC_SCHEME "Basic "
#define LIMITED_RETRY_S "60"

/* Bouncy Castle's client asks without its password first, closes the 401
 * without reading it, and takes what it has not read for an error: it gives up
 * unless there is no body. It does not say who it is; others that leave out
 * User-Agent and Accept do not name an encoding and close, too. */
static bool
reads_no_challenge(const struct request *request)
{
	const char *connection =
	    request_header(request, MHD_HTTP_HEADER_CONNECTION);
	const char *encoding =
	    request_header(request, MHD_HTTP_HEADER_CONTENT_TRANSFER_ENCODING);

	return connection != NULL && ascii_equal_nocase(connection, "close") &&
	       encoding != NULL && ascii_equal_nocase(encoding, "base64") &&
	       request_header(request, MHD_HTTP_HEADER_USER_AGENT) == NULL &&
	       request_header(request, MHD_HTTP_HEADER_ACCEPT) == NULL &&
	       request_header(request, MHD_HTTP_HEADER_AUTHORIZATION) == NULL;
}

/* why is "" for those who showed nothing. */
static void
challenge(struct request *request, const char *why)
{
	reply_header(request, MHD_HTTP_HEADER_WWW_AUTHENTICATE, CHALLENGE);
	if (reads_no_challenge(request)) {
		reply_bytes(request, MHD_HTTP_UNAUTHORIZED, "text/plain",
		    (struct bytes){.data = NULL});
		return;
	}
	reply_text(request, MHD_HTTP_UNAUTHORIZED,
	    "%s%sneeded: an onboarding code by PAKE, a client certificate of "
	    "this CA, or HTTP Basic",
	    why, why[0] != '\0' ? "; " : "");
}

/* --- certificates --- */

static int
judge_cert(struct request *request)
{
	struct conn *conn = request->conn;
	struct blob der = {0};
	int err;

	if (conn->client_cert != NULL)
		return 0;
	err = tls_conn_peer_cert(&der, conn->tls);
	if (err != 0)
		return err;
	if (der.len == 0)
		return PRINCIPAL_NO_CERT;
	err =
	    client_cert_new(&conn->client_cert, request->app->registrar, &der);
	blob_fini(&der);
	return err;
}

int
principal_cert(
    struct requester *who, struct request *request, struct reason *why)
{
	int err;

	/* Only a connection that dies while its request is handled is without
	 * TLS. */
	if (request->conn->tls == NULL)
		return -ERR_CLOSED;
	err = judge_cert(request);
	return err != 0 ? err
			: requester_from_cert(who, request->reader,
			      request->conn->client_cert, why);
}

static int
judge_pledge(struct request *request)
{
	const struct tls_conn *tls = request->conn->tls;
	struct cert_list chain = {0};
	struct blob der = {0};
	int err = tls_conn_peer_cert(&der, tls);

	if (err == 0 && der.len == 0)
		return PRINCIPAL_NO_CERT;
	if (err == 0)
		err = tls_conn_peer_chain(chain.items, &chain.n, tls);
	if (err != 0) {
		blob_fini(&der);
		return err;
	}
	return pledge_new(
	    &request->conn->pledge, request->app->registrar, &der, &chain);
}

int
principal_pledge(const struct pledge **out, struct request *request)
{
	struct conn *conn = request->conn;
	int err = 0;

	if (conn->tls == NULL)
		return -ERR_CLOSED;
	if (conn->pledge != NULL &&
	    !pledge_is_current(conn->pledge, request->app->registrar)) {
		pledge_free(conn->pledge);
		conn->pledge = NULL;
	}
	if (conn->pledge == NULL)
		err = judge_pledge(request);
	if (err == 0)
		*out = conn->pledge;
	return err;
}

int
principal_check_device(struct request *request, struct reason *why)
{
	const struct pledge *pledge = NULL;
	int err;

	if (request->conn->tls == NULL || !request->app->brski_enabled)
		return 0;
	err = judge_cert(request);
	if (err == 0 && request->conn->client_cert->result != 0)
		err = principal_pledge(&pledge, request);
	if (err == PRINCIPAL_NO_CERT)
		return 0;
	return err != 0 ? err
			: device_check_shown(request->reader,
			      request->conn->client_cert, pledge, why);
}

/* --- HTTP Basic --- */

struct basic_pending {
	struct pending pending;
	struct basic_check check;
	principal_fn then;
};

static void
basic_pending_wipe(struct basic_pending *p)
{
	explicit_bzero(p, sizeof(*p));
	free(p);
}

static void
basic_pending_free(struct pending *pending)
{
	basic_pending_wipe(
	    CONTAINER_OF(pending, struct basic_pending, pending));
}

static void
basic_wrong(struct request *request)
{
	challenge(request,
	    "the user name or the password is wrong, or its guesses or uses "
	    "are spent");
}

static void
basic_judged(
    struct request *request, const struct basic_check *check, principal_fn then)
{
	struct requester who;
	struct reason why = {""};
	int err = check->result;

	if (err == 0)
		err = requester_recall(&who, request->app->registrar,
		    request->reader, check->identity_id, REQUESTER_BASIC, &why);
	switch (err) {
	case 0:
		then(request, &who);
		break;
	case -ERR_PERMISSION:
	case -ERR_REFUSED:
		/* What was remembered is over. */
		if (check->result == 0)
			basic_forget(check->registrar, check->identity_id);
		basic_wrong(request);
		break;
	case BASIC_LIMITED:
		reply_header(
		    request, MHD_HTTP_HEADER_RETRY_AFTER, LIMITED_RETRY_S);
		reply_text(request, MHD_HTTP_TOO_MANY_REQUESTS,
		    "too many attempts to authenticate; try again later");
		break;
	case -ERR_BUSY:
	case -ERR_CLOSED:
		reply_text(request, status_of(err),
		    "too many passwords wait to be judged; try again later");
		break;
	default:
		est_reply_failure(request, "password not judged", err);
		break;
	}
}

static void
basic_answer(struct request *request, struct pending *pending)
{
	struct basic_pending *p =
	    CONTAINER_OF(pending, struct basic_pending, pending);
	struct basic_check check = {.registrar = p->check.registrar,
	    .result = p->check.result,
	    .identity_id = p->check.identity_id};

	/* pending goes when the handler waits for something else. */
	basic_judged(request, &check, p->then);
}

static void
basic_done(struct basic_check *check)
{
	pending_complete(
	    &CONTAINER_OF(check, struct basic_pending, check)->pending);
}

/* user, colon, password; not empty. */
static int
split_credentials(struct basic_check *check, struct bytes text)
{
	const uint8_t *colon = memchr(text.data, ':', text.len);
	size_t user_len, password_len;

	if (colon == NULL || memchr(text.data, '\0', text.len) != NULL)
		return -ERR_INVALID;
	user_len = (size_t)(colon - text.data);
	password_len = text.len - user_len - 1;
	if (user_len >= sizeof(check->user) ||
	    password_len >= sizeof(check->password))
		return -ERR_TOO_LARGE;
	memcpy(check->user, text.data, user_len);
	memcpy(check->password, colon + 1, password_len);
	return 0;
}

/* [RFC7617 2] "Basic" and base64 of user, colon, password. */
static int
read_credentials(struct basic_check *check, const char *header)
{
	size_t scheme_len = sizeof(BASIC_SCHEME) - 1;
	struct blob text = {0};
	int err;

	if (strncasecmp(header, BASIC_SCHEME, scheme_len) != 0)
		return -ERR_INVALID;
	header += scheme_len;
	err = base64_decode(&text, header, strlen(header));
	if (err != 0)
		return err;
	err = text.len != 0 ? split_credentials(check, blob_bytes(&text))
			    : -ERR_INVALID;
	blob_wipe(&text);
	return err;
}

static void
find_by_basic(struct request *request, const char *header, principal_fn then)
{
	struct basic_pending *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		est_reply_failure(request, "password not judged", -ERR_NOMEM);
		return;
	}
	p->pending.answer = basic_answer;
	p->pending.free = basic_pending_free;
	p->then = then;
	p->check.registrar = request->app->registrar;
	p->check.source = request->peer->ip;
	p->check.done = basic_done;
	if (read_credentials(&p->check, header) != 0) {
		basic_wrong(request);
		basic_pending_wipe(p);
		return;
	}
	request_prepare(request, &p->pending);
	if (basic_check_start(&p->check) != BASIC_ANSWERED) {
		request_wait(request, &p->pending);
		return;
	}
	basic_judged(request, &p->check, then);
	basic_pending_wipe(p);
}

/* --- in their order --- */

static void
refused(struct request *request, const char *identity, const char *why)
{
	enroll_refused(request->app->registrar, identity, &request->peer->ip,
	    "removed or disabled identity, or revoked certificate", why);
	reply_text(request, MHD_HTTP_FORBIDDEN, "%s", why);
}

/* For those who are nobody, or nobody any more. */
static void
nobody(struct request *request, enum principal_need need, principal_fn then,
    int err, const struct reason *why)
{
	if (err < 0 && err != -ERR_PERMISSION && err != -ERR_REFUSED)
		est_reply_failure(request, "identity not read", err);
	else if (need == PRINCIPAL_WANTED)
		then(request, NULL);
	else if (err == -ERR_REFUSED)
		refused(request, request->peer->identity, why->text);
	else
		challenge(request, why->text);
}

/* A certificate that is not ours may be an IDevID. [RFC8995 5.9] */
static int
find_by_cert(struct requester *who, struct request *request, struct reason *why)
{
	const struct pledge *pledge = NULL;
	struct reason detail = {""};
	int err = principal_cert(who, request, why);

	if (err != -ERR_PERMISSION || !request->app->brski_enabled)
		return err;
	if (principal_pledge(&pledge, request) != 0)
		return err;
	switch (requester_from_pledge(who, request->reader, pledge, &detail)) {
	case 0:
		return 0;
	case -ERR_PERMISSION:
		return err;
	case -ERR_REFUSED:
		*why = detail;
		return -ERR_REFUSED;
	default:
		return -ERR_IO;
	}
}

void
principal_find(
    struct request *request, enum principal_need need, principal_fn then)
{
	const struct peer *peer = request->peer;
	const char *header =
	    request_header(request, MHD_HTTP_HEADER_AUTHORIZATION);
	bool by_pake = peer->kind == PEER_PAKE;
	struct requester who;
	struct reason why = {""};
	int err;

	if (by_pake)
		err = requester_recall(&who, request->app->registrar,
		    request->reader, peer->identity_id, REQUESTER_PAKE, &why);
	else
		err = find_by_cert(&who, request, &why);
	if (err == 0)
		then(request, &who);
	else if (!by_pake && header != NULL &&
		 (err == PRINCIPAL_NO_CERT || err == -ERR_PERMISSION))
		find_by_basic(request, header, then);
	else
		nobody(request, need, then, err, &why);
}
