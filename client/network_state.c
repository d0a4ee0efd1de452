#include "client/network_state.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

#define NETWORKS_DIR "networks"
#define FILE_SUFFIX ".json"

void
network_state_fini(struct network_state *state)
{
	cert_list_fini(&state->anchor);
	cert_list_fini(&state->intermediates);
	enrolled_fini(&state->enrolled);
	resolver_set_fini(&state->resolvers);
}

int
network_state_trust(
    struct trust **out, const struct network_state *state, struct reason *why)
{
	return state->trust == NETWORK_IMPLICIT
		   ? trust_from_system(out, &state->intermediates, why)
		   : trust_from_certs(out, &state->anchor, why);
}

bool
network_name_is_valid(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	size_t len = strlen(name);

	return len > 0 && len <= NETWORK_NAME_MAX &&
	       strspn(name, allowed) == len;
}

int
state_dir_default(char *out, size_t size)
{
	const char *state_home = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	/* The XDG base directory specification: relative paths are invalid. */
	if (state_home != NULL && state_home[0] == '/')
		return str_format(out, size, "%s/estuary", state_home);
	if (home != NULL && home[0] == '/')
		return str_format(out, size, "%s/.local/state/estuary", home);
	return -ERR_NOT_FOUND;
}

static int
state_path(char out[PATH_MAX], const char *state_dir, const char *name,
    struct reason *why)
{
	if (!network_name_is_valid(name))
		return reason_set(why, -ERR_INVALID,
		    "a network's name is 1 to %d letters, digits, dots, "
		    "underscores and hyphens",
		    NETWORK_NAME_MAX);
	if (str_format(out, PATH_MAX, "%s/" NETWORKS_DIR "/%s" FILE_SUFFIX,
		state_dir, name) != 0)
		return reason_set(why, -ERR_TOO_LARGE,
		    "the state directory's path is too long");
	return 0;
}

/* mkdir -p, 0700 for what is missing. */
static int
make_directories(char *path, struct reason *why)
{
	for (char *p = path + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return reason_set(
			    why, -ERR_IO, "%.180s: %s", path, strerror(errno));
		*p = c;
		if (c == '\0')
			return 0;
	}
}

int
network_state_check_dir(const char *state_dir, struct reason *why)
{
	char path[PATH_MAX];
	struct stat st;
	char *slash;
	int err = str_format(path, sizeof(path), "%s/" NETWORKS_DIR, state_dir);

	if (err != 0)
		return reason_set(why, err,
		    "the state directory's path is too "
		    "long");
	while (stat(path, &st) != 0) {
		slash = strrchr(path, '/');
		if (slash == NULL)
			strcpy(path, ".");
		else if (slash == path)
			slash[1] = '\0';
		else
			*slash = '\0';
	}
	if (!S_ISDIR(st.st_mode))
		return reason_set(
		    why, -ERR_IO, "%.200s: not a directory", path);
	if (access(path, W_OK | X_OK) != 0)
		return reason_set(
		    why, -ERR_PERMISSION, "%.200s: cannot be written", path);
	return 0;
}

int
network_state_save(const char *state_dir, const struct network_state *state,
    struct reason *why)
{
	char dir[PATH_MAX], path[PATH_MAX];
	struct buf json = {0};
	int err = state_path(path, state_dir, state->name, why);

	if (err != 0)
		return err;
	err = str_format(dir, sizeof(dir), "%s/" NETWORKS_DIR, state_dir);
	if (err == 0)
		err = make_directories(dir, why);
	if (err != 0)
		return err;
	err = network_state_encode(&json, state);
	if (err == 0)
		err = file_write(path,
		    (struct bytes){(const uint8_t *)json.data, json.len}, 0600);
	if (err != 0)
		reason_set(why, err, "%.200s: %s", path, err_text(err));
	buf_wipe(&json);
	return err;
}

int
network_state_load(struct network_state *out, const char *state_dir,
    const char *name, struct reason *why)
{
	struct network_state *state CLEANUP(freep) = NULL;
	struct blob json = {0};
	struct reason inner = {""};
	char path[PATH_MAX];
	int err = state_path(path, state_dir, name, why);

	if (err != 0)
		return err;
	if (!file_exists(path))
		return reason_set(why, -ERR_NOT_FOUND,
		    "network %s has not been joined", name);
	err = file_read_secret(&json, path, NETWORK_STATE_MAX_BYTES, why);
	if (err != 0)
		return err;
	state = calloc(1, sizeof(*state));
	err = state == NULL
		  ? -ERR_NOMEM
		  : network_state_parse(state, blob_bytes(&json), &inner);
	blob_wipe(&json);
	if (err != 0)
		return reason_set(why, err, "%.120s: %.120s", path, inner.text);
	if (strcmp(state->name, name) != 0) {
		network_state_fini(state);
		return reason_set(why, -ERR_CORRUPT,
		    "%.180s: holds the state of another network", path);
	}
	*out = *state;
	return 0;
}

int
network_state_remove(
    const char *state_dir, const char *name, struct reason *why)
{
	char path[PATH_MAX], dir[PATH_MAX];
	int err = state_path(path, state_dir, name, why);

	if (err != 0)
		return err;
	if (unlink(path) != 0) {
		err = errno == ENOENT ? -ERR_NOT_FOUND : -ERR_IO;
		return err == -ERR_NOT_FOUND
			   ? reason_set(why, err,
				 "network %s has not been joined", name)
			   : reason_set(
				 why, err, "%.180s: %s", path, strerror(errno));
	}
	err = str_format(dir, sizeof(dir), "%s/" NETWORKS_DIR, state_dir);
	return err != 0 ? err : dir_sync(dir);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Takes the entry's name without the suffix if it is a network's. */
static void
add_entry(struct network_names *names, const char *file)
{
	size_t len = strlen(file), tail = sizeof(FILE_SUFFIX) - 1;
	char name[NETWORK_NAME_MAX + 1];

	if (names->n == NETWORKS_MAX || len <= tail ||
	    strcmp(file + len - tail, FILE_SUFFIX) != 0)
		return;
	if (str_format(name, sizeof(name), "%.*s", (int)(len - tail), file) ==
		0 &&
	    network_name_is_valid(name))
		memcpy(names->items[names->n++], name, sizeof(name));
}

int
network_state_list(
    struct network_names *out, const char *state_dir, struct reason *why)
{
	char path[PATH_MAX];
	const struct dirent *entry;
	DIR *dir;

	out->n = 0;
	if (str_format(path, sizeof(path), "%s/" NETWORKS_DIR, state_dir) != 0)
		return reason_set(why, -ERR_TOO_LARGE,
		    "the state directory's path is too long");
	dir = opendir(path);
	if (dir == NULL && errno == ENOENT)
		return 0;
	if (dir == NULL)
		return reason_set(
		    why, -ERR_IO, "%.180s: %s", path, strerror(errno));
	while ((entry = readdir(dir)) != NULL)
		add_entry(out, entry->d_name);
	closedir(dir);
	qsort(out->items, out->n, sizeof(out->items[0]), compare_names);
	return 0;
}
