/* The appliance: everything hangs off this one struct, which only server/
 * knows. */
#ifndef SERVER_APP_H
#define SERVER_APP_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/background.h"
#include "base/config.h"
#include "base/keeper.h"
#include "ca/cert.h"
#include "ca/signer.h"
#include "db/store.h"
#include "mdns/announce.h"
#include "registrar/auditor.h"
#include "registrar/registrar.h"
#include "server/cert_files.h"
#include "server/engine.h"
#include "server/services.h"
#include "server/state.h"

/* The server's certificate as administrators are shown it. */
struct served_cert {
	bool from_files; /* server.cert, not the embedded CA's */
	char serial[SERIAL_HEX_MAX];
	char subject[512], issuer[512];
	int64_t not_after;
	struct reason refused; /* why server.cert is not served; "" if it is */
};

/* Where the configuration comes from: the command line's. */
struct app_source {
	const char *state_dir, *config_path;
	const char *const *assignments;
	size_t n_assignments;
};

struct app {
	struct app_source source;
	struct config *config; /* the main thread's */
	struct state state;
	/* Does what the sandbox forbids (server/outside.h); NULL before it. */
	struct keeper *keeper;
	int admin_fd;    /* admin.sock, until the engine has it; 0: none */
	bool has_socket; /* admin.sock is ours */
	char server_name[DOMAIN_MAX + 1];
	char ca_domain[DOMAIN_MAX + 1];
	int64_t started_at;
	uint16_t pake_extension, pake_scheme;
	bool brski_enabled;
	/* eecerts.access; may change while running */
	atomic_bool eecerts_authenticated;

	struct store *store;
	struct background *background;
	struct signer *signer;
	struct auditor *auditor;
	struct registrar *registrar;
	struct reply_cache *replies;
	struct engine *engine;
	/* NULL if disabled; replaced under mutex */
	struct mdns_announcer *announcer;
	pthread_mutex_t mutex;
	/* what is announced, or would be: EST first; under mutex */
	struct mdns_service services[SERVICES_MAX];
	size_t n_services;

	struct cert_info own_cert; /* the server's; the main thread's */
	struct cert_files cert_files;
	struct served_cert served_cert; /* under mutex */
	/* why PAKE is not offered; "" if it is; under mutex */
	struct reason pake_why;
};

/* Reads the configuration: defaults, the file (source's, or the state
 * directory's if that is there), then the --set assignments. source is borrowed
 * for good. */
int app_configure(struct app *app, const struct app_source *source,
    struct reason *why) NODISCARD;
/* Starts everything; what was started is stopped by app_stop() in any case. */
int app_start(struct app *app, struct reason *why) NODISCARD;
void app_stop(struct app *app);

/* --check: what app_configure() did not read, the server's certificate. */
int app_check(struct app *app, struct reason *why) NODISCARD;
/* The main thread, now and then: renews the server's own certificate. */
void app_tick(struct app *app);

/* Takes over from fresh, which was made by app_configure(), what can change
 * while running: the log level, the announcement, who may fetch eecerts, the
 * server's certificate. A change of anything else is logged as waiting for a
 * restart. fresh stays the caller's. */
int app_reload(
    struct app *app, const struct app *fresh, struct reason *why) NODISCARD;

#endif
