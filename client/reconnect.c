#include "client/reconnect.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "client/judge.h"
#include "client/net.h"
#include "client/search.h"
#include "tls/client.h"

struct reconnecter {
	const struct reconnect_params *params;
	struct search search;
	struct join_connection *out;
};

/* What the judge sees is kept: the chain is judged again by the anchor that
 * this connection brings. */
struct witness {
	struct est_judge judge;
	struct cert_list chain;
};

/* A tls_judge_fn. */
static int
judge_and_keep(
    void *arg, const struct bytes *chain, size_t n, struct reason *why)
{
	struct witness *witness = arg;
	int err = judge_est_server(&witness->judge, chain, n, why);

	cert_list_fini(&witness->chain);
	for (size_t i = 0; err == 0 && i < n; i++)
		err = cert_list_add(&witness->chain, chain[i]);
	return err;
}

static int
connect_judged(struct join_connection *out,
    const struct reconnect_params *params,
    const struct sockaddr_storage *address, struct reason *why)
{
	struct witness witness = {.judge = {.trust = params->trust,
				      .server_name = params->server_name,
				      .now = clock_now()}};
	struct tls_client_config config = {
	    .sni = params->server_name,
	    .alpn = "http/1.1",
	    .timeout_ms = EST_HANDSHAKE_TIMEOUT_MS,
	    .judge = judge_and_keep,
	    .judge_arg = &witness,
	};
	struct tls_conn *conn = NULL;
	int fd CLEANUP(net_closep) = -1;
	int err = net_connect(&fd, address, EST_CONNECT_TIMEOUT_MS, why);

	if (params->enrolled != NULL) {
		config.client_cert = blob_bytes(&params->enrolled->cert);
		config.client_key = blob_bytes(&params->enrolled->key);
	}
	if (err == 0)
		err = tls_client_connect(&conn, fd, &config, why);
	if (err == 0)
		err = str_format(out->server_name, sizeof(out->server_name),
		    "%s", params->server_name);
	if (err != 0) {
		tls_conn_free(conn);
		cert_list_fini(&witness.chain);
		return err;
	}
	out->conn = conn;
	out->chain = witness.chain;
	out->fd = fd;
	fd = -1;
	return 0;
}

/* An attempt_fn. */
static int
attempt(void *arg, const struct candidate *candidate,
    const struct sockaddr_storage *address, struct reason *why)
{
	struct reconnecter *r = arg;
	struct reason inner = {""};
	char endpoint[ENDPOINT_TEXT_MAX];
	int err = connect_judged(r->out, r->params, address, &inner);

	if (err == 0)
		return 0;
	if (err > 0)
		err = ATTEMPT_REFUSED;
	reason_set(why, err, "%.100s: %.150s", candidate->text,
	    inner.text[0] != '\0' ? inner.text : err_text(err));
	endpoint_format(endpoint, (const void *)address);
	log_info(
	    "attempt failed", "address=%s reason=\"%s\"", endpoint, why->text);
	return err;
}

int
reconnect(struct join_connection *out, const struct reconnect_params *params,
    struct reason *why)
{
	struct reconnecter *r CLEANUP(freep) = calloc(1, sizeof(*r));
	const struct search_params search = {
	    .server = params->server,
	    .wanted = params->server_name,
	    .interfaces = params->interfaces,
	};

	memset(out, 0, sizeof(*out));
	out->fd = -1;
	if (r == NULL)
		return -ERR_NOMEM;
	r->params = params;
	r->search.candidates.without_pake = true;
	r->out = out;
	return search_run(&r->search, &search, attempt, r, why);
}
