#include "server/outside.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"

#define OPEN_PATH_MAX 32 /* /proc/self/fd/N, with NUL */

/* --- in the keeper's process --- */

struct places {
	struct app_source source;
	struct state state;
	char cert[PATH_MAX], key[PATH_MAX]; /* "": none */
};

static int
note_pair(struct places *places, const struct config *config)
{
	int err = str_format(places->cert, sizeof(places->cert), "%s",
	    config_text(config, "server.cert"));

	return err != 0 ? err
			: str_format(places->key, sizeof(places->key), "%s",
			      config_text(config, "server.key"));
}

/* The administrator may have changed where the pair is: in the file that
 * estuaryd is about to read, whatever has its name by now. A configuration that
 * cannot be used changes nothing: estuaryd finds out, too. */
static void
read_places(struct places *places, int config_fd)
{
	AUTOFREE struct app *fresh = calloc(1, sizeof(*fresh));
	AUTOFREE struct places *new = calloc(1, sizeof(*new));
	struct app_source source = places->source;
	char path[OPEN_PATH_MAX];

	if (fresh == NULL || new == NULL ||
	    str_format(path, sizeof(path), "/proc/self/fd/%d", config_fd) != 0)
		return;
	source.config_path = path;
	*new = *places;
	if (app_configure(fresh, &source, NULL) == 0 &&
	    note_pair(new, fresh->config) == 0)
		*places = *new;
	config_free(fresh->config);
}

static int
open_config(struct places *places, int *fd, struct reason *why)
{
	const char *path = places->source.config_path != NULL
			       ? places->source.config_path
			       : places->state.config;
	int err = file_open(fd, path, why);

	if (err == 0)
		read_places(places, *fd);
	return err;
}

static int
open_file(void *arg, int *fd, uint32_t which, struct reason *why)
{
	struct places *places = arg;
	const char *path = "";

	switch (which) {
	case OUTSIDE_CONFIG:
		return open_config(places, fd, why);
	case OUTSIDE_CERT:
		path = places->cert;
		break;
	case OUTSIDE_KEY:
		path = places->key;
		break;
	case OUTSIDE_PEM:
		path = places->state.server_pem;
		break;
	default:
		break;
	}
	if (path[0] == '\0')
		return reason_set(why, -ERR_NOT_FOUND, "no such file");
	return file_open(fd, path, why);
}

static int
put_pem_file(const char *path, struct bytes pem, struct reason *why)
{
	int err = file_write(path, pem, 0400);

	return err == 0 ? 0
			: reason_set(why, err, "%s: cannot be written: %s",
			      path, err_text(err));
}

static int
put_pem(void *arg, struct bytes content, struct reason *why)
{
	const struct places *places = arg;

	return put_pem_file(places->state.server_pem, content, why);
}

static int
remove_socket_file(const char *path, struct reason *why)
{
	if (unlink(path) == 0 || errno == ENOENT)
		return 0;
	return reason_set(why, -ERR_IO, "%s: %s", path, strerror(errno));
}

static int
remove_socket(void *arg, struct reason *why)
{
	const struct places *places = arg;

	return remove_socket_file(places->state.admin_socket, why);
}

/* --- in estuaryd --- */

int
outside_start(struct app *app, const char *signer_argument, struct reason *why)
{
	AUTOFREE struct places *places = calloc(1, sizeof(*places));
	const struct keeper_acts acts = {.argument = signer_argument,
	    .open = open_file,
	    .put = put_pem,
	    .remove = remove_socket,
	    .arg = places};
	int err = places != NULL ? note_pair(places, app->config) : -ERR_NOMEM;

	if (err != 0)
		return reason_set(
		    why, err, "the keeper's files: %s", err_text(err));
	places->source = app->source;
	places->state = app->state;
	/* The child has its copy of the places. */
	return keeper_start(&app->keeper, "estuary-keeper", &acts, why);
}

int
outside_open(int *fd, struct app *app, enum outside_file which,
    const char *path, struct reason *why)
{
	return app->keeper != NULL
		   ? keeper_open(app->keeper, fd, (uint32_t)which, why)
		   : file_open(fd, path, why);
}

int
outside_put_pem(struct app *app, struct bytes pem, struct reason *why)
{
	return app->keeper != NULL
		   ? keeper_put(app->keeper, pem, why)
		   : put_pem_file(app->state.server_pem, pem, why);
}

void
outside_remove_socket(struct app *app)
{
	struct reason why = {""};
	int err = app->keeper != NULL
		      ? keeper_remove(app->keeper, &why)
		      : remove_socket_file(app->state.admin_socket, &why);

	if (err != 0)
		log_warn(
		    "admin.sock is left behind", "reason=\"%s\"", why.text);
}
