#include "tls/server.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/str.h"
#include "tls/conn_internal.h"
#include "tls/context.h"
#include "tls/hello.h"
#include "tls/ossl.h"
#include "tls/pake_group.h"
#include "tls/selftest.h"

/* Among them the client's order decides. The hybrid is for those that ask for
 * it, some for nothing else, where libcrypto has it. */
#define FRONT_GROUPS "X25519:P-256:P-384"
#define FRONT_GROUPS_HYBRID FRONT_GROUPS ":X25519MLKEM768"

static int
make_dummy(struct verifier *out, const struct spake2p_suite *suite)
{
	struct spake2p_secret secret;
	int err = spake2p_scalar_random(suite, secret.w0);

	if (err == 0)
		err = spake2p_scalar_random(suite, secret.w1);
	if (err == 0)
		err = spake2p_verifier_derive(out, suite, &secret);
	OPENSSL_cleanse(&secret, sizeof(secret));
	return err;
}

/* libssl collects a ClientHello's extensions by the table of the context that
 * it began with and calls the ClientHello callback of the one that it has: both
 * contexts get the same. */
static int
make_pake(struct tls_server *server, const struct tls_server_config *config,
    struct reason *why)
{
	struct server_context_config pake = {.min_version = TLS1_3_VERSION,
	    .chain_pem = config->chain_pem,
	    .key_pem = config->key_pem};
	int err = pake_library_get(&server->library, why);

	if (err != 0)
		return err;
	pake.libctx = pake_library_libctx(server->library);
	pake.groups = pake_library_groups(server->library);
	err = make_dummy(&server->dummy, pake_library_suite(server->library));
	if (err == 0)
		err = server_context_new(&server->pake, &pake, why);
	if (err != 0)
		return err;
	if (pake_server_install(server->front, config->pake_extension) != 0 ||
	    pake_server_install(server->pake, config->pake_extension) != 0)
		return ossl_failed(why, "the pake extension's number");
	hello_install(server->pake);
	return 0;
}

static const char *
front_groups(void)
{
	const struct pake_group *hybrid =
	    &pake_groups[PAKE_GROUP_X25519MLKEM768];

	return pake_group_is_available(hybrid, NULL) ? FRONT_GROUPS_HYBRID
						     : FRONT_GROUPS;
}

static int
make_front(struct tls_server *server, const struct tls_server_config *config,
    struct reason *why)
{
	const struct server_context_config front = {
	    .min_version = TLS1_2_VERSION,
	    .groups = front_groups(),
	    .chain_pem = config->chain_pem,
	    .key_pem = config->key_pem};
	int err = server_context_new(&server->front, &front, why);

	if (err != 0)
		return err;
	hello_install(server->front);
	return server->srp ? srp_server_install(server->front, why) : 0;
}

static int
take_srp(struct tls_server *server, const struct tls_server_config *config)
{
	if (config->srp_seed == NULL)
		return 0;
	server->srp = true;
	memcpy(server->srp_seed, config->srp_seed, sizeof(server->srp_seed));
	return srp_register_dummy(&server->srp_dummy, server->srp_seed);
}

static void
drop_pake(struct tls_server *server)
{
	SSL_CTX_free(server->pake);
	server->pake = NULL;
	OPENSSL_cleanse(&server->dummy, sizeof(server->dummy));
}

/* The front context cannot lose the extension again, so it is made anew. */
static int
go_without_pake(struct tls_server *server,
    const struct tls_server_config *config, struct reason *why)
{
	drop_pake(server);
	SSL_CTX_free(server->front);
	server->front = NULL;
	return make_front(server, config, why);
}

static int
server_init(struct tls_server *server, const struct tls_server_config *config,
    struct reason *why)
{
	struct reason failed = {"out of memory"};
	int err = take_srp(server, config);

	if (err == 0)
		err = make_front(server, config, why);
	if (err != 0 || !config->pake)
		return err;
	err = make_pake(server, config, &failed);
	if (err == 0)
		err = tls_selftest(server, &failed);
	if (err == 0)
		return 0;
	err = go_without_pake(server, config, why);
	if (err == 0)
		reason_set(why, 0, "PAKE is not offered: %.200s", failed.text);
	return err;
}

int
tls_server_new(struct tls_server **out, const struct tls_server_config *config,
    struct reason *why)
{
	struct tls_server *server;
	int err;

	if (why != NULL)
		why->text[0] = '\0';
	server = calloc(1, sizeof(*server));
	if (server == NULL)
		return -ERR_NOMEM;
	atomic_init(&server->refs, 1);
	server->pake_extension = config->pake_extension;
	server->pake_scheme = config->pake_scheme;
	err = str_format(
	    server->name, sizeof(server->name), "%s", config->server_name);
	if (err != 0)
		reason_set(why, err, "server name is too long");
	else
		err = server_init(server, config, why);
	if (err != 0) {
		tls_server_unref(server);
		return err;
	}
	*out = server;
	return 0;
}

struct tls_server *
tls_server_ref(struct tls_server *server)
{
	atomic_fetch_add(&server->refs, 1);
	return server;
}

void
tls_server_unref(struct tls_server *server)
{
	if (server == NULL || atomic_fetch_sub(&server->refs, 1) != 1)
		return;
	drop_pake(server);
	SSL_CTX_free(server->front);
	OPENSSL_cleanse(&server->srp_dummy, sizeof(server->srp_dummy));
	free(server);
}

bool
tls_server_offers_pake(const struct tls_server *server)
{
	return server->pake != NULL;
}

bool
tls_server_offers_srp(const struct tls_server *server)
{
	return server->srp;
}
