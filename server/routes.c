#include "server/routes.h"

#include <microhttpd.h>
#include <string.h>

#include "server/admin.h"
#include "server/app.h"
#include "server/bearer.h"
#include "server/brski.h"
#include "server/est.h"
#include "server/est_enroll.h"
#include "server/principal.h"

#define JSON_BODY_MAX 65536
#define EST_BODY_MAX 65536
/* The largest artifact, as base64. */
#define VOUCHER_BODY_MAX 90000
#define STATUS_BODY_MAX 8192

#define EST "/.well-known/est"
#define BRSKI "/.well-known/brski"
#define API "/api/v1"

static const struct route public_routes[] = {
    {"GET", EST "/cacerts", ACCESS_ANYONE, 0, est_cacerts},
    {"GET", EST "/eecerts", ACCESS_DNS, 0, est_eecerts},
    {"GET", EST "/eecerts/{}", ACCESS_DNS, 0, est_eecerts_label},
    {"GET", EST "/{}/eecerts", ACCESS_DNS, 0, est_eecerts_label},
    {"GET", EST "/{}/cacerts", ACCESS_ANYONE, 0, est_cacerts_label},
    {"POST", EST "/simpleenroll", ACCESS_HANDLER, EST_BODY_MAX,
	est_simpleenroll},
    {"POST", EST "/{}/simpleenroll", ACCESS_HANDLER, EST_BODY_MAX,
	est_simpleenroll_label},
    {"POST", EST "/simplereenroll", ACCESS_HANDLER, EST_BODY_MAX,
	est_simplereenroll},
    {"POST", EST "/{}/simplereenroll", ACCESS_HANDLER, EST_BODY_MAX,
	est_simplereenroll_label},
    {"GET", EST "/csrattrs", ACCESS_HANDLER, 0, est_csrattrs},
    {"GET", EST "/{}/csrattrs", ACCESS_HANDLER, 0, est_csrattrs_label},
    {"POST", BRSKI "/requestvoucher", ACCESS_HANDLER, VOUCHER_BODY_MAX,
	brski_requestvoucher},
    {"POST", BRSKI "/voucher_status", ACCESS_HANDLER, STATUS_BODY_MAX,
	brski_voucher_status},
    {"POST", BRSKI "/enrollstatus", ACCESS_HANDLER, STATUS_BODY_MAX,
	brski_enrollstatus},
    {"GET", "/resolvers.json", ACCESS_DNS, 0, est_resolvers},
};

static const struct route admin_routes[] = {
    {"GET", API "/status", ACCESS_READ, 0, admin_status},
    {"GET", API "/ca", ACCESS_READ, 0, admin_ca},
    {"GET", API "/identities", ACCESS_READ, 0, admin_identity_list},
    {"POST", API "/identities", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_identity_add},
    {"DELETE", API "/identities/{}", ACCESS_OPERATE, 0, admin_identity_remove},
    {"POST", API "/identities/{}/unlock", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_identity_unlock},
    {"POST", API "/identities/{}/disable", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_identity_disable},
    {"POST", API "/identities/{}/enable", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_identity_enable},
    {"GET", API "/dns-servers", ACCESS_READ, 0, admin_dns_list},
    {"POST", API "/dns-servers", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_dns_issue},
    {"POST", API "/dns-servers/import", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_dns_import},
    {"POST", API "/dns-servers/{}/promote", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_dns_promote},
    {"POST", API "/dns-servers/{}/retire", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_dns_retire},
    {"GET", API "/discovery/zone", ACCESS_READ, 0, admin_discovery_zone},
    {"GET", API "/certificates", ACCESS_READ, 0, admin_cert_list},
    {"GET", API "/certificates/{}", ACCESS_READ, 0, admin_cert_show},
    {"GET", API "/audit", ACCESS_READ, 0, admin_audit},
    {"GET", API "/audit/verify", ACCESS_READ, 0, admin_audit_verify},
    {"GET", API "/tokens", ACCESS_ADMIN, 0, admin_token_list},
    {"POST", API "/tokens", ACCESS_ADMIN, JSON_BODY_MAX, admin_token_add},
    {"DELETE", API "/tokens/{}", ACCESS_ADMIN, 0, admin_token_remove},
    {"GET", API "/manufacturers", ACCESS_READ, 0, admin_manufacturer_list},
    {"POST", API "/manufacturers", ACCESS_ADMIN, JSON_BODY_MAX,
	admin_manufacturer_add},
    {"GET", API "/manufacturers/{}", ACCESS_READ, 0, admin_manufacturer_show},
    {"PATCH", API "/manufacturers/{}", ACCESS_ADMIN, JSON_BODY_MAX,
	admin_manufacturer_set},
    {"POST", API "/manufacturers/{}/prefetch", ACCESS_ADMIN, JSON_BODY_MAX,
	admin_manufacturer_prefetch},
    {"DELETE", API "/manufacturers/{}", ACCESS_ADMIN, 0,
	admin_manufacturer_remove},
    {"GET", API "/devices", ACCESS_READ, 0, admin_device_list},
    {"GET", API "/devices/{}", ACCESS_READ, 0, admin_device_show},
    {"POST", API "/devices/{}/refuse", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_device_refuse},
    {"POST", API "/devices/{}/accept", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_device_accept},
    {"GET", API "/requests", ACCESS_READ, 0, admin_request_list},
    {"POST", API "/requests/{}/approve", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_request_approve},
    {"POST", API "/requests/{}/deny", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_request_deny},
};

