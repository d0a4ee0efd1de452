/* The state directory: what is where, and that nobody else can get at it. */
#ifndef SERVER_STATE_H
#define SERVER_STATE_H

#include <limits.h>
#include <stdbool.h>

#include "base/error.h"

struct state {
	char dir[PATH_MAX];
	char config[PATH_MAX];       /* estuary.conf */
	char ca_dir[PATH_MAX];       /* ca */
	char database[PATH_MAX];     /* estuary.db */
	char server_pem[PATH_MAX];   /* server.pem: key and chain */
	char admin_socket[PATH_MAX]; /* admin.sock */
	int lock_fd;
	bool first_start; /* there is no CA yet */
};

/* Makes dir (0700) unless it is there, refuses one that others can enter,
 * takes its lock, and looks whether this is the first start. */
int state_open(
    struct state *state, const char *dir, struct reason *why) NODISCARD;
void state_close(struct state *state);
/* The paths alone: touches nothing. */
int state_paths(
    struct state *state, const char *dir, struct reason *why) NODISCARD;

#endif
