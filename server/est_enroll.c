#include "server/est_enroll.h"

#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "ca/csrattrs.h"
#include "registrar/enroll.h"
#include "registrar/enroll_dns.h"
#include "server/app.h"
#include "server/est.h"
#include "server/principal.h"

#define REQUEST_TYPE "application/pkcs10"
#define CSRATTRS_TYPE "application/csrattrs"
#define DER_SEQUENCE 0x30
#define DER_LONG_LENGTH 0x80

/* What the peer may be told; the rest goes to the log. */
static void
reply_refusal(struct request *request, int err, const struct reason *why)
{
	switch (err) {
	case -ERR_INVALID:
	case -ERR_REFUSED:
	case -ERR_TOO_LARGE:
	case -ERR_BUSY:
	case -ERR_CLOSED:
	case -ERR_TIMEOUT:
		reply_text(request, status_of(err), "%s",
		    why->text[0] != '\0' ? why->text : err_text(err));
		break;
	case -ERR_IO:
		log_error("enrollment failed", "request=%s reason=\"%s\"",
		    request->id,
		    why->text[0] != '\0' ? why->text : err_text(err));
		reply_text(request, MHD_HTTP_SERVICE_UNAVAILABLE,
		    "nothing can be stored now, so nothing is issued; the "
		    "administrator finds request %s in the log",
		    request->id);
		break;
	default:
		est_reply_failure(request, "enrollment failed", err);
		break;
	}
}

/* --- the request's body --- */

/* [RFC8951 3] A missing type is tolerated. */
static bool
has_request_type(const struct request *request)
{
	const char *type =
	    request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
	char media_type[64];
	size_t len;

	if (type == NULL)
		return true;
	len = strcspn(type, "; \t");
	return str_format(media_type, sizeof(media_type), "%.*s", (int)len,
		   type) == 0 &&
	       ascii_equal_nocase(media_type, REQUEST_TYPE);
}

/* Text never has a byte above 127. */
static bool
is_raw_der(const struct buf *body)
{
	return body->len > 1 && body->data[0] == DER_SEQUENCE &&
	       ((unsigned char)body->data[1] & DER_LONG_LENGTH) != 0;
}

/* NULL after replying. */
static struct csr *
read_request(struct request *request, const char *identity)
{
	const struct buf *body = &request->body;
	struct reason why = {""};
	struct csr *csr = NULL;
	int err;

	if (!has_request_type(request)) {
		reply_text(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
		    "the request's type must be " REQUEST_TYPE);
		return NULL;
	}
	if (is_raw_der(body))
		err = reason_set(&why, -ERR_INVALID,
		    "RFC 8951 3: the body is raw DER; EST wants its base64");
	else
		err = csr_read_text(&csr, buf_text(body), body->len, &why);
	if (err == 0)
		return csr;
	/* Also a weak key is the request's fault, not the identity's. */
	if (err == -ERR_REFUSED)
		err = -ERR_INVALID;
	if (err == -ERR_INVALID || err == -ERR_TOO_LARGE)
		enroll_refused(request->app->registrar, identity,
		    &request->peer->ip, ENROLL_BAD_REQUEST, why.text);
	reply_refusal(request, err, &why);
	return NULL;
}

/* --- enrollment --- */

struct enroll_pending {
	struct pending pending;
	struct enroll enroll;
};

static void
enroll_pending_drop(struct enroll_pending *p)
{
	blob_fini(&p->enroll.sign.cert);
	free(p);
}

static void
enroll_free(struct pending *pending)
{
	enroll_pending_drop(
	    CONTAINER_OF(pending, struct enroll_pending, pending));
}