const struct route *
route_table(enum listener_kind listener, size_t *n)
{
	if (listener != LISTENER_TLS) {
		*n = ARRAY_LEN(admin_routes);
		return admin_routes;
	}
	*n = ARRAY_LEN(public_routes);
	return public_routes;
}

static void
handle_known(struct request *request, const struct requester *who)
{
	(void)who;
	request->route->handle(request);
}

static bool
authorize_dns(struct request *request)
{
	if (!atomic_load(&request->app->eecerts_authenticated) ||
	    request->peer->kind == PEER_PAKE)
		return true;
	principal_find(request, PRINCIPAL_REQUIRED, handle_known);
	return false;
}

/* [RFC8995 5.8.3] What everybody may have is not for a device that is refused,
 * as long as it says who it is; what is not for everybody is judged by its
 * handler. */
static bool
authorize_device(struct request *request)
{
	const struct route *route = request->route;
	struct reason why = {""};
	int err;

	if (strcmp(route->method, "GET") != 0 ||
	    (route->access != ACCESS_DNS &&
		strncmp(route->path, EST "/", strlen(EST "/")) != 0))
		return true;
	err = principal_check_device(request, &why);
	if (err == 0)
		return true;
	if (err == -ERR_REFUSED)
		reply_text(request, MHD_HTTP_FORBIDDEN, "%s", why.text);
	else
		est_reply_failure(request, "device not looked up", err);
	return false;
}

bool
route_authorize(struct request *request)
{
	/* Whoever proved to know a code that somebody else has used up is not
	 * told anything as if it were nobody: it has to know. */
	if (request->peer->kind == PEER_CODE_USED) {
		reply_text(request, MHD_HTTP_FORBIDDEN,
		    "this onboarding code was used up by another endpoint at "
		    "the same moment; ask for a new one");
		return false;
	}
	if (!authorize_device(request))
		return false;
	switch (request->route->access) {
	case ACCESS_ANYONE:
	case ACCESS_HANDLER:
		return true;
	case ACCESS_DNS:
		return authorize_dns(request);
	case ACCESS_READ:
	case ACCESS_OPERATE:
	case ACCESS_ADMIN:
		return admin_authorize(request);
	}
	return false;
}

void
route_refuse(struct request *request, unsigned int status, const char *reason)
{
	enum listener_kind kind = request->conn->kind;

	/* People look at it with a browser. */
	if (kind == LISTENER_ADMIN ||
	    (kind == LISTENER_ADMIN_TLS &&
		strncmp(request->path, "/api/", 5) == 0))
		admin_problem(request, status, reason);
	else
		reply_text(request, status, "%s", reason);
}
