#include "server/cert_files.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "ca/key.h"
#include "server/app.h"
#include "server/outside.h"
#include "server/own_cert.h"

#define PEM_MAX_BYTES 65536
#define DAY_S 86400
/* It is late when less than this is left, or less than a quarter of its life:
 * whoever renews it does so at a third. */
#define LATE_S (14 * DAY_S)

static const char *
certificate_path(const struct config *config)
{
	return config_text(config, "server.cert");
}

static const char *
key_path(const struct config *config)
{
	return config_text(config, "server.key");
}

bool
cert_files_configured(const struct config *config)
{
	return certificate_path(config)[0] != '\0';
}

int
cert_files_check_config(const struct config *config, struct reason *why)
{
	const char *certificate = certificate_path(config);
	const char *key = key_path(config);

	if ((certificate[0] == '\0') != (key[0] == '\0'))
		return reason_set(why, -ERR_INVALID,
		    "server.cert and server.key belong together: set both, or "
		    "neither");
	if (certificate[0] != '\0' && (certificate[0] != '/' || key[0] != '/'))
		return reason_set(why, -ERR_INVALID,
		    "server.cert and server.key must be absolute paths");
	return 0;
}

/* All zero for a file that is not there. */
static struct file_mark
mark_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return (struct file_mark){0};
	return (struct file_mark){.dev = st.st_dev,
	    .ino = st.st_ino,
	    .size = st.st_size,
	    .mtime_ns =
		st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec,
	    .ctime_ns =
		st.st_ctim.tv_sec * INT64_C(1000000000) + st.st_ctim.tv_nsec};
}

static bool
marks_equal(const struct file_mark *a, const struct file_mark *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

/* Which of the two keys of the configuration a reason is about. */
static int
blame(struct reason *why, int err, const char *key, const char *path,
    const struct reason *detail)
{
	return reason_set(why, err, "%s (%.80s): %.150s", key, path,
	    detail->text[0] != '\0' ? detail->text : err_text(err));
}

static int
read_certificate(struct blob *out, struct app *app, const char *path)
{
	int fd = -1, err = outside_open(&fd, app, OUTSIDE_CERT, path, NULL);

	if (err != 0)
		return err;
	err = file_read_fd(out, fd, path, PEM_MAX_BYTES);
	close(fd);
	return err;
}

static int
read_key(
    struct blob *out, struct app *app, const char *path, struct reason *why)
{
	int fd = -1, err = outside_open(&fd, app, OUTSIDE_KEY, path, why);

	if (err != 0)
		return err;
	err = file_read_group_secret_fd(out, fd, path, PEM_MAX_BYTES, why);
	close(fd);
	return err;
}

/* Marks are taken first: what changes meanwhile is seen the next time. */
int
cert_files_read(struct server_pair *pair, struct blob *key_pem, struct app *app,
    struct reason *why)
{
	const char *certificate = certificate_path(app->config);
	const char *key = key_path(app->config);
	struct blob chain_pem CLEANUP(key_pem_fini) = {0};
	struct reason detail = {""};
	int err;

	app->cert_files.certificate = mark_of(certificate);
	app->cert_files.key = mark_of(key);
	err = read_certificate(&chain_pem, app, certificate);
	if (err != 0)
		return blame(why, err, "server.cert", certificate, &detail);
	err = read_key(key_pem, app, key, &detail);
	if (err != 0)
		return blame(why, err, "server.key", key, &detail);
	err = server_pair_read(pair, blob_bytes(&chain_pem),
	    blob_bytes(key_pem), app->server_name, clock_now(), &detail);
	if (err != 0)
		return blame(
		    why, err, "server.cert, server.key", certificate, &detail);
	return 0;
}

void
cert_files_reload(struct app *app)
{
	struct cert_files *files = &app->cert_files;
	struct engine_tls tls = {.public = NULL};
	struct reason why = {""};

	if (own_cert_prepare(app, &tls, &why) == 0) {
		engine_set_tls(app->engine, &tls);
		files->refused.text[0] = '\0';
		files->warned_at = 0;
	} else if (strcmp(files->refused.text, why.text) != 0) {
		files->refused = why;
		log_error("server certificate not reloaded",
		    "reason=\"%s\" note=\"the one before is still served\"",
		    why.text);
	}
	own_cert_set_refused(app, &files->refused);
	own_cert_tls_fini(&tls);
}

static bool
is_late(const struct cert_info *cert, int64_t now)
{
	int64_t quarter = (cert->not_after - cert->not_before) / 4;
	int64_t late = quarter < LATE_S ? quarter : LATE_S;

	return cert->not_after - now < late;
}

static void
warn_daily(struct app *app)
{
	const struct cert_info *cert = &app->own_cert;
	int64_t now = clock_now();
	char until[RFC3339_LEN];

	if (!is_late(cert, now) || now - app->cert_files.warned_at < DAY_S)
		return;
	app->cert_files.warned_at = now;
	rfc3339_format(until, cert->not_after);
	if (cert->not_after <= now)
		log_error("server certificate has expired",
		    "serial=%s not_after=%s note=\"renew server.cert\"",
		    cert->serial, until);
	else
		log_warn("server certificate expires soon",
		    "serial=%s not_after=%s note=\"renew server.cert\"",
		    cert->serial, until);
}

/* A pair that did not fit is tried again although its files are the same: it
 * may become valid with time. */
void
cert_files_tick(struct app *app)
{
	struct cert_files *files = &app->cert_files;
	struct file_mark certificate = mark_of(certificate_path(app->config));
	struct file_mark key = mark_of(key_path(app->config));

	if (files->refused.text[0] != '\0' ||
	    !marks_equal(&certificate, &files->certificate) ||
	    !marks_equal(&key, &files->key))
		cert_files_reload(app);
	warn_daily(app);
}
