/* Configurations for programs of others that use a network's DNS servers, made
 * of what is stored. Nothing of the system is read or touched. */
#ifndef CLIENT_EXPORT_H
#define CLIENT_EXPORT_H

#include "client/network_state.h"

#define EXPORT_FORMATS "systemd-resolved, unbound, stubby, firefox or chromium"
#define EXPORT_NAME_MAX 96

struct export_file {
	char name[EXPORT_NAME_MAX]; /* within the directory; "" if not wanted */
	struct buf content;
};

struct export_result {
	struct export_file config;
	struct export_file root; /* the root certificate, PEM */
	/* What the user has to know where the configuration cannot hold it as
	 * comments. */
	struct export_file readme;
};

bool export_format_is_known(const char *format);

/* dir is where the files will be, an absolute path, or NULL when only the
 * configuration is wanted: the root certificate is then within its comments.
 * Every value is held against its syntax again before it is written.
 * -ERR_REFUSED when it does not fit a configuration file, or the network has no
 * server of the kind that the program wants. */
int export_make(struct export_result *out, const char *format,
    const struct network_state *state, const char *dir,
    struct reason *why) NODISCARD;
void export_result_fini(struct export_result *result);

#endif
