#include "server/app.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "ca/authority.h"
#include "ca/key.h"
#include "db/certificate.h"
#include "registrar/claim.h"
#include "registrar/requester.h"
#include "registrar/srp.h"
#include "server/announcing.h"
#include "server/confine.h"
#include "server/listen.h"
#include "server/outside.h"
#include "server/own_cert.h"
#include "server/reply_cache.h"
#include "server/routes.h"
#include "server/settings.h"

#define ROOT_DAYS 3650
#define ISSUING_DAYS 1825
#define BACKGROUND_QUEUE_MAX 64
#define ROOT_PEM_MAX_BYTES 65536

/* --- configuration --- */

static void
set_log_level(const struct config *config)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	const char *level = config_text(config, "log.level");

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], level) == 0)
			log_set_level((enum log_level)i);
}

static int
check_names(struct app *app, struct reason *why)
{
	if (settings_server_name(app->server_name, app->config) != 0 ||
	    settings_ca_domain(app->ca_domain, app->config) != 0)
		return reason_set(why, -ERR_INVALID,
		    "server.name or ca.domain is not a domain name");
	/* Another CA's certificate may have any name. */
	if (!cert_files_configured(app->config) &&
	    !domain_within(app->server_name, app->ca_domain))
		return reason_set(why, -ERR_INVALID,
		    "server.name %.80s is not in ca.domain %.80s: the CA could "
		    "not issue its certificate (server.cert can be another's)",
		    app->server_name, app->ca_domain);
	return 0;
}

static int
read_file(struct app *app, const char *path, struct reason *why)
{
	int fd = -1, err = outside_open(&fd, app, OUTSIDE_CONFIG, path, why);

	if (err != 0)
		return err;
	err = config_read_fd(app->config, fd, path, why);
	close(fd);
	return err;
}

int
app_configure(
    struct app *app, const struct app_source *source, struct reason *why)
{
	int err = state_paths(&app->state, source->state_dir, why);

	app->source = *source;
	if (err == 0)
		err = config_new(&app->config, settings_schema);
	for (size_t i = 0; i < source->n_assignments && err == 0; i++)
		err = config_set(app->config, source->assignments[i], why);
	if (err == 0 && source->config_path != NULL)
		err = read_file(app, source->config_path, why);
	else if (err == 0 && file_exists(app->state.config))
		err = read_file(app, app->state.config, why);
	if (err == 0)
		err = cert_files_check_config(app->config, why);
	if (err == 0)
		err = check_names(app, why);
	return err;
}

static void
apply_settings(struct app *app)
{
	const char *access = config_text(app->config, "eecerts.access");

	atomic_store(
	    &app->eecerts_authenticated, strcmp(access, "authenticated") == 0);
	set_log_level(app->config);
}

/* The file of a first start: every default commented out; what the root fixes
 * for good is written down if it was given. */
static int
write_config(struct app *app, struct reason *why)
{
	static const char *const fixed[] = {"server.name", "server.cert",
	    "server.key", "ca.domain", "ca.addresses"};
	struct config *config = NULL;
	struct buf text = {0};
	int err = config_new(&config, settings_schema);

	for (size_t i = 0; i < ARRAY_LEN(fixed) && err == 0; i++) {
		const char *value = config_text(app->config, fixed[i]);
		char assignment[1024];

		if (strcmp(value, config_text(config, fixed[i])) == 0)
			continue;
		err = str_format(
		    assignment, sizeof(assignment), "%s=%s", fixed[i], value);
		if (err == 0)
			err = config_set(config, assignment, why);
	}
	if (err == 0)
		err = config_print(&text, config, true);
	if (err == 0)
		err = file_write(app->state.config,
		    (struct bytes){(const uint8_t *)text.data, text.len}, 0600);
	if (err != 0)
		reason_set(why, err, "%s was not written: %s",
		    app->state.config, err_text(err));
	buf_fini(&text);
	config_free(config);
	return err;
}

/* --- CA and store --- */

static int
add_prefix(void *arg, const char *item)
{
	struct constraints *c = arg;

	if (c->n_prefixes == CONSTRAINTS_MAX)
		return -ERR_TOO_LARGE;
	return ip_prefix_parse(&c->prefixes[c->n_prefixes++], item);
}

static int
wanted_constraints(struct constraints *out, const struct app *app)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->domains[0], app->ca_domain, sizeof(app->ca_domain));
	out->n_domains = 1;
	return config_each(app->config, "ca.addresses", add_prefix, out);
}

