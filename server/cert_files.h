/* A certificate of another CA in place of the embedded CA's: server.cert and
 * server.key, two files that somebody else renews. The main thread's. */
#ifndef SERVER_CERT_FILES_H
#define SERVER_CERT_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/config.h"
#include "ca/server_pair.h"

struct app;

/* What tells one content of a file from the next. */
struct file_mark {
	dev_t dev;
	ino_t ino;
	off_t size;
	int64_t mtime_ns, ctime_ns;
};

struct cert_files {
	struct file_mark certificate, key; /* as they were last read */
	struct reason refused; /* why they are not served; "" if they are */
	int64_t warned_at;     /* of the end of the certificate that is */
};

bool cert_files_configured(const struct config *config);
/* Both or none, absolute paths. */
int cert_files_check_config(
    const struct config *config, struct reason *why) NODISCARD;

/* Reads and judges the pair for app->server_name. *key_pem holds a secret: wipe
 * it with key_pem_fini(). */
int cert_files_read(struct server_pair *pair, struct blob *key_pem,
    struct app *app, struct reason *why) NODISCARD;

/* Serves what the files hold now, or goes on with what was served before and
 * logs why, unless that was said already. */
void cert_files_reload(struct app *app);
/* Now and then: looks whether the files changed, and warns each day of a
 * certificate that will not last. */
void cert_files_tick(struct app *app);

#endif