/* [RFC7030 4.2.3] The same request is to come again after Retry-After. */
static void
reply_waiting(struct request *request, const struct enroll *enroll)
{
	char seconds[16];

	snprintf(seconds, sizeof(seconds), "%d", (int)enroll->retry_after_s);
	reply_header(request, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	reply_text(request, MHD_HTTP_ACCEPTED,
	    "RFC 7030 4.2.3: %s; send the same request again in %s seconds",
	    enroll->why.text, seconds);
}

/* The certificate alone: its chain is in cacerts. [RFC7030 4.2.3] */
static void
enroll_answer(struct request *request, struct pending *pending)
{
	struct enroll *enroll =
	    &CONTAINER_OF(pending, struct enroll_pending, pending)->enroll;
	struct cert_list certs = {0};
	int err = enroll->result;

	if (err == ENROLL_WAITING) {
		reply_waiting(request, enroll);
		return;
	}
	if (err != 0) {
		reply_refusal(request, err, &enroll->why);
		return;
	}
	err = cert_list_add(&certs, blob_bytes(&enroll->sign.cert));
	if (err == 0)
		est_reply_certs_only(request, &certs);
	else
		est_reply_failure(request, "certificate not sent", err);
	cert_list_fini(&certs);
}

static void
enroll_done(struct enroll *enroll)
{
	pending_complete(
	    &CONTAINER_OF(enroll, struct enroll_pending, enroll)->pending);
}

static int
submit(struct request *request, struct enroll *enroll, const struct csr *csr,
    const struct client_cert *renewed)
{
	int err;

	/* The connection died while its request was handled. */
	if (request->conn->tls == NULL)
		return -ERR_CLOSED;
	/* What nobody asks for is not exported: it costs as much as reading
	 * the request. */
	if (csr_challenge(csr)[0] != '\0' ||
	    registrar_config(enroll->registrar)->binding_required) {
		err = tls_conn_binding(&enroll->binding, request->conn->tls);
		if (err != 0)
			return err;
	}
	return renewed != NULL ? registrar_reenroll(enroll, csr, renewed)
			       : registrar_enroll(enroll, csr, request->reader);
}

/* renewed is NULL for a first certificate. */
static void
enroll_start(struct request *request, const struct requester *who,
    const struct client_cert *renewed)
{
	struct csr *csr = read_request(request, who->identity);
	struct enroll_pending *p;
	int err = -ERR_NOMEM;

	if (csr == NULL)
		return;
	p = calloc(1, sizeof(*p));
	if (p != NULL) {
		p->pending.answer = enroll_answer;
		p->pending.free = enroll_free;
		p->enroll.registrar = request->app->registrar;
		p->enroll.who = *who;
		p->enroll.source = request->peer->ip;
		p->enroll.done = enroll_done;
		request_prepare(request, &p->pending);
		err = submit(request, &p->enroll, csr, renewed);
	}
	csr_free(csr);
	if (err == 0) {
		request_wait(request, &p->pending);
		return;
	}
	reply_refusal(
	    request, err, p != NULL ? &p->enroll.why : &(struct reason){""});
	if (p != NULL)
		enroll_pending_drop(p);
}

static void
enroll_known(struct request *request, const struct requester *who)
{
	enroll_start(request, who, NULL);
}

void
est_simpleenroll(struct request *request)
{
	principal_find(request, PRINCIPAL_REQUIRED, enroll_known);
}

void
est_simpleenroll_label(struct request *request)
{
	if (est_take_label(request))
		est_simpleenroll(request);
}

/* --- re-enrollment --- */

static void
refuse_renewal(struct request *request, const char *identity, const char *why)
{
	enroll_refused(request->app->registrar, identity, &request->peer->ip,
	    "re-enrollment without a certificate that may be renewed", why);
	reply_text(request, MHD_HTTP_FORBIDDEN,
	    "RFC 7030 4.2.2: re-enrollment needs the certificate that is to "
	    "be renewed, while it is valid, as TLS client certificate: %s",
	    why);
}

static void
reenroll_without_cert(struct request *request, const struct requester *who)
{
	refuse_renewal(request, who->identity, "none was sent");
}

void
est_simplereenroll(struct request *request)
{
	const struct peer *peer = request->peer;
	struct requester who = {.identity = ""};
	struct reason why = {""};
	int err = principal_cert(&who, request, &why);

	switch (err) {
	case 0:
		break;
	case PRINCIPAL_NO_CERT:
		principal_find(
		    request, PRINCIPAL_REQUIRED, reenroll_without_cert);
		return;
	case -ERR_PERMISSION:
	case -ERR_REFUSED:
		refuse_renewal(request, "", why.text);
		return;
	default:
		reply_refusal(request, err, &why);
		return;
	}
	if (peer->kind == PEER_PAKE && peer->identity_id != who.identity_id)
		refuse_renewal(request, peer->identity,
		    "it belongs to another identity than the connection");
	else
		enroll_start(request, &who, request->conn->client_cert);
}

void
est_simplereenroll_label(struct request *request)
{
	if (est_take_label(request))
		est_simplereenroll(request);
}

/* --- attributes --- */

static void
csrattrs_known(struct request *request, const struct requester *who)
{
	const struct profile *profile =
	    who != NULL ? profile_find(who->profile) : NULL;
	AUTOFREE struct names *names = calloc(1, sizeof(*names));
	struct csrattrs attrs = {
	    .channel_binding =
		registrar_config(request->app->registrar)->binding_required};
	struct blob der = {0};
	int err = names != NULL ? 0 : -ERR_NOMEM;

	if (err == 0 && profile != NULL && profile->id == PROFILE_DNS_SERVER) {
		err = enroll_dns_names(
		    names, who->allow_names, request->reader, NULL);
		attrs.names = names;
	}
	if (err == 0)
		err = csrattrs_encode(&der, &attrs);
	if (err == 0)
		est_reply_base64(request, CSRATTRS_TYPE, blob_bytes(&der));
	else
		est_reply_failure(request, "csrattrs not built", err);
	blob_fini(&der);
}

/* Nobody has to say who it is; a DNS server that does is told its names. */
void
est_csrattrs(struct request *request)
{
	principal_find(request, PRINCIPAL_WANTED, csrattrs_known);
}

void
est_csrattrs_label(struct request *request)
{
	if (est_take_label(request))
		est_csrattrs(request);
}
