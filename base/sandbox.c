#include "base/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/landlock.h>

#ifndef SANDBOX_RELAXED
#error "base/meson.build says whether this build has sanitizers"
#endif

bool
sandbox_is_relaxed(void)
{
	return SANDBOX_RELAXED != 0;
}

/* The kernel's struct landlock_ruleset_attr, of which Debian 12's header knows
 * the first member. */
struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

#define FS_ALL_1 (LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1) /* ABI 1 */
#define FS_TRUNCATE (UINT64_C(1) << 14)
#define FS_IOCTL_DEV (UINT64_C(1) << 15)
#define NET_BIND_TCP (UINT64_C(1) << 0)
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS UINT64_C(3)

/* Everything that this ABI can deny. Returns the attribute's size. */
static size_t
fill_ruleset(struct ruleset *r, int abi)
{
	*r = (struct ruleset){.fs = FS_ALL_1};
	if (abi >= 2)
		r->fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		r->fs |= FS_TRUNCATE;
	if (abi >= 4)
		r->net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (abi >= 5)
		r->fs |= FS_IOCTL_DEV;
	if (abi >= 6)
		r->scoped = SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS;
	if (abi >= 6)
		return sizeof(*r);
	return abi >= 4 ? offsetof(struct ruleset, scoped)
			: offsetof(struct ruleset, net);
}

/* 0: the kernel has none, or this build is not to use it. */
static int
landlock_version(void)
{
	int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	return version > 0 && !sandbox_is_relaxed() ? version : 0;
}

static int
enforce(int fd)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		       syscall(SYS_landlock_restrict_self, fd, 0) == 0
		   ? 0
		   : -ERR_IO;
}

int
sandbox_no_files(int *abi, struct reason *why)
{
	struct ruleset ruleset;
	int version = landlock_version(), fd, err = 0;
	size_t size;

	if (version == 0) {
		*abi = 0;
		return 0;
	}
	size = fill_ruleset(&ruleset, version);
	fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
	if (fd < 0 || enforce(fd) != 0)
		err = reason_set(why, -ERR_IO, "Landlock (ABI %d): %s", version,
		    strerror(errno));
	if (fd >= 0)
		close(fd);
	if (err == 0)
		*abi = version;
	return err;
}

/* What may be done to a path, of what this ruleset can deny at all. A file
 * knows no rights of a directory. */
static uint64_t
rights(enum sandbox_access access, bool is_dir, uint64_t handled)
{
	uint64_t read = LANDLOCK_ACCESS_FS_READ_FILE |
			(is_dir ? LANDLOCK_ACCESS_FS_READ_DIR : 0);

	switch (access) {
	case SANDBOX_READ:
		return handled & read;
	case SANDBOX_UPDATE:
		return handled &
		       (read | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE);
	case SANDBOX_LIST:
	default:
		return handled & (is_dir ? LANDLOCK_ACCESS_FS_READ_DIR : 0);
	}
}

/* Returns an errno. */
static int
allow_path(int ruleset, const struct sandbox_path *path, uint64_t handled)
{
	struct landlock_path_beneath_attr rule = {
	    .parent_fd = open(path->path, O_PATH | O_CLOEXEC)};
	struct stat st;
	int rc = 0;

	if (rule.parent_fd < 0)
		return errno == ENOENT && !path->required ? 0 : errno;
	if (fstat(rule.parent_fd, &st) != 0)
		rc = errno;
	rule.allowed_access =
	    rights(path->access, S_ISDIR(st.st_mode), handled);
	if (rc == 0 && rule.allowed_access != 0 &&
	    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		&rule, 0) != 0)
		rc = errno;
	close(rule.parent_fd);
	return rc;
}

static int
allow_paths(int ruleset, const struct sandbox_rules *rules, uint64_t handled,
    struct reason *why)
{
	for (size_t i = 0; i < rules->n_paths; i++) {
		int rc = allow_path(ruleset, &rules->paths[i], handled);

		if (rc != 0)
			return reason_set(why, -ERR_IO, "Landlock: %s: %s",
			    rules->paths[i].path, strerror(rc));
	}
	return 0;
}

/* The kernel's struct landlock_net_port_attr and its type of rule, which Debian
 * 12's header does not know. */
struct port_rule {
	uint64_t access;
	uint64_t port;
};
#define RULE_NET_PORT 2

static int
allow_ports(int ruleset, const struct sandbox_rules *rules, struct reason *why)
{
	for (size_t i = 0; i < rules->n_bind; i++) {
		struct port_rule rule = {NET_BIND_TCP, rules->bind[i]};

		if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT,
			&rule, 0) != 0)
			return reason_set(why, -ERR_IO, "Landlock: port %u: %s",
			    (unsigned int)rules->bind[i], strerror(errno));
	}
	return 0;
}

/* Another thread, made before, would keep what this one gives up. */
static bool
has_threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	size_t n = 0;

	if (dir == NULL)
		return false;
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
		n += e->d_name[0] != '.';
	closedir(dir);
	return n > 1;
}

static void
limit_ports(struct ruleset *ruleset, const struct sandbox_rules *rules)
{
	if (!rules->limits_bind)
		ruleset->net &= ~NET_BIND_TCP;
	if (!rules->limits_connect)
		ruleset->net &= ~NET_CONNECT_TCP;
}

int
sandbox_only_paths(struct sandbox_active *active,
    const struct sandbox_rules *rules, struct reason *why)
{
	struct ruleset ruleset;
	int version = landlock_version(), fd, err;
	size_t size;

	if (has_threads())
		return reason_set(
		    why, -ERR_INVALID, "a thread was made before the sandbox");
	*active = (struct sandbox_active){.abi = version};
	if (version == 0)
		return 0;
	size = fill_ruleset(&ruleset, version);
	limit_ports(&ruleset, rules);
	fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
	if (fd < 0)
		return reason_set(why, -ERR_IO, "Landlock (ABI %d): %s",
		    version, strerror(errno));
	err = allow_paths(fd, rules, ruleset.fs, why);
	if (err == 0 && (ruleset.net & NET_BIND_TCP) != 0)
		err = allow_ports(fd, rules, why);
	if (err == 0 && enforce(fd) != 0)
		err = reason_set(why, -ERR_IO, "Landlock (ABI %d): %s", version,
		    strerror(errno));
	close(fd);
	active->bind = (ruleset.net & NET_BIND_TCP) != 0;
	active->connect = (ruleset.net & NET_CONNECT_TCP) != 0;
	active->signals = ruleset.scoped != 0;
	return err;
}
