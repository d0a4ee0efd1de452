#include "masa/files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/str.h"
#include "ca/cert.h"

#define CERT_FILE_MAX_BYTES 65536

int
file_in(char out[PATH_MAX], const char *dir, const char *name)
{
	return str_format(out, PATH_MAX, "%s/%s", dir, name);
}

int
masa_files_init(
    struct masa_files *files, const char *state_dir, struct reason *why)
{
	const struct {
		char *out;
		const char *name;
	} names[] = {{files->vendor_cert, "vendor-ca.cert.pem"},
	    {files->vendor_key, "vendor-ca.key.pem"},
	    {files->masa_cert, "masa-ca.cert.pem"},
	    {files->masa_key, "masa-ca.key.pem"}, {files->tls, "tls.pem"},
	    {files->voucher, "voucher.pem"}, {files->database, "masa.db"}};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		int err = file_in(names[i].out, state_dir, names[i].name);

		if (err != 0)
			return reason_set(
			    why, err, "the state directory's path is too long");
	}
	return 0;
}

int
dir_make(const char *path, mode_t mode, struct reason *why)
{
	struct stat st;

	if (mkdir(path, mode) != 0 && errno != EEXIST)
		return reason_set(why, -ERR_IO, "%s: cannot be made: %s", path,
		    strerror(errno));
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return reason_set(
		    why, -ERR_INVALID, "%s: not a directory", path);
	if ((st.st_mode & 077 & ~mode) != 0)
		return reason_set(why, -ERR_PERMISSION,
		    "%s: mode %04o lets others in; run: chmod %04o %s", path,
		    (unsigned int)(st.st_mode & 07777), (unsigned int)mode,
		    path);
	return 0;
}

int
pem_write(const char *path, const struct key *key, const struct bytes *certs,
    size_t n, struct reason *why)
{
	struct blob key_pem CLEANUP(key_pem_fini) = {0};
	struct buf pem = {0};
	int err = key != NULL ? key_to_pem(&key_pem, key) : 0;

	if (err == 0 && key != NULL)
		err = buf_add(&pem, key_pem.data, key_pem.len);
	for (size_t i = 0; err == 0 && i < n; i++)
		err = cert_to_pem(&pem, certs[i]);
	if (err == 0)
		err = file_write(path,
		    (struct bytes){(const uint8_t *)pem.data, pem.len},
		    key != NULL ? SECRET_MODE : PUBLIC_MODE);
	if (pem.data != NULL)
		explicit_bzero(pem.data, pem.len);
	buf_fini(&pem);
	return err == 0 ? 0
			: reason_set(why, err, "%s: not written: %s", path,
			      err_text(err));
}

int
cert_read(struct blob *out, const char *path, struct reason *why)
{
	struct cert_list list CLEANUP(cert_list_fini) = {.n = 0};
	struct blob pem CLEANUP(blob_fini) = {0};
	struct reason detail = {""};
	int err = file_read(&pem, path, CERT_FILE_MAX_BYTES);

	if (err == 0)
		err = cert_list_from_pem(&list, blob_bytes(&pem), &detail);
	if (err == 0)
		err = blob_copy(out, blob_bytes(&list.items[0]));
	return err == 0
		   ? 0
		   : reason_set(why, err, "%s: %.150s", path,
			 detail.text[0] != '\0' ? detail.text : err_text(err));
}
