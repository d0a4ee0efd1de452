#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

static void
closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int
err_from_errno(void)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		return -ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
	case ELOOP:
		return -ERR_PERMISSION;
	case EEXIST:
		return -ERR_EXISTS;
	case ENOMEM:
		return -ERR_NOMEM;
	default:
		return -ERR_IO;
	}
}

static int
read_all(struct blob *out, int fd, size_t size)
{
	AUTOFREE uint8_t *data = malloc(size + 1);
	size_t len = 0;

	if (data == NULL)
		return -ERR_NOMEM;
	while (len < size) {
		ssize_t n = read(fd, data + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -ERR_IO;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	data[len] = '\0';
	out->data = STEAL(data);
	out->len = len;
	return 0;
}

enum secrecy {
	PUBLIC,
	SECRET,       /* of the user who runs this program, and nobody else's */
	GROUP_SECRET, /* as SECRET; or root's, and root chose who may read it */
};

static int
check_secrecy(const struct stat *st, enum secrecy secrecy, const char *path,
    struct reason *why)
{
	bool roots = secrecy == GROUP_SECRET && st->st_uid == 0;
	unsigned int forbidden = roots ? 027 : 077;

	if (secrecy == PUBLIC)
		return 0;
	if ((st->st_mode & forbidden) != 0)
		return reason_set(why, -ERR_PERMISSION,
		    "%s: mode %04o lets others read a secret; run: chmod %s "
		    "%s",
		    path, (unsigned int)(st->st_mode & 07777),
		    roots ? "0640" : "0400", path);
	if (!roots && st->st_uid != geteuid())
		return reason_set(why, -ERR_PERMISSION,
		    "%s: owned by uid %u, not by uid %u who runs this program",
		    path, (unsigned int)st->st_uid, (unsigned int)geteuid());
	return 0;
}

int
file_open(int *out, const char *path, struct reason *why)
{
	/* O_NONBLOCK: a FIFO is refused, not waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return reason_set(
		    why, err_from_errno(), "%s: %s", path, strerror(errno));
	*out = fd;
	return 0;
}

static int
read_checked(struct blob *out, int fd, const char *path, size_t max,
    enum secrecy secrecy, struct reason *why)
{
	struct stat st;
	int err;

	if (fstat(fd, &st) != 0)
		return reason_set(
		    why, err_from_errno(), "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return reason_set(
		    why, -ERR_INVALID, "%s: not a regular file", path);
	err = check_secrecy(&st, secrecy, path, why);
	if (err != 0)
		return err;
	if (st.st_size < 0 || (uintmax_t)st.st_size > max)
		return reason_set(why, -ERR_TOO_LARGE,
		    "%s: larger than %zu bytes", path, max);
	return read_all(out, fd, (size_t)st.st_size);
}

static int
file_read_checked(struct blob *out, const char *path, size_t max,
    enum secrecy secrecy, struct reason *why)
{
	int fd CLEANUP(closep) = -1;
	int err = file_open(&fd, path, why);

	return err != 0 ? err : read_checked(out, fd, path, max, secrecy, why);
}

int
file_read_fd(struct blob *out, int fd, const char *path, size_t max)
{
	return read_checked(out, fd, path, max, PUBLIC, NULL);
}

int
file_read_secret_fd(
    struct blob *out, int fd, const char *path, size_t max, struct reason *why)
{
	return read_checked(out, fd, path, max, SECRET, why);
}

int
file_read_group_secret_fd(
    struct blob *out, int fd, const char *path, size_t max, struct reason *why)
{
	return read_checked(out, fd, path, max, GROUP_SECRET, why);
}

int
file_read(struct blob *out, const char *path, size_t max)
{
	return file_read_checked(out, path, max, PUBLIC, NULL);
}

int
file_read_secret(
    struct blob *out, const char *path, size_t max, struct reason *why)
{
	return file_read_checked(out, path, max, SECRET, why);
}

int
file_read_group_secret(
    struct blob *out, const char *path, size_t max, struct reason *why)
{
	return file_read_checked(out, path, max, GROUP_SECRET, why);
}

static int
write_all(int fd, struct bytes content)
{
	size_t done = 0;

	while (done < content.len) {
		ssize_t n = write(fd, content.data + done, content.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -ERR_IO;
		done += (size_t)n;
	}
	return 0;
}

int
dir_sync(const char *path)
{
	int fd CLEANUP(closep) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_from_errno();
	return fsync(fd) == 0 ? 0 : -ERR_IO;
}

static int
sync_parent(const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return dir_sync(".");
	if (slash == path)
		return dir_sync("/");
	if (str_format(dir, sizeof(dir), "%.*s", (int)(slash - path), path) !=
	    0)
		return -ERR_TOO_LARGE;
	return dir_sync(dir);
}

int
file_write(const char *path, struct bytes content, mode_t mode)
{
	char tmp[PATH_MAX];
	int fd CLEANUP(closep) = -1;
	int err;

	if (str_format(tmp, sizeof(tmp), "%s.tmp", path) != 0)
		return -ERR_TOO_LARGE;
	unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    mode | S_IWUSR);
	if (fd < 0)
		return err_from_errno();
	err = write_all(fd, content);
	if (err == 0 && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
		err = -ERR_IO;
	if (err == 0 && rename(tmp, path) != 0)
		err = err_from_errno();
	if (err != 0) {
		unlink(tmp);
		return err;
	}
	return sync_parent(path);
}

bool
file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}
