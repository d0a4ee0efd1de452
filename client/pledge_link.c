#include "client/pledge_link.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "client/join_connect.h"
#include "client/net.h"
#include "tls/client.h"

/* What the judge of one connection works with. */
struct witness {
	const struct pledge_link_params *params;
	struct cert_list chain;
};

static int
remember(struct cert_list *out, const struct bytes *chain, size_t n)
{
	int err = 0;

	cert_list_fini(out);
	for (size_t i = 0; err == 0 && i < n; i++)
		err = cert_list_add(out, chain[i]);
	return err;
}

/* A tls_judge_fn. [RFC8995 5.1] [RFC8995 5.6] */
static int
judge(void *arg, const struct bytes *chain, size_t n, struct reason *why)
{
	struct witness *witness = arg;
	const struct blob *same = witness->params->same_cert;
	struct est_judge verified;
	int err = remember(&witness->chain, chain, n);

	if (err != 0)
		return reason_set(why, err, "%s", err_text(err));
	if (n == 0)
		return reason_set(
		    why, -ERR_REFUSED, "the registrar presents no certificate");
	if (witness->params->judge != NULL) {
		verified = *witness->params->judge;
		return judge_est_server(&verified, chain, n, why);
	}
	if (same != NULL && !bytes_equal(blob_bytes(same), chain[0]))
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8995 5.6: the registrar presents another certificate "
		    "than before");
	return 0;
}

/* For the Host field alone, which nothing depends on. */
static void
host_of(char out[DOMAIN_MAX + 1], struct bytes leaf,
    const struct sockaddr_storage *address)
{
	char endpoint[ENDPOINT_TEXT_MAX];

	if (cert_single_dns_id(out, leaf, NULL) == 0)
		return;
	endpoint_format(endpoint, (const void *)address);
	if (str_format(out, DOMAIN_MAX + 1, "%s", endpoint) != 0)
		out[0] = '\0';
}

static int
keep_silent(int fd, int64_t silent_s, struct reason *why)
{
	int err = net_wait(fd, POLLIN, clock_monotonic_ms() + silent_s * 1000);

	if (err == 0)
		return reason_set(why, -ERR_CLOSED,
		    "the registrar closed the silent connection");
	return reason_set(
	    why, -ERR_TIMEOUT, "the registrar bears with a silent connection");
}

static int
connect_tls(
    struct tls_conn **out, int *fd, struct witness *witness, struct reason *why)
{
	const struct pledge_link_params *params = witness->params;
	struct bytes more[CERT_LIST_MAX];
	struct tls_client_config config = {
	    .alpn = "http/1.1",
	    .timeout_ms = EST_HANDSHAKE_TIMEOUT_MS,
	    .judge = judge,
	    .judge_arg = witness,
	    .client_cert = blob_bytes(&params->chain->items[0]),
	    .client_key = params->key,
	    .client_chain = more,
	    .n_client_chain = params->chain->n - 1,
	};
	int err = net_connect(fd, params->address, EST_CONNECT_TIMEOUT_MS, why);

	for (size_t i = 1; i < params->chain->n; i++)
		more[i - 1] = blob_bytes(&params->chain->items[i]);
	if (params->judge != NULL)
		config.sni = params->judge->server_name;
	return err != 0 ? err : tls_client_connect(out, *fd, &config, why);
}

static int
start(struct pledge_link *link, struct tls_conn **conn, int *fd,
    struct witness *witness, struct reason *why)
{
	char host[DOMAIN_MAX + 1];
	int err = tls_conn_binding(&link->binding, *conn);

	if (err == 0 && witness->params->silent_s > 0)
		return keep_silent(*fd, witness->params->silent_s, why);
	host_of(host, blob_bytes(&witness->chain.items[0]),
	    witness->params->address);
	return err != 0
		   ? err
		   : est_session_start(&link->session, conn, fd, host, why);
}

int
pledge_link_open(struct pledge_link *link,
    const struct pledge_link_params *params, struct reason *why)
{
	struct witness witness = {.params = params};
	struct tls_conn *conn = NULL;
	int fd CLEANUP(net_closep) = -1;
	int err = connect_tls(&conn, &fd, &witness, why);

	if (err == 0)
		err = start(link, &conn, &fd, &witness, why);
	tls_conn_free(conn);
	if (err != 0) {
		cert_list_fini(&witness.chain);
		return err;
	}
	cert_list_fini(&link->chain);
	link->chain = witness.chain;
	return 0;
}

void
pledge_link_close(struct pledge_link *link)
{
	est_session_end(link->session);
	link->session = NULL;
}

void
pledge_link_fini(struct pledge_link *link)
{
	pledge_link_close(link);
	cert_list_fini(&link->chain);
}
