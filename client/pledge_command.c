#include "client/pledge_command.h"

#include <stdio.h>

#include "base/clock.h"
#include "client/command.h"
#include "client/pledge_onboard.h"
#include "client/refresh.h"
#include "client/report.h"

/* What is read before anything is sent. */
struct factory {
	struct pledge_identity identity, other;
	struct cert_list anchors;
};

static int
factory_load(struct factory *factory, const struct pledge_options *options,
    struct reason *why)
{
	int err = pledge_identity_load(&factory->identity, options->idevid,
	    options->key, options->chain, why);

	if (err == 0 && options->other_idevid != NULL)
		err = pledge_identity_load(&factory->other,
		    options->other_idevid, options->other_key, NULL, why);
	if (err == 0)
		err = pledge_read_certs(
		    &factory->anchors, options->masa_anchor, why);
	return err;
}

static void
factory_fini(struct factory *factory)
{
	pledge_identity_fini(&factory->identity);
	pledge_identity_fini(&factory->other);
	cert_list_fini(&factory->anchors);
}

static int
keep(const struct network_state *state, const struct pledge_options *options,
    const char *dir, struct reason *why)
{
	int err = network_state_save(dir, state, why);

	if (err == 0 && !options->base.json)
		puts("Onboarded. The manufacturer's voucher is for this "
		     "device and names this domain,\nwhich handed out this:");
	if (err == 0)
		err = report_status(state, options->base.json);
	return err != 0 ? command_fail_error(err, why) : EXIT_DONE;
}

static int
onboard(const struct factory *factory, const struct pledge_options *options,
    const char *dir, struct reason *why)
{
	struct network_state *state CLEANUP(freep) = calloc(1, sizeof(*state));
	const struct pledge_params params = {
	    .identity = &factory->identity,
	    .other = &factory->other,
	    .anchors = &factory->anchors,
	    .registrar = options->base.server,
	    .interfaces = options->base.interfaces,
	    .format = options->format,
	    .accept = options->accept,
	    .accept_nonceless = options->accept_nonceless,
	    .patience_s = options->patience_s,
	    .misbehave = options->misbehave,
	};
	int err =
	    state == NULL ? -ERR_NOMEM : pledge_onboard(state, &params, why);
	int status;

	if (err != 0)
		return command_fail_error(err, why);
	status = keep(state, options, dir, why);
	network_state_fini(state);
	return status;
}

int
pledge_command_onboard(
    const struct pledge_options *options, const char *dir, struct reason *why)
{
	struct factory *factory CLEANUP(freep) = calloc(1, sizeof(*factory));
	int status = EXIT_USAGE;
	int err =
	    factory == NULL ? -ERR_NOMEM : network_state_check_dir(dir, why);

	if (err != 0)
		return command_fail_error(err, why);
	if (factory_load(factory, options, why) == 0)
		status = onboard(factory, options, dir, why);
	else
		command_fail(status, "", why);
	factory_fini(factory);
	return status;
}

static int
renew(const struct network_state *state, const struct options *options,
    const char *dir, struct reason *why)
{
	struct network_state *fresh CLEANUP(freep) = calloc(1, sizeof(*fresh));
	const struct refresh_params params = {.server = options->server,
	    .interfaces = options->interfaces,
	    .renew = true};
	struct refresh_outcome outcome = {.own = REFRESH_OWN_NONE};
	struct trust *trust = NULL;
	int err = fresh == NULL ? -ERR_NOMEM
				: network_state_trust(&trust, state, why);

	if (err == 0)
		err = refresh_network(
		    fresh, &outcome, state, trust, &params, why);
	trust_free(trust);
	if (err != 0)
		return err;
	if (outcome.own == REFRESH_OWN_RENEWED)
		err = network_state_save(dir, fresh, why);
	else if (outcome.own == REFRESH_OWN_FAILED)
		err = reason_set(why, -ERR_REFUSED, "%s", outcome.why.text);
	else
		err = reason_set(why, -ERR_REFUSED,
		    "the certificate has expired, and renews nothing any "
		    "more: onboard again");
	if (err == 0)
		err = report_own(&fresh->enrolled);
	network_state_fini(fresh);
	return err;
}

int
pledge_command_renew(
    const struct options *options, const char *dir, struct reason *why)
{
	struct network_state *state CLEANUP(freep) = calloc(1, sizeof(*state));
	int err, status;

	if (state == NULL)
		return command_fail_error(-ERR_NOMEM, why);
	status = command_load(state, options, dir, why);
	if (status != EXIT_DONE)
		return status;
	err = renew(state, options, dir, why);
	network_state_fini(state);
	return err != 0 ? command_fail_error(err, why) : EXIT_DONE;
}