/* params: of the CA that the signer is to make. */
static int
first_start(
    struct authority_params *params, struct app *app, struct reason *why)
{
	int err = wanted_constraints(&params->constraints, app);

	if (err != 0)
		return err;
	log_info("first start", "state=%s server_name=%s ca_domain=%s",
	    app->state.dir, app->server_name, app->ca_domain);
	if (!file_exists(app->state.config)) {
		err = write_config(app, why);
		if (err != 0)
			return err;
	}
	params->domain = app->ca_domain;
	params->root_days = ROOT_DAYS;
	params->issuing_days = ISSUING_DAYS;
	return 0;
}

/* Certificates were issued by a CA that is not here any more: another one in
 * its place would answer for them. */
static int
check_no_ca_lost(const struct app *app, struct reason *why)
{
	struct store_reader *reader = NULL;
	int64_t n = 0;
	int err = store_reader_open(&reader, app->store);

	if (err == 0)
		err = certificate_count(reader, &n);
	store_reader_close(reader);
	if (err != 0 || n == 0)
		return err;
	return reason_set(why, -ERR_CORRUPT,
	    "%.80s is missing although %.80s has certificates of it: restore "
	    "it from a backup, or move the whole directory away to start anew",
	    app->state.ca_dir, app->state.database);
}

static int
root_constraints(
    struct constraints *out, const struct app *app, struct reason *why)
{
	struct cert_list certs = {0};
	struct blob pem = {0};
	struct reason detail = {""};
	char path[PATH_MAX];
	int err = str_format(
	    path, sizeof(path), "%s/%s", app->state.ca_dir, CA_ROOT_CERT);

	if (err == 0)
		err = file_read(&pem, path, ROOT_PEM_MAX_BYTES);
	if (err == 0)
		err = cert_list_from_pem(&certs, blob_bytes(&pem), &detail);
	if (err == 0)
		err = constraints_from_cert(
		    out, blob_bytes(&certs.items[0]), &detail);
	if (err != 0)
		reason_set(why, err, "%.100s: %s", path,
		    detail.text[0] != '\0' ? detail.text : err_text(err));
	cert_list_fini(&certs);
	blob_fini(&pem);
	return err;
}

/* A configuration that disagrees with the root refuses the start: certificates
 * would be issued that no client accepts. */
static int
check_constraints(const struct app *app, struct reason *why)
{
	/* As wanted, and as they are. */
	AUTOFREE struct constraints *c = calloc(2, sizeof(*c));
	int err = c != NULL ? wanted_constraints(&c[0], app) : -ERR_NOMEM;

	if (err == 0)
		err = root_constraints(&c[1], app, why);
	if (err != 0 || constraints_equal(&c[0], &c[1]))
		return err;
	return reason_set(why, -ERR_REFUSED,
	    "ca.domain (%.60s) or ca.addresses disagree with the name "
	    "constraints of the root in %.80s, which are fixed: set them back, "
	    "or start with another state directory",
	    app->ca_domain, app->state.ca_dir);
}

/* What the signer is told, each time it is started. The appliance's own
 * certificate keeps its default rate. */
static struct signer_config
signer_settings(const struct app *app)
{
	const struct config *config = app->config;
	struct signer_config out = {
	    .ca_dir = app->state.ca_dir, .server_name = app->server_name};

	out.per_hour[PROFILE_ENDPOINT] =
	    (uint32_t)config_number(config, "ca.rate_endpoint");
	out.per_hour[PROFILE_DEVICE] =
	    (uint32_t)config_number(config, "ca.rate_device");
	out.per_hour[PROFILE_DNS_SERVER] =
	    (uint32_t)config_number(config, "ca.rate_dns_server");
	return out;
}

static int
start_ca(struct app *app, struct reason *why)
{
	AUTOFREE struct authority_params *params = calloc(1, sizeof(*params));
	struct signer_config config = signer_settings(app);
	enum store_mode mode =
	    app->state.first_start ? STORE_CREATE : STORE_OPEN;
	int err = params != NULL ? 0 : -ERR_NOMEM;

	if (app->state.first_start)
		config.create = params;
	if (err == 0)
		err = store_open(&app->store, app->state.database, mode, why);
	if (err == 0 && app->state.first_start)
		err = check_no_ca_lost(app, why);
	if (err == 0 && app->state.first_start)
		err = first_start(params, app, why);
	if (err == 0 && !app->state.first_start)
		err = check_constraints(app, why);
	if (err == 0)
		err = listen_unix(&app->admin_fd, app->state.admin_socket, why);
	app->has_socket = err == 0;
	/* Before any thread. From here on no path is opened but the store's. */
	if (err == 0)
		err = confine(app, why);
	if (err == 0)
		err = signer_open(app->signer, &config, why);
	return err;
}

