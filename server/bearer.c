#include "server/bearer.h"

#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "server/admin.h"
#include "server/admin_json.h"
#include "server/app.h"
#include "server/routes.h"

#define SCHEME "Bearer"
#define CHALLENGE "Bearer realm=\"estuary\""
#define LIMITED_RETRY_S "60"

/* [RFC6750 2.1] the token behind "Bearer "; NULL when nobody showed one. */
static const char *
shown_token(const struct request *request)
{
	const char *header =
	    request_header(request, MHD_HTTP_HEADER_AUTHORIZATION);
	size_t len = sizeof(SCHEME) - 1;

	if (header == NULL || strncasecmp(header, SCHEME, len) != 0 ||
	    header[len] != ' ')
		return NULL;
	return header + len + strspn(header + len, " ");
}

/* [RFC6750 3] */
static void
challenge(struct request *request, unsigned int status, const char *attributes,
    const char *detail)
{
	char value[128];

	snprintf(value, sizeof(value), CHALLENGE "%s", attributes);
	reply_header(request, MHD_HTTP_HEADER_WWW_AUTHENTICATE, value);
	admin_problem(request, status, detail);
}

static enum token_scope
scope_of(const struct route *route)
{
	switch (route->access) {
	case ACCESS_READ:
		return TOKEN_READ;
	case ACCESS_OPERATE:
		return TOKEN_OPERATE;
	default:
		return TOKEN_ADMIN;
	}
}

/* [RFC6750 3.1] */
static bool
authorize_scope(struct request *request, const struct token_holder *holder)
{
	enum token_scope wanted = scope_of(request->route);
	char attributes[64];
	struct reason why;

	if (holder->scope >= wanted)
		return true;
	registrar_token_overreached(
	    request->app->registrar, holder, &request->peer->ip);
	snprintf(attributes, sizeof(attributes),
	    ", error=\"insufficient_scope\", scope=\"%s\"",
	    token_scope_name(wanted));
	reason_set(&why, 0,
	    "this needs a token of scope %s; the token %s has scope %s",
	    token_scope_name(wanted), holder->name,
	    token_scope_name(holder->scope));
	challenge(request, MHD_HTTP_FORBIDDEN, attributes, why.text);
	return false;
}

static bool
authorize_token(struct request *request)
{
	const char *token = shown_token(request);
	struct token_holder holder;
	int err;

	if (token == NULL) {
		challenge(request, MHD_HTTP_UNAUTHORIZED, "",
		    "a bearer token is needed");
		return false;
	}
	err = registrar_token_judge(&holder, request->app->registrar,
	    request->reader, token, &request->peer->ip);
	switch (err) {
	case 0:
		request->conn->administers = true;
		memcpy(request->token, holder.name, sizeof(request->token));
		return authorize_scope(request, &holder);
	case TOKEN_WRONG:
		challenge(request, MHD_HTTP_UNAUTHORIZED,
		    ", error=\"invalid_token\"",
		    "the token is wrong, or was removed");
		break;
	case TOKEN_EXPIRED:
		challenge(request, MHD_HTTP_UNAUTHORIZED,
		    ", error=\"invalid_token\"", "the token has expired");
		break;
	case TOKEN_LIMITED:
		reply_header(
		    request, MHD_HTTP_HEADER_RETRY_AFTER, LIMITED_RETRY_S);
		admin_problem(request, MHD_HTTP_TOO_MANY_REQUESTS,
		    "too many wrong tokens; try again later");
		break;
	default:
		reply_error(request, err, NULL);
		break;
	}
	return false;
}

static bool
authorize_local(struct request *request)
{
	const struct peer *peer = request->peer;

	if (peer->kind == PEER_LOCAL &&
	    (peer->uid == 0 || peer->uid == geteuid()))
		return true;
	admin_problem(request, MHD_HTTP_FORBIDDEN,
	    "only root and the user that estuaryd runs as may administer");
	return false;
}

bool
admin_authorize(struct request *request)
{
	return request->conn->kind == LISTENER_ADMIN_TLS
		   ? authorize_token(request)
		   : authorize_local(request);
}
