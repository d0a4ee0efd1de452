#include "server/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

int
state_paths(struct state *state, const char *dir, struct reason *why)
{
	const struct {
		char *out;
		const char *name;
	} files[] = {{state->config, "estuary.conf"}, {state->ca_dir, "ca"},
	    {state->database, "estuary.db"}, {state->server_pem, "server.pem"},
	    {state->admin_socket, "admin.sock"}};
	int err = str_format(state->dir, sizeof(state->dir), "%s", dir);

	state->lock_fd = -1;
	for (size_t i = 0; i < ARRAY_LEN(files) && err == 0; i++)
		err = str_format(
		    files[i].out, PATH_MAX, "%s/%s", dir, files[i].name);
	if (err != 0)
		return reason_set(why, err,
		    "the state directory's path is too "
		    "long");
	return 0;
}

static bool
dir_is_empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool empty = true;

	if (dir == NULL)
		return false;
	while (empty && (entry = readdir(dir)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0;
	closedir(dir);
	return empty;
}

static int
check_dir(const char *path, struct reason *why)
{
	struct stat st;

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return reason_set(why, -ERR_IO, "%s: cannot be made: %s", path,
		    strerror(errno));
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return reason_set(
		    why, -ERR_INVALID, "%s: not a directory", path);
	if (st.st_uid != geteuid())
		return reason_set(why, -ERR_PERMISSION,
		    "%s: owned by uid %u, not by uid %u who runs estuaryd",
		    path, (unsigned int)st.st_uid, (unsigned int)geteuid());
	if ((st.st_mode & 077) == 0)
		return 0;
	if (dir_is_empty(path) && chmod(path, 0700) == 0)
		return 0;
	return reason_set(why, -ERR_PERMISSION,
	    "%s: mode %04o lets others in; run: chmod 0700 %s", path,
	    (unsigned int)(st.st_mode & 07777), path);
}

static int
take_lock(struct state *state, struct reason *why)
{
	char path[PATH_MAX];

	if (str_format(path, sizeof(path), "%s/lock", state->dir) != 0)
		return -ERR_TOO_LARGE;
	state->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (state->lock_fd < 0)
		return reason_set(
		    why, -ERR_IO, "%s: %s", path, strerror(errno));
	if (flock(state->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return reason_set(why, -ERR_EXISTS,
		    "%s: another estuaryd uses this state directory",
		    state->dir);
	return 0;
}

/* The database is made before the CA is renamed into place, and both stay. */
static int
look(struct state *state, struct reason *why)
{
	bool has_ca = file_exists(state->ca_dir);

	if (has_ca && !file_exists(state->database))
		return reason_set(why, -ERR_CORRUPT,
		    "%s is missing although %s is there: restore it from a "
		    "backup, or move the whole directory away to start anew",
		    state->database, state->ca_dir);
	state->first_start = !has_ca;
	return 0;
}

int
state_open(struct state *state, const char *dir, struct reason *why)
{
	int err = state_paths(state, dir, why);

	if (err == 0)
		err = check_dir(dir, why);
	if (err == 0)
		err = take_lock(state, why);
	if (err == 0)
		err = look(state, why);
	return err;
}

void
state_close(struct state *state)
{
	if (state->lock_fd >= 0)
		close(state->lock_fd);
	state->lock_fd = -1;
}