/* Both before any thread and any network. */
static int
start_processes(struct app *app, struct reason *why)
{
	const struct signer_config config = signer_settings(app);
	char argument[SIGNER_ARGUMENT_MAX];
	int err = signer_argument(argument, &config);

	if (err != 0)
		return reason_set(
		    why, err, "the signer's settings: %s", err_text(err));
	err = outside_start(app, argument, why);
	return err == 0 ? signer_spawn(&app->signer, app->keeper, why) : err;
}

static int
start_registrar(struct app *app)
{
	const struct config *c = app->config;
	struct registrar_config config = {.store = app->store,
	    .signer = app->signer,
	    .background = app->background,
	    .guesses_password = config_number(c, "pake.guesses_password"),
	    .guesses_code = config_number(c, "pake.guesses_code"),
	    .backoff_max_s = config_number(c, "pake.backoff_max"),
	    .source_burst = config_number(c, "pake.source_burst"),
	    .source_per_minute = config_number(c, "pake.source_per_minute"),
	    .total_burst = config_number(c, "pake.total_burst"),
	    .total_per_minute = config_number(c, "pake.total_per_minute"),
	    .srp = config_bool(c, "srp.enabled"),
	    .ask_unknown = strcmp(config_text(c, "brski.unknown"), "ask") == 0,
	    .clock_skew_s = config_number(c, "brski.clock_skew"),
	    .request_age_s = config_number(c, "brski.request_age"),
	    .binding_required =
		strcmp(config_text(c, "est.channel_binding"), "required") == 0};
	AUTOFREE struct cert_info *root = calloc(1, sizeof(*root));
	int err = root != NULL
		      ? cert_parse(root, signer_root(app->signer), NULL)
		      : -ERR_NOMEM;

	if (err == 0 && config.srp)
		err = srp_seed_load(config.srp_seed, app->store);
	if (err != 0)
		return err;
	memcpy(config.server_name, app->server_name, sizeof(app->server_name));
	memcpy(config.root_sha256, root->sha256, sizeof(root->sha256));
	return registrar_new(&app->registrar, &config);
}

/* --- engine --- */

static int
add_listener(void *arg, const char *item)
{
	struct engine_config *config = arg;
	socklen_t len;

	if (config->n_listen == ARRAY_LEN(config->listen))
		return -ERR_TOO_LARGE;
	return endpoint_parse(&config->listen[config->n_listen++], &len, item);
}

static int
add_admin_listener(void *arg, const char *item)
{
	struct engine_config *config = arg;
	socklen_t len;

	if (config->n_admin_listen == ARRAY_LEN(config->admin_listen))
		return -ERR_TOO_LARGE;
	return endpoint_parse(
	    &config->admin_listen[config->n_admin_listen++], &len, item);
}

static const struct engine_program program = {.routes = route_table,
    .authorize = route_authorize,
    .refuse = route_refuse,
    .claim_start = claim_start,
    .claim_confirm = claim_confirm,
    .claim_refuse = claim_refuse,
    .client_cert_free = client_cert_free,
    .pledge_free = pledge_free};

static int
start_engine(struct app *app, struct reason *why)
{
	struct engine_config config = {.program = &program,
	    .app = app,
	    .store = app->store,
	    .registrar = app->registrar,
	    .n_workers = (size_t)config_number(app->config, "server.workers"),
	    .idle_timeout_s = config_number(app->config, "server.idle_timeout"),
	    .handshake_timeout_s =
		config_number(app->config, "server.handshake_timeout"),
	    .max_connections =
		config_number(app->config, "server.max_connections"),
	    .max_per_source =
		config_number(app->config, "server.max_per_source")};
	struct engine_tls tls = {.public = NULL};
	int err =
	    config_each(app->config, "server.listen", add_listener, &config);

	if (err != 0)
		return reason_set(why, err, "server.listen: more than %zu",
		    ARRAY_LEN(config.listen));
	err = config_each(
	    app->config, "admin.listen", add_admin_listener, &config);
	if (err != 0)
		return reason_set(why, err, "admin.listen: more than %zu",
		    ARRAY_LEN(config.admin_listen));
	err = own_cert_prepare(app, &tls, why);
	if (err == 0 && app->pake_why.text[0] != '\0')
		log_error(
		    "PAKE is not offered", "reason=\"%s\"", app->pake_why.text);
	if (err == 0) {
		config.admin_fd = app->admin_fd;
		app->admin_fd = 0;
		err = engine_start(&app->engine, &config, &tls, why);
	}
	own_cert_tls_fini(&tls);
	return err;
}

