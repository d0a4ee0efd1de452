#include "server/own_cert.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "ca/key.h"
#include "db/certificate.h"
#include "registrar/domain_signer.h"
#include "server/admin_json.h"
#include "server/outside.h"

#define PEM_MAX_BYTES 65536

struct put_job {
	struct store_job job;
	const struct cert_info *info;
	struct bytes der;
};

static int
put_run(struct store_job *job, struct store_txn *txn)
{
	struct put_job *put = CONTAINER_OF(job, struct put_job, job);
	const struct certificate row = {.serial = put->info->serial,
	    .subject = put->info->subject,
	    .profile = profile_get(PROFILE_EST_SERVER)->name,
	    .identity = "",
	    .issued_at = clock_now(),
	    .not_before = put->info->not_before,
	    .not_after = put->info->not_after,
	    .der = put->der};

	return certificate_put(txn, NULL, &row, "estuaryd");
}

static int
request_cert(struct app *app, const struct key *key, struct blob *cert,
    struct reason *why)
{
	AUTOFREE struct signer_request *sign = calloc(1, sizeof(*sign));
	struct names none = {.n = 0};
	struct blob csr = {0};
	int err =
	    sign != NULL ? key_make_csr(&csr, key, "", &none) : -ERR_NOMEM;

	if (err == 0 && csr.len > sizeof(sign->csr))
		err = -ERR_TOO_LARGE;
	if (err == 0) {
		memcpy(sign->csr, csr.data, csr.len);
		sign->csr_len = csr.len;
		sign->profile = PROFILE_EST_SERVER;
		sign->not_before = clock_now();
		if (strlen(app->server_name) <= COMMON_NAME_MAX)
			memcpy(sign->common_name, app->server_name,
			    strlen(app->server_name) + 1);
		err = names_add(&sign->names, NAME_DNS, app->server_name);
	}
	if (err == 0) {
		err = signer_issue(app->signer, sign);
		*why = sign->why;
		*cert = sign->cert;
	}
	blob_fini(&csr);
	return err;
}

/* Key, leaf, issuing CA: one file, so that they change together. */
static int
write_pem(struct app *app, const struct key *key, struct bytes cert,
    struct reason *why)
{
	struct blob key_pem = {0};
	struct buf pem = {0};
	int err = key_to_pem(&key_pem, key);

	if (err == 0)
		err = buf_add(&pem, key_pem.data, key_pem.len);
	if (err == 0)
		err = cert_to_pem(&pem, cert);
	if (err == 0)
		err = cert_to_pem(&pem, signer_issuing(app->signer));
	if (err == 0)
		err = outside_put_pem(app,
		    (struct bytes){(const uint8_t *)pem.data, pem.len}, why);
	buf_wipe(&pem);
	key_pem_fini(&key_pem);
	return err;
}

static int
issue(struct app *app, struct reason *why)
{
	AUTOFREE struct cert_info *info = calloc(1, sizeof(*info));
	struct put_job put = {.job = {.run = put_run}, .info = info};
	struct key *key = NULL;
	struct blob cert = {0};
	int err = info != NULL ? key_generate(&key) : -ERR_NOMEM;

	if (err == 0)
		err = request_cert(app, key, &cert, why);
	if (err == 0)
		err = cert_parse(info, blob_bytes(&cert), why);
	if (err == 0) {
		put.der = blob_bytes(&cert);
		err = store_apply(app->store, &put.job);
	}
	if (err == 0)
		err = write_pem(app, key, blob_bytes(&cert), why);
	if (err == 0)
		log_info("server certificate issued", "serial=%s name=%s",
		    info->serial, app->server_name);
	else if (why->text[0] == '\0')
		reason_set(why, err, "the server certificate was not made: %s",
		    err_text(err));
	blob_fini(&cert);
	key_free(key);
	return err;
}

static bool
is_due(const struct app *app)
{
	const struct cert_info *cert = &app->own_cert;
	int64_t life = cert->not_after - cert->not_before;

	/* Not valid yet: it was made while the clock was ahead. */
	return clock_now() < cert->not_before ||
	       clock_now() >= cert->not_before + life / 3 * 2;
}

