/* estuary-join join. */
#include "client/command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "client/credential.h"
#include "client/join.h"
#include "client/report.h"

/* The user's consent for this one network (draft-reddy-add-iot-byod-bootstrap
 * 10): the question on a terminal, --network there, or that the command was run
 * at all without one. */
static bool
user_agrees(const struct network_state *state, const struct options *options)
{
	char answer[16];

	if (options->network != NULL || isatty(STDIN_FILENO) != 1)
		return true;
	fprintf(stderr,
	    "Join network %s and use its DNS servers while you are on it? "
	    "[y/N] ",
	    state->name);
	return fgets(answer, sizeof(answer), stdin) != NULL &&
	       (answer[0] == 'y' || answer[0] == 'Y');
}

static int
name_network(struct network_state *state, const struct options *options,
    struct reason *why)
{
	const char *name =
	    options->network != NULL ? options->network : state->server_name;

	if (!network_name_is_valid(name))
		return reason_set(why, -ERR_INVALID,
		    "the server's name is too long for a network's; give "
		    "--network NAME");
	strcpy(state->name, name);
	return 0;
}

/* A network that was joined with an anchor of its own does not become one that
 * any CA of the system's store may speak for, unless the user says so. */
static int
check_downgrade(const char *name, const char *dir,
    const struct options *options, struct reason *why)
{
	struct network_state *old CLEANUP(freep) = NULL;
	struct reason inner = {""};
	bool implicit;
	int err;

	if (options->trust == NETWORK_EXPLICIT || options->force ||
	    !network_name_is_valid(name))
		return 0;
	old = calloc(1, sizeof(*old));
	if (old == NULL)
		return -ERR_NOMEM;
	err = network_state_load(old, dir, name, &inner);
	if (err == -ERR_NOT_FOUND)
		return 0;
	if (err != 0)
		return reason_set(why, err, "%s", inner.text);
	implicit = old->trust == NETWORK_IMPLICIT;
	network_state_fini(old);
	if (implicit)
		return 0;
	return reason_set(why, -ERR_REFUSED,
	    "network %s was joined with an anchor of its own; implicit trust "
	    "would replace it by every CA of the system's store (--force does "
	    "so, --network NAME joins beside it)",
	    name);
}

/* Which checks were made. */
static void
print_proof(const struct network_state *state, bool by_code)
{
	if (state->trust == NETWORK_EXPLICIT) {
		printf("Joined. The EST server proved that it knows the code, "
		       "and handed out this:\n");
		return;
	}
	printf("Joined.%s The certificate of the EST server is for %s and "
	       "valid under the\nsystem's trust store, and so are those of "
	       "the DNS servers that it handed out:\n",
	    by_code ? " The EST server proved that it knows the code." : "",
	    state->server_name);
}

static int
keep_network(struct network_state *state, const char *dir,
    const struct options *options, struct reason *why)
{
	int err;

	if (name_network(state, options, why) != 0)
		return command_fail(EXIT_USAGE, "", why);
	err = check_downgrade(state->name, dir, options, why);
	if (err != 0)
		return command_fail_error(err, why);
	if (!user_agrees(state, options)) {
		reason_set(why, 0, "not joined; nothing was stored");
		return command_fail(EXIT_REFUSED, "", why);
	}
	state->opted_in = clock_now();
	err = network_state_save(dir, state, why);
	if (err != 0)
		return command_fail_error(err, why);
	print_proof(state, options_use_code(options));
	err = report_status(state, false);
	return err != 0 ? command_fail_error(err, why) : EXIT_DONE;
}

static int
join(struct network_state *state, struct join_params *params, const char *dir,
    const struct options *options, struct reason *why)
{
	const char *name =
	    options->network != NULL ? options->network : params->server_name;
	bool code_spent = false;
	int err, status;

	/* Before anything is sent, where the name is known by then. */
	if (name != NULL) {
		err = check_downgrade(name, dir, options, why);
		if (err != 0)
			return command_fail_error(err, why);
	}
	params->code_spent = &code_spent;
	err = join_network(state, params, why);
	params->code_spent = NULL;
	if (err == 0) {
		status = keep_network(state, dir, options, why);
		network_state_fini(state);
	} else {
		status = command_fail_error(err, why);
	}
	if (status != EXIT_DONE && code_spent)
		fprintf(stderr,
		    "estuary-join: nothing was stored, but the server has "
		    "counted a use of the code: another try needs a code that "
		    "is good for one more\n");
	return status;
}

int
command_join(const struct options *options, const char *dir, struct reason *why)
{
	struct network_state *state CLEANUP(freep) = calloc(1, sizeof(*state));
	struct join_params params = {
	    .server = options->server,
	    .interfaces = options->interfaces,
	    .allow_unconstrained = options->allow_unconstrained,
	    .pake_extension = options->pake_extension,
	    .pake_scheme = options->pake_scheme,
	    .trust = options->trust,
	    .enroll = options->enroll,
	};
	struct credential credential = {0};
	char server_name[DOMAIN_MAX + 1];
	int err, status;

	if (state == NULL)
		return command_fail_error(-ERR_NOMEM, why);
	/* Before anything is sent: a mistyped code costs no guess, and a code
	 * is not used up for what cannot be kept. */
	err = network_state_check_dir(dir, why);
	if (err != 0)
		return command_fail_error(err, why);
	if (options_use_code(options)) {
		if (credential_read(&credential, options->identity,
			options->code_file, why) != 0)
			return command_fail(EXIT_USAGE, "", why);
		params.identity = credential.identity;
		params.password = credential.password;
	}
	if (credential.server_name[0] != '\0')
		params.server_name = credential.server_name;
	if (options->server_name != NULL &&
	    domain_normalize(server_name, options->server_name) == 0)
		params.server_name = server_name;
	if (credential.has_root)
		params.root_sha256 = credential.root_sha256;
	status = join(state, &params, dir, options, why);
	credential_fini(&credential);
	return status;
}
