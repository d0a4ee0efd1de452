#include "server/announcing.h"

#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/str.h"
#include "tls/server.h"

static int
add_interface(void *arg, const char *item)
{
	struct mdns_config *config = arg;

	if (config->n_interfaces == MDNS_INTERFACES_MAX)
		return -ERR_TOO_LARGE;
	return str_format(config->interfaces[config->n_interfaces++],
	    sizeof(config->interfaces[0]), "%s", item);
}

static uint16_t
served_port(const struct app *app)
{
	const struct sockaddr *sa = engine_address(app->engine, 0);
	char text[ENDPOINT_TEXT_MAX];
	int64_t port = 0;

	endpoint_format(text, sa);
	if (parse_number(&port, strrchr(text, ':') + 1, UINT16_MAX) != 0)
		return 0;
	return (uint16_t)port;
}

static int
describe_service(struct mdns_service *service, const struct app *app)
{
	const char *instance = config_text(app->config, "mdns.instance");
	struct tls_server *tls = engine_tls(app->engine, LISTENER_TLS);
	bool pake = tls_server_offers_pake(tls);
	bool srp = tls_server_offers_srp(tls);
	int err;

	tls_server_unref(tls);
	*service = (struct mdns_service){
	    .type = "_est._tcp", .port = served_port(app)};
	if (instance[0] != '\0')
		err = str_format(service->instance, sizeof(service->instance),
		    "%s", instance);
	else if (str_format(service->instance, sizeof(service->instance),
		     "Estuary %s", app->ca_domain) != 0)
		err = str_format(
		    service->instance, sizeof(service->instance), "Estuary");
	else
		err = 0;
	snprintf(service->txt[0], sizeof(service->txt[0]), "txtvers=1");
	snprintf(
	    service->txt[1], sizeof(service->txt[1]), "path=/.well-known/est");
	/* At most 253 characters of name: fits 255 with its key, or is cut off
	 * by the check of str_format. */
	if (err == 0)
		err = str_format(service->txt[2], sizeof(service->txt[2]),
		    "name=%s", app->server_name);
	service->n_txt = 3;
	if (pake || srp)
		snprintf(service->txt[service->n_txt++],
		    sizeof(service->txt[0]), "pake=%s%s%s",
		    pake ? "spake2plus" : "", pake && srp ? "," : "",
		    srp ? "srp" : "");
	return err;
}

static enum mdns_backend
mdns_backend(const struct app *app)
{
	const char *backend = config_text(app->config, "mdns.backend");

	if (strcmp(backend, "daemon") == 0)
		return MDNS_DAEMON;
	return strcmp(backend, "embedded") == 0 ? MDNS_EMBEDDED : MDNS_AUTO;
}

static int
start_announcer(struct app *app, struct mdns_announcer **out)
{
	struct mdns_config config = {.backend = mdns_backend(app)};
	const uint8_t *root = registrar_config(app->registrar)->root_sha256;
	int err =
	    config_each(app->config, "mdns.interfaces", add_interface, &config);

	if (err != 0)
		return err;
	/* Stable, and not the host's own name, which may be announced by
	 * another program. */
	snprintf(config.host_name, sizeof(config.host_name),
	    "estuary-%02x%02x%02x%02x", root[0], root[1], root[2], root[3]);
	return mdns_announcer_start(
	    out, &config, app->services, app->n_services);
}

void
announcing_stop(struct app *app)
{
	struct mdns_announcer *old;

	pthread_mutex_lock(&app->mutex);
	/* A worker may be asking it for its state. */
	old = STEAL(app->announcer);
	pthread_mutex_unlock(&app->mutex);
	mdns_announcer_stop(old);
}

int
announcing_start(struct app *app)
{
	struct mdns_announcer *new = NULL;
	struct mdns_service services[SERVICES_MAX];
	bool brski = config_bool(app->config, "brski.enabled");
	int err;

	announcing_stop(app);
	err = describe_service(&services[0], app);
	if (err != 0)
		return err;
	services_describe_registrar(&services[1], &services[0]);
	pthread_mutex_lock(&app->mutex);
	memcpy(app->services, services, sizeof(services));
	app->n_services = brski ? 2 : 1;
	pthread_mutex_unlock(&app->mutex);
	if (!config_bool(app->config, "mdns.enabled"))
		return 0;
	err = start_announcer(app, &new);
	if (err != 0)
		return err;
	pthread_mutex_lock(&app->mutex);
	app->announcer = new;
	pthread_mutex_unlock(&app->mutex);
	return 0;
}