static int
read_pem(struct blob *pem, struct app *app, struct reason *why)
{
	const char *path = app->state.server_pem;
	int fd = -1, err = outside_open(&fd, app, OUTSIDE_PEM, path, why);

	if (err != 0)
		return err;
	err = file_read_secret_fd(pem, fd, path, PEM_MAX_BYTES, why);
	close(fd);
	return err;
}

/* 1 when server.pem holds a certificate that will do. */
static int
load(struct app *app, struct blob *pem, struct reason *why)
{
	struct cert_list list = {0};
	struct bytes issuing = signer_issuing(app->signer);
	bool usable;
	int err;

	if (!file_exists(app->state.server_pem))
		return 0;
	err = read_pem(pem, app, why);
	if (err != 0)
		return err;
	err = cert_list_from_pem(&list, blob_bytes(pem), NULL);
	if (err == 0)
		err = cert_parse(
		    &app->own_cert, blob_bytes(&list.items[0]), NULL);
	usable = err == 0 && list.n == 2 &&
		 bytes_equal(blob_bytes(&list.items[1]), issuing) &&
		 names_has(&app->own_cert.names, NAME_DNS, app->server_name) &&
		 !is_due(app);
	cert_list_fini(&list);
	return usable ? 1 : 0;
}

static void
set_served(struct app *app, const struct cert_info *cert, bool from_files,
    const struct reason *pake_why)
{
	struct served_cert *served = &app->served_cert;

	app->own_cert = *cert;
	/* A worker may be reading these. */
	pthread_mutex_lock(&app->mutex);
	app->pake_why = *pake_why;
	served->from_files = from_files;
	served->not_after = cert->not_after;
	memcpy(served->serial, cert->serial, sizeof(served->serial));
	memcpy(served->subject, cert->subject, sizeof(served->subject));
	memcpy(served->issuer, cert->issuer, sizeof(served->issuer));
	pthread_mutex_unlock(&app->mutex);
}

void
own_cert_tls_fini(struct engine_tls *tls)
{
	tls_server_unref(tls->public);
	tls_server_unref(tls->admin);
	*tls = (struct engine_tls){.public = NULL};
}

/* The root goes along, by whose hash in their token administrators know the
 * server, and there is no PAKE: it earns nothing here. */
static int
make_admin_server(struct tls_server **out, struct app *app,
    const struct tls_server_config *config, struct reason *why)
{
	struct tls_server_config admin = *config;
	struct buf pem = {0};
	int err = buf_add(&pem, config->chain_pem.data, config->chain_pem.len);

	if (err == 0)
		err = cert_to_pem(&pem, signer_root(app->signer));
	if (err == 0) {
		admin.chain_pem =
		    (struct bytes){(const uint8_t *)pem.data, pem.len};
		admin.pake = false;
		admin.srp_seed = NULL;
		err = tls_server_new(out, &admin, why);
	}
	buf_wipe(&pem); /* the key may be in the same file */
	return err;
}

/* What vouchers are asked for with. */
static int
renew_domain_signer(struct app *app, const struct blob *pem, struct reason *why)
{
	struct domain_signer *signer = NULL;
	int err = domain_signer_new(&signer, blob_bytes(pem), blob_bytes(pem),
	    signer_root(app->signer), why);

	if (err == 0)
		registrar_set_domain_signer(app->registrar, signer);
	domain_signer_unref(signer);
	return err;
}

static int
make_servers(struct engine_tls *out, struct app *app,
    const struct cert_info *cert, struct bytes chain_pem, struct bytes key_pem,
    struct reason *why)
{
	const struct registrar_config *registrar =
	    registrar_config(app->registrar);
	const struct tls_server_config config = {
	    .server_name = app->server_name,
	    .pake = config_bool(app->config, "pake.enabled"),
	    .pake_extension = app->pake_extension,
	    .pake_scheme = app->pake_scheme,
	    .srp_seed = registrar->srp ? registrar->srp_seed : NULL,
	    .chain_pem = chain_pem,
	    .key_pem = key_pem};
	struct engine_tls tls = {.public = NULL};
	struct reason detail = {""};
	int err = tls_server_new(&tls.public, &config, &detail);

