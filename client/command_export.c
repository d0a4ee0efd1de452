/* estuary-join export. */
#include "client/command.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/str.h"
#include "client/export.h"

static int
print_result(const struct export_result *result)
{
	if (fputs(buf_text(&result->config.content), stdout) < 0)
		return -ERR_IO;
	fputs(buf_text(&result->readme.content), stderr);
	return 0;
}

static bool
is_wanted(const struct export_file *file)
{
	return file->name[0] != '\0';
}

static int
file_path(char out[PATH_MAX], const char *dir, const struct export_file *file,
    struct reason *why)
{
	if (str_format(out, PATH_MAX, "%s/%s", dir, file->name) != 0)
		return reason_set(
		    why, -ERR_TOO_LARGE, "--out: the path is too long");
	return 0;
}

static int
write_file(const char *dir, const struct export_file *file, struct reason *why)
{
	char path[PATH_MAX];
	int err = file_path(path, dir, file, why);

	if (err != 0)
		return err;
	err = file_write(path,
	    (struct bytes){
		(const uint8_t *)file->content.data, file->content.len},
	    0644);
	if (err != 0)
		return reason_set(why, err, "%.200s: %s", path, err_text(err));
	printf("%s\n", path);
	return 0;
}

/* What is there may be the user's own. */
static int
check_absent(
    const char *dir, const struct export_file *file, struct reason *why)
{
	char path[PATH_MAX];
	int err = file_path(path, dir, file, why);

	if (err == 0 && file_exists(path))
		err = reason_set(why, -ERR_EXISTS,
		    "%.180s is there already; --force replaces it", path);
	return err;
}

static int
write_result(const struct export_result *result, const char *dir, bool force,
    struct reason *why)
{
	const struct export_file *const files[] = {
	    &result->config, &result->root, &result->readme};
	int err = 0;

	for (size_t i = 0; err == 0 && !force && i < ARRAY_LEN(files); i++)
		if (is_wanted(files[i]))
			err = check_absent(dir, files[i], why);
	for (size_t i = 0; err == 0 && i < ARRAY_LEN(files); i++)
		if (is_wanted(files[i]))
			err = write_file(dir, files[i], why);
	return err;
}

/* Makes the directory if it is missing; its absolute path. */
static int
open_dir(char out[PATH_MAX], const char *dir, struct reason *why)
{
	if ((mkdir(dir, 0755) != 0 && errno != EEXIST) ||
	    realpath(dir, out) == NULL)
		return reason_set(
		    why, -ERR_IO, "--out %.180s: %s", dir, strerror(errno));
	return 0;
}

static int
export_state(const struct network_state *state, const struct options *options,
    struct reason *why)
{
	struct export_result result = {0};
	char dir[PATH_MAX];
	bool to_dir = options->out_dir != NULL;
	int err = to_dir ? open_dir(dir, options->out_dir, why) : 0;

	if (err == 0)
		err = export_make(
		    &result, options->format, state, to_dir ? dir : NULL, why);
	if (err != 0)
		return err;
	err = to_dir ? write_result(&result, dir, options->force, why)
		     : print_result(&result);
	export_result_fini(&result);
	return err;
}

int
command_export(
    const struct options *options, const char *dir, struct reason *why)
{
	struct network_state *state CLEANUP(freep) = calloc(1, sizeof(*state));
	int err, status;

	if (state == NULL)
		return command_fail_error(-ERR_NOMEM, why);
	status = command_load(state, options, dir, why);
	if (status != EXIT_DONE)
		return status;
	err = export_state(state, options, why);
	network_state_fini(state);
	if (err == -ERR_EXISTS)
		return command_fail(EXIT_USAGE, "", why);
	return err != 0 ? command_fail_error(err, why) : EXIT_DONE;
}
