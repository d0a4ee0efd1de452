#include "masa/app.h"

#include <string.h>

#include "base/addr.h"
#include "base/file.h"
#include "ca/cert.h"
#include "db/masa.h"
#include "masa/files.h"
#include "masa/handlers.h"
#include "tls/server.h"

#define PEM_MAX_BYTES 65536
#define HANDSHAKE_TIMEOUT_S 10
/* Not of a request that waits for its answer, however late that is. */
#define IDLE_TIMEOUT_S 60
/* One registrar may have them all. */
#define CONNECTIONS_MAX 1024

/* Key and chain, in one file. */
static int
load_signer(struct app *app, const char *path, struct reason *why)
{
	struct blob pem CLEANUP(key_pem_fini) = {0};
	int err = file_read_secret(&pem, path, PEM_MAX_BYTES, why);

	return err != 0 ? err
			: voucher_signer_new(&app->signer, blob_bytes(&pem),
			      blob_bytes(&pem), why);
}

static int
load_customers(struct app *app, const char *path, struct reason *why)
{
	struct cert_list list CLEANUP(cert_list_fini) = {.n = 0};
	int err = cert_read(&app->ca, path, why);

	if (err == 0)
		err = cert_list_add(&list, blob_bytes(&app->ca));
	return err != 0 ? err : trust_from_certs(&app->customers, &list, why);
}

static int
make_tls(struct tls_server **out, const char *path, struct reason *why)
{
	struct blob pem CLEANUP(key_pem_fini) = {0};
	struct tls_server_config config = {.server_name = ""};
	int err = file_read_secret(&pem, path, PEM_MAX_BYTES, why);

	config.chain_pem = blob_bytes(&pem);
	config.key_pem = blob_bytes(&pem);
	return err != 0 ? err : tls_server_new(out, &config, why);
}

static int
start_engine(struct app *app, const char *tls_path, struct reason *why)
{
	struct engine_config config = {.program = &masa_program,
	    .app = app,
	    .store = app->store,
	    .n_listen = 1,
	    .idle_timeout_s = IDLE_TIMEOUT_S,
	    .handshake_timeout_s = HANDSHAKE_TIMEOUT_S,
	    .max_connections = CONNECTIONS_MAX,
	    .max_per_source = CONNECTIONS_MAX};
	struct engine_tls tls = {.public = NULL};
	socklen_t len;
	int err = endpoint_parse(&config.listen[0], &len, app->options->listen);

	if (err != 0)
		return reason_set(why, err, "--listen: %s is not ADDR:PORT",
		    app->options->listen);
	err = make_tls(&tls.public, tls_path, why);
	if (err == 0)
		err = engine_start(&app->engine, &config, &tls, why);
	tls_server_unref(tls.public);
	return err;
}

int
app_start(
    struct app *app, const struct masa_options *options, struct reason *why)
{
	AUTOFREE struct masa_files *files = calloc(1, sizeof(*files));
	int err = files != NULL
		      ? masa_files_init(files, options->state_dir, why)
		      : -ERR_NOMEM;

	app->options = options;
	if (err == 0)
		err = masa_store_open(
		    &app->store, files->database, STORE_OPEN, why);
	if (err == 0)
		err = load_signer(app, files->voucher, why);
	if (err == 0)
		err = load_customers(app, files->masa_cert, why);
	if (err == 0)
		err = delay_start(&app->delay);
	if (err == 0)
		err = start_engine(app, files->tls, why);
	if (err != 0 && why->text[0] == '\0')
		reason_set(why, err, "%s", err_text(err));
	return err;
}

/* In the order in which one hands work to the next. */
void
app_stop(struct app *app)
{
	engine_stop(app->engine);
	store_stop(app->store);
	delay_stop(app->delay);
	engine_free(app->engine);
	store_close(app->store);
	voucher_signer_free(app->signer);
	trust_free(app->customers);
	blob_fini(&app->ca);
}