	if (err != 0) {
		*why = detail;
		return err;
	}
	if (config_text(app->config, "admin.listen")[0] != '\0')
		err = make_admin_server(&tls.admin, app, &config, why);
	if (err != 0) {
		own_cert_tls_fini(&tls);
		return err;
	}
	set_served(app, cert, cert_files_configured(app->config), &detail);
	*out = tls;
	return 0;
}

static int
prepare_files(struct app *app, struct engine_tls *out, struct reason *why)
{
	struct server_pair *pair = calloc(1, sizeof(*pair));
	struct blob key CLEANUP(key_pem_fini) = {0};
	int err =
	    pair != NULL ? cert_files_read(pair, &key, app, why) : -ERR_NOMEM;

	if (err == 0)
		err = make_servers(out, app, &pair->info,
		    (struct bytes){(const uint8_t *)pair->chain_pem.data,
			pair->chain_pem.len},
		    blob_bytes(&key), why);
	if (err == 0)
		log_info("server certificate taken from server.cert",
		    "serial=%s name=%s", pair->info.serial, app->server_name);
	if (pair != NULL)
		server_pair_fini(pair);
	free(pair);
	return err;
}

static int
prepare_issued(struct app *app, struct engine_tls *out, struct reason *why)
{
	struct blob pem CLEANUP(key_pem_fini) = {0};
	int err = load(app, &pem, why);

	if (err == 0) {
		key_pem_fini(&pem);
		err = issue(app, why);
		if (err == 0)
			err = load(app, &pem, why);
	}
	if (err == 1) {
		err = renew_domain_signer(app, &pem, why);
		return err == 0 ? make_servers(out, app, &app->own_cert,
				      blob_bytes(&pem), blob_bytes(&pem), why)
				: err;
	}
	if (err == 0)
		return reason_set(why, -ERR_CRYPTO,
		    "the server certificate just issued cannot be used");
	return err;
}

int
own_cert_prepare(struct app *app, struct engine_tls *out, struct reason *why)
{
	return cert_files_configured(app->config)
		   ? prepare_files(app, out, why)
		   : prepare_issued(app, out, why);
}

void
own_cert_set_refused(struct app *app, const struct reason *why)
{
	pthread_mutex_lock(&app->mutex);
	app->served_cert.refused = *why;
	pthread_mutex_unlock(&app->mutex);
}

json_t *
own_cert_json(struct app *app)
{
	struct served_cert served;
	json_t *json;

	pthread_mutex_lock(&app->mutex);
	served = app->served_cert;
	pthread_mutex_unlock(&app->mutex);
	json = json_pack("{ss ss ss ss so}", "source",
	    served.from_files ? "server.cert" : "embedded CA", "serial",
	    served.serial, "subject", served.subject, "issuer", served.issuer,
	    "not_after", json_time(served.not_after));
	if (json != NULL && served.refused.text[0] != '\0')
		json_object_set_new(
		    json, "refused", json_string(served.refused.text));
	return json;
}

static void
renew(struct app *app)
{
	struct engine_tls tls = {.public = NULL};
	struct reason why = {""};

	if (own_cert_prepare(app, &tls, &why) == 0)
		engine_set_tls(app->engine, &tls);
	else
		log_error("server certificate not renewed", "reason=\"%s\"",
		    why.text);
	own_cert_tls_fini(&tls);
}

void
own_cert_tick(struct app *app)
{
	if (cert_files_configured(app->config))
		cert_files_tick(app);
	else if (is_due(app))
		renew(app);
}

void
own_cert_reload(struct app *app, bool changed)
{
	const struct reason none = {""};

	if (cert_files_configured(app->config)) {
		app->cert_files.refused = none; /* to be said again */
		cert_files_reload(app);
	} else if (changed) {
		own_cert_set_refused(app, &none);
		renew(app);
	}
}
