#include "server/confine.h"

#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "base/str.h"

#define PATHS_MAX 24

/* What the C library, libcurl, OpenSSL and libdbus read while they run: name
 * services, resolv.conf wherever it is a link to, CAs, time zones, modules. No
 * home directory, nothing of another service's data. */
static const char *const system_paths[] = {"/etc", "/usr", "/lib", "/lib64",
    "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager",
    "/sys/devices/system/cpu", "/proc/sys", "/dev/null", "/dev/random",
    "/dev/urandom"};

/* Of the state directory: what SQLite opens again for each reader. */
static const char *const store_suffixes[] = {"", "-wal", "-shm"};

struct confinement {
	struct sandbox_path paths[PATHS_MAX];
	char store[ARRAY_LEN(store_suffixes)][PATH_MAX + 8];
	uint16_t ports[ENGINE_LISTENERS_MAX];
	struct sandbox_rules rules;
};

static void
add_path(struct confinement *c, const char *path, enum sandbox_access access,
    bool required)
{
	c->paths[c->rules.n_paths++] = (struct sandbox_path){
	    .path = path, .access = access, .required = required};
}

static int
add_paths(struct confinement *c, const struct app *app)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_LEN(system_paths); i++)
		add_path(c, system_paths[i], SANDBOX_READ, false);
	add_path(c, app->state.dir, SANDBOX_LIST, true);
	for (size_t i = 0; i < ARRAY_LEN(store_suffixes) && err == 0; i++) {
		err = str_format(c->store[i], sizeof(c->store[i]), "%s%s",
		    app->state.database, store_suffixes[i]);
		add_path(c, c->store[i], SANDBOX_UPDATE, true);
	}
	c->rules.paths = c->paths;
	return err;
}

/* Port 0 is no port that could be named before it is bound. */
static int
add_port(void *arg, const char *item)
{
	struct confinement *c = arg;
	struct sockaddr_storage address;
	const struct sockaddr_in *in = (const void *)&address;
	const struct sockaddr_in6 *in6 = (const void *)&address;
	socklen_t len;
	int err = endpoint_parse(&address, &len, item);
	uint16_t port;

	if (err != 0)
		return err;
	port = ntohs(
	    address.ss_family == AF_INET6 ? in6->sin6_port : in->sin_port);
	if (port == 0)
		c->rules.limits_bind = false;
	if (c->rules.n_bind == ARRAY_LEN(c->ports))
		return -ERR_TOO_LARGE;
	c->ports[c->rules.n_bind++] = port;
	return 0;
}

/* A MASA is at whatever port its devices and its manufacturer's entry say. */
static int
add_ports(struct confinement *c, const struct app *app)
{
	int err;

	c->rules.bind = c->ports;
	c->rules.limits_bind = true;
	c->rules.limits_connect = !config_bool(app->config, "brski.enabled");
	err = config_each(app->config, "server.listen", add_port, c);
	return err != 0 ? err
			: config_each(app->config, "admin.listen", add_port, c);
}

/* A state directory in a place that stays readable has its keys readable. */
static void
warn_of_place(const struct app *app)
{
	char state[PATH_MAX], place[PATH_MAX];

	if (realpath(app->state.dir, state) == NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(system_paths); i++) {
		size_t len;

		if (realpath(system_paths[i], place) == NULL)
			continue;
		len = strlen(place);
		if (strncmp(state, place, len) == 0 && state[len] == '/') {
			log_warn("the sandbox does not keep ca/ from estuaryd",
			    "state=%s reason=\"%s stays readable\" "
			    "hint=\"move it, to /var/lib for example\"",
			    state, place);
			return;
		}
	}
}

static void
report(const struct sandbox_active *active)
{
	const char *ports = active->bind && active->connect ? "bind,connect"
			    : active->bind                  ? "bind"
			    : active->connect               ? "connect"
							    : "no";

	if (active->abi == 0)
		log_warn("the server is shut in by seccomp alone",
		    "reason=\"the kernel has no Landlock\"");
	log_info("sandbox active",
	    "landlock_abi=%d files=%s ports=%s signals=%s seccomp=yes",
	    active->abi, active->abi > 0 ? "yes" : "no", ports,
	    active->signals ? "yes" : "no");
}

int
confine(struct app *app, struct reason *why)
{
	AUTOFREE struct confinement *c = calloc(1, sizeof(*c));
	struct sandbox_active active = {.abi = 0};
	int err = c != NULL ? 0 : -ERR_NOMEM;

	if (!config_bool(app->config, "server.sandbox")) {
		log_warn("the server is not shut in",
		    "reason=\"server.sandbox = no\"");
		return 0;
	}
	if (sandbox_is_relaxed()) {
		log_warn("the server is not shut in",
		    "reason=\"built with sanitizers\"");
		return 0;
	}
	if (err == 0)
		err = add_paths(c, app);
	if (err == 0)
		err = add_ports(c, app);
	if (err != 0)
		return reason_set(why, err, "the sandbox: %s", err_text(err));
	err = sandbox_only_paths(&active, &c->rules, why);
	if (err == 0)
		err = sandbox_deny_calls(SANDBOX_NO_PROGRAMS, why);
	if (err != 0)
		return err;
	if (active.abi > 0)
		warn_of_place(app);
	report(&active);
	return 0;
}
