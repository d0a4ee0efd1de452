/* A manufacturer's state directory. */
#ifndef MASA_FILES_H
#define MASA_FILES_H

#include <limits.h>
#include <sys/types.h>

#include "base/buf.h"
#include "ca/vendor.h"

struct masa_files {
	/* The CAs: of the devices, and of the service's own certificates. */
	char vendor_cert[PATH_MAX], vendor_key[PATH_MAX];
	char masa_cert[PATH_MAX], masa_key[PATH_MAX];
	/* Key, certificate, CA, in one file each. */
	char tls[PATH_MAX], voucher[PATH_MAX];
	char database[PATH_MAX];
};

int masa_files_init(struct masa_files *files, const char *state_dir,
    struct reason *why) NODISCARD;

/* The path of name in dir. */
int file_in(char out[PATH_MAX], const char *dir, const char *name) NODISCARD;
/* Makes a directory unless it is there. */
int dir_make(const char *path, mode_t mode, struct reason *why) NODISCARD;

#define SECRET_MODE 0600
#define PUBLIC_MODE 0644

/* One file in PEM of the key (NULL: none) and the certificates, those with a
 * key readable by its owner alone. */
int pem_write(const char *path, const struct key *key,
    const struct bytes *certs, size_t n, struct reason *why) NODISCARD;

/* A certificate file's first certificate, as DER. */
int cert_read(struct blob *out, const char *path, struct reason *why) NODISCARD;

#endif
