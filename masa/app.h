/* The running service: what the engine hands to its handlers. */
#ifndef MASA_APP_H
#define MASA_APP_H

#include "ca/trust.h"
#include "db/store.h"
#include "masa/delay.h"
#include "masa/options.h"
#include "server/engine.h"
#include "voucher/artifact.h"

struct app {
	const struct masa_options *options;
	struct store *store;
	struct delay *delay;
	struct engine *engine;
	struct voucher_signer *signer; /* of vouchers */
	struct trust *customers;       /* our CA */
	struct blob ca;                /* its certificate */
};

/* Starts everything; what was started is stopped by app_stop() in any case. */
int app_start(struct app *app, const struct masa_options *options,
    struct reason *why) NODISCARD;
void app_stop(struct app *app);

#endif
