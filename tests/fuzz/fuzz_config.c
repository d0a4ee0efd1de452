/* A configuration file of estuaryd; and each of its lines as --set. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/settings.h"
#include "tests/fuzz/fuzz.h"

static int
read_text(struct config *config, struct bytes text, struct reason *why)
{
	int fd = memfd_create("estuary.conf", MFD_CLOEXEC);
	char path[32];
	int err;

	FUZZ_CHECK(fd >= 0);
	FUZZ_CHECK(write(fd, text.data, text.len) == (ssize_t)text.len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = config_read(config, path, why);
	close(fd);
	return err;
}

static int
each(void *arg, const char *item)
{
	(void)arg;
	FUZZ_CHECK(item[0] != '\0');
	return 0;
}

/* Every value can be had by its type, and what is printed reads as the same. */
static void
check_config(const struct config *config)
{
	struct buf printed CLEANUP(buf_fini) = {0};
	struct buf again CLEANUP(buf_fini) = {0};
	struct config *second;
	struct reason why = {""};

	for (const struct config_key *k = settings_schema; k->name != NULL; k++)
		if (k->type == CONFIG_NUMBER || k->type == CONFIG_DURATION)
			FUZZ_CHECK(config_number(config, k->name) >= k->min &&
				   config_number(config, k->name) <= k->max);
		else if (k->type >= CONFIG_ENDPOINTS)
			FUZZ_CHECK(
			    config_each(config, k->name, each, NULL) == 0);
	FUZZ_CHECK(config_print(&printed, config, false) == 0);
	FUZZ_CHECK(config_new(&second, settings_schema) == 0);
	FUZZ_CHECK(
	    read_text(second,
		(struct bytes){(const uint8_t *)printed.data, printed.len},
		&why) == 0);
	FUZZ_CHECK(config_print(&again, second, false) == 0);
	FUZZ_CHECK(strcmp(printed.data, again.data) == 0);
	config_free(second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	struct config *config;
	struct reason why = {""};
	int err;

	FUZZ_CHECK(config_new(&config, settings_schema) == 0);
	err = read_text(config, in, &why);
	fuzz_check_refusal(err, &why);
	if (err == 0)
		check_config(config);
	while (in.len != 0) {
		AUTOFREE char *line = fuzz_take_text(&in, '\n');

		fuzz_check_refusal(config_set(config, line, &why), &why);
	}
	check_config(config);
	config_free(config);
	return 0;
}