/* --- life --- */

int
app_check(struct app *app, struct reason *why)
{
	AUTOFREE struct server_pair *pair = calloc(1, sizeof(*pair));
	struct blob key CLEANUP(key_pem_fini) = {0};
	int err = pair != NULL ? 0 : -ERR_NOMEM;

	if (err == 0 && cert_files_configured(app->config))
		err = cert_files_read(pair, &key, app, why);
	if (err == 0)
		server_pair_fini(pair);
	return err;
}

int
app_start(struct app *app, struct reason *why)
{
	int err = app_check(app, why); /* before anything is made */

	app->started_at = clock_now();
	app->pake_extension =
	    (uint16_t)config_number(app->config, "pake.extension");
	app->pake_scheme = (uint16_t)config_number(app->config, "pake.scheme");
	app->brski_enabled = config_bool(app->config, "brski.enabled");
	pthread_mutex_init(&app->mutex, NULL);
	apply_settings(app);
	if (err == 0)
		err = state_open(&app->state, app->source.state_dir, why);
	if (err == 0)
		err = start_processes(app, why);
	if (err == 0)
		err = start_ca(app, why);
	if (err == 0)
		err = auditor_new(&app->auditor, app->store, app->signer);
	if (err == 0)
		err = background_start(&app->background, BACKGROUND_QUEUE_MAX);
	if (err == 0)
		err = start_registrar(app);
	if (err == 0)
		err = reply_cache_new(&app->replies);
	if (err == 0)
		err = start_engine(app, why);
	if (err == 0)
		err = announcing_start(app);
	if (err == 0)
		err = auditor_check_first(app->auditor);
	if (err != 0 && why->text[0] == '\0')
		reason_set(why, err, "%s", err_text(err));
	return err;
}

/* In the order in which one hands work to the next, so that nothing is handed
 * to what has gone. */
void
app_stop(struct app *app)
{
	announcing_stop(app);
	registrar_end_waits(app->registrar);
	engine_stop(app->engine);
	if (app->has_socket)
		outside_remove_socket(app);
	if (app->admin_fd != 0)
		close(app->admin_fd);
	background_stop(app->background);
	registrar_stop(app->registrar);
	auditor_stop(app->auditor);
	signer_stop(app->signer);
	store_stop(app->store);
	auditor_free(app->auditor);
	engine_free(app->engine);
	reply_cache_free(app->replies);
	store_close(app->store);
	registrar_free(app->registrar);
	keeper_stop(app->keeper);
	pthread_mutex_destroy(&app->mutex);
	state_close(&app->state);
	config_free(app->config);
}

void
app_tick(struct app *app)
{
	auditor_tick(app->auditor);
	own_cert_tick(app);
}

int
app_reload(struct app *app, const struct app *fresh, struct reason *why)
{
	static const char *const reloadable[] = {"log.level", "eecerts.access",
	    "mdns.enabled", "mdns.interfaces", "mdns.instance", "mdns.backend",
	    "server.cert", "server.key"};
	bool cert_changed = false;
	/* One that could not begin is tried again. */
	bool announcement_changed = app->announcer == NULL;
	int err = 0;

	for (size_t i = 0; settings_schema[i].name != NULL && err == 0; i++) {
		const char *key = settings_schema[i].name;
		size_t j = 0;

		if (strcmp(config_text(app->config, key),
			config_text(fresh->config, key)) == 0)
			continue;
		while (j < ARRAY_LEN(reloadable) &&
		       strcmp(reloadable[j], key) != 0)
			j++;
		if (j == ARRAY_LEN(reloadable)) {
			log_warn("takes effect after a restart", "key=%s", key);
			continue;
		}
		err = config_copy(app->config, fresh->config, key);
		announcement_changed =
		    announcement_changed || strncmp(key, "mdns.", 5) == 0;
		cert_changed = cert_changed || strncmp(key, "server.", 7) == 0;
	}
	apply_settings(app);
	if (err == 0)
		own_cert_reload(app, cert_changed);
	if (err == 0 && announcement_changed)
		err = announcing_start(app);
	return err == 0 ? 0 : reason_set(why, err, "%s", err_text(err));
}
