#include "client/join_connect.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "client/judge.h"
#include "client/net.h"
#include "client/search.h"
#include "tls/client.h"

/* What one join_connect() works with. */
struct joiner {
	const struct join_params *params;
	struct search search;
	struct join_connection *out;
};

/* What a judge records of a server's certificates. */
struct record {
	const char *server_name; /* must be a DNS-ID; NULL: only look */
	struct cert_list chain;
};

void
join_connection_fini(struct join_connection *connection)
{
	tls_conn_free(connection->conn);
	connection->conn = NULL;
	if (connection->fd >= 0)
		close(connection->fd);
	connection->fd = -1;
	cert_list_fini(&connection->chain);
}

/* A tls_judge_fn. Keeps the certificates; with a server name (after the PAKE)
 * the leaf must carry it, without one the connection goes no further. */
static int
record_judge(void *arg, const struct bytes *chain, size_t n, struct reason *why)
{
	struct record *record = arg;
	bool has = false;
	int err = 0;

	cert_list_fini(&record->chain);
	for (size_t i = 0; err == 0 && i < n; i++)
		err = cert_list_add(&record->chain, chain[i]);
	if (err == 0 && n == 0)
		err = -ERR_REFUSED;
	if (err == 0 && record->server_name != NULL)
		err = cert_has_dns_id(&has, chain[0], record->server_name, why);
	if (err != 0 || record->server_name == NULL)
		return reason_set(
		    why, -ERR_REFUSED, "the certificate was only looked at");
	if (!has)
		return reason_set(why, -ERR_REFUSED,
		    "server name: the EST server's certificate has no DNS-ID "
		    "%s",
		    record->server_name);
	return 0;
}

/* The DNS-ID of the server's certificate, by a connection that is broken off.
 * A lie only makes the PAKE fail. */
static int
look_up_name(char out[DOMAIN_MAX + 1], struct joiner *joiner,
    const struct sockaddr_storage *address, struct reason *why)
{
	struct record record = {0};
	const struct tls_client_config config = {
	    .alpn = "http/1.1",
	    .timeout_ms = EST_HANDSHAKE_TIMEOUT_MS,
	    .judge = record_judge,
	    .judge_arg = &record,
	};
	struct tls_conn *conn = NULL;
	int fd CLEANUP(net_closep) = -1;
	int err;

	if (!attempts_take(&joiner->search.attempts))
		return -ERR_UNREACHABLE;
	err = net_connect(&fd, address, EST_CONNECT_TIMEOUT_MS, why);
	if (err == 0)
		err = tls_client_connect(&conn, fd, &config, why);
	tls_conn_free(conn);
	if (err == TLS_CLIENT_JUDGED && record.chain.n > 0)
		err = cert_single_dns_id(
		    out, blob_bytes(&record.chain.items[0]), why);
	else if (err >= 0)
		err = -ERR_UNREACHABLE;
	cert_list_fini(&record.chain);
	return err;
}

/* The user's word, else the code's, else what the candidate claims. */
static int
find_server_name(char out[DOMAIN_MAX + 1], struct joiner *joiner,
    const struct candidate *candidate, const struct sockaddr_storage *address,
    struct reason *why)
{
	const char *name = joiner->params->server_name;

	if (name == NULL && candidate->name[0] != '\0')
		name = candidate->name;
	if (name == NULL)
		return look_up_name(out, joiner, address, why);
	return str_format(out, DOMAIN_MAX + 1, "%s", name);
}

/* Turns what tls_client_connect() says of candidate into an attempt's
 * outcome. */
static int
attempt_outcome(
    int result, const struct candidate *candidate, struct reason *why)
{
	struct reason inner = *why;

	switch (result) {
	case 0:
		return 0;
	case TLS_CLIENT_WRONG_CODE:
		reason_set(why, 0,
		    "PAKE: %s does not know the code, or "
		    "refuses it",
		    candidate->text);
		return ATTEMPT_WRONG_CODE;
	case TLS_CLIENT_JUDGED:
		return ATTEMPT_FINAL;
	case TLS_CLIENT_NO_PAKE:
		reason_set(why, 0, "%s does not take part in the PAKE",
		    candidate->text);
		return ATTEMPT_NO_PAKE;
	default:
		return reason_set(why, result, "%s: %.120s", candidate->text,
		    inner.text[0] != '\0' ? inner.text : err_text(result));
	}
}

/* Connects, proves, and keeps the connection in joiner->out. */
static int
connect_pake(struct joiner *joiner, const char *server_name,
    const struct sockaddr_storage *address, struct reason *why)
{
	const struct join_params *params = joiner->params;
	struct record record = {.server_name = server_name};
	const struct tls_client_config config = {
	    .sni = server_name,
	    .alpn = "http/1.1",
	    .timeout_ms = EST_HANDSHAKE_TIMEOUT_MS,
	    .identity = params->identity,
	    .password = params->password,
	    .server_identity = server_name,
	    .pake_extension = params->pake_extension,
	    .pake_scheme = params->pake_scheme,
	    .judge = record_judge,
	    .judge_arg = &record,
	};
	struct tls_conn *conn = NULL;
	int fd CLEANUP(net_closep) = -1;
	int err = net_connect(&fd, address, EST_CONNECT_TIMEOUT_MS, why);

	if (err == 0)
		err = tls_client_connect(&conn, fd, &config, why);
	if (err == 0 && record.chain.n == 0)
		err = reason_set(why, -ERR_CRYPTO, "no certificate was seen");
	if (err == 0)
		err = str_format(joiner->out->server_name, DOMAIN_MAX + 1, "%s",
		    server_name);
	if (err != 0) {
		tls_conn_free(conn);
		cert_list_fini(&record.chain);
		return err;
	}
	joiner->out->conn = conn;
	joiner->out->chain = record.chain;
	joiner->out->fd = fd;
	fd = -1;
	return 0;
}

/* An attempt_fn. */
static int
join_attempt(void *arg, const struct candidate *candidate,
    const struct sockaddr_storage *address, struct reason *why)
{
	struct joiner *joiner = arg;
	char server_name[DOMAIN_MAX + 1];
	char endpoint[ENDPOINT_TEXT_MAX];
	int result =
	    find_server_name(server_name, joiner, candidate, address, why);

	if (result == 0)
		result = connect_pake(joiner, server_name, address, why);
	result = attempt_outcome(result, candidate, why);
	if (result != 0) {
		endpoint_format(endpoint, (const void *)address);
		log_info("attempt failed", "address=%s reason=\"%s\"", endpoint,
		    why->text);
	}
	return result;
}

int
join_connect(struct join_connection *out, const struct join_params *params,
    struct reason *why)
{
	struct joiner *joiner CLEANUP(freep) = calloc(1, sizeof(*joiner));
	const struct search_params search = {
	    .server = params->server,
	    .wanted = params->server_name,
	    .interfaces = &params->interfaces,
	};

	memset(out, 0, sizeof(*out));
	out->fd = -1;
	if (joiner == NULL)
		return -ERR_NOMEM;
	joiner->params = params;
	joiner->out = out;
	return search_run(&joiner->search, &search, join_attempt, joiner, why);
}
