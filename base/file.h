/* Files: bounded reads, atomic writes, permission checks. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <sys/types.h>

#include "base/buf.h"

/* Reads a whole regular file of at most max bytes; out->data has a NUL behind
 * its len bytes. -ERR_NOT_FOUND, -ERR_TOO_LARGE, -ERR_PERMISSION, -ERR_INVALID
 * (not a regular file), -ERR_IO. */
int file_read(struct blob *out, const char *path, size_t max) NODISCARD;

/* As file_read, but refuses with -ERR_PERMISSION and a reason a file that
 * others than its owner may read or write, or that somebody else owns. */
int file_read_secret(struct blob *out, const char *path, size_t max,
    struct reason *why) NODISCARD;

/* As file_read_secret, for a file that another program keeps: root's will do
 * too, which a group may read then, but neither write nor anybody else. */
int file_read_group_secret(struct blob *out, const char *path, size_t max,
    struct reason *why) NODISCARD;

/* Opens a file for one of the functions below. */
int file_open(int *fd, const char *path, struct reason *why) NODISCARD;
/* The three above for a file that is open; path is for the reason alone. The
 * descriptor stays the caller's. */
int file_read_fd(
    struct blob *out, int fd, const char *path, size_t max) NODISCARD;
int file_read_secret_fd(struct blob *out, int fd, const char *path, size_t max,
    struct reason *why) NODISCARD;
int file_read_group_secret_fd(struct blob *out, int fd, const char *path,
    size_t max, struct reason *why) NODISCARD;

/* Replaces path with the given bytes: a temporary file in the same directory,
 * fsync, rename, fsync of the directory. */
int file_write(const char *path, struct bytes content, mode_t mode) NODISCARD;

bool file_exists(const char *path);

/* fsync of a directory. */
int dir_sync(const char *path) NODISCARD;

#endif
