#include "base/sandbox.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

#include <linux/landlock.h>

#ifndef SANDBOX_RELAXED
#error "base/meson.build says whether this build has sanitizers"
#endif

bool
sandbox_is_relaxed(void)
{
	return SANDBOX_RELAXED != 0;
}

/* --- Landlock --- */

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
#define NET_BIND_AND_CONNECT_TCP UINT64_C(3)
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
		r->net = NET_BIND_AND_CONNECT_TCP;
	if (abi >= 5)
		r->fs |= FS_IOCTL_DEV;
	if (abi >= 6)
		r->scoped = SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS;
	if (abi >= 6)
		return sizeof(*r);
	return abi >= 4 ? offsetof(struct ruleset, scoped)
			: offsetof(struct ruleset, net);
}

int
sandbox_no_files(int *abi, struct reason *why)
{
	struct ruleset ruleset;
	int version, fd, err = 0;
	size_t size;

	version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (version <= 0 || sandbox_is_relaxed()) {
		*abi = 0;
		return 0;
	}
	size = fill_ruleset(&ruleset, version);
	fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
	if (fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall(SYS_landlock_restrict_self, fd, 0) != 0)
		err = reason_set(why, -ERR_IO, "Landlock (ABI %d): %s", version,
		    strerror(errno));
	if (fd >= 0)
		close(fd);
	if (err == 0)
		*abi = version;
	return err;
}

/* --- seccomp --- */

static int
allow(scmp_filter_ctx filter, const struct sandbox_call *call)
{
	struct scmp_arg_cmp only = {.arg = 0};

	switch (call->only) {
	case SANDBOX_ON_FD:
		only.op = SCMP_CMP_EQ;
		only.datum_a = (scmp_datum_t)call->fd;
		break;
	case SANDBOX_NO_EXEC:
		only.arg = 2;
		only.op = SCMP_CMP_MASKED_EQ; /* datum_a: the mask */
		only.datum_a = PROT_EXEC;
		break;
	case SANDBOX_ANY:
	default:
		return seccomp_rule_add_exact(
		    filter, SCMP_ACT_ALLOW, call->number, 0);
	}
	return seccomp_rule_add_exact_array(
	    filter, SCMP_ACT_ALLOW, call->number, 1, &only);
}

/* Returns a negative errno, as libseccomp does. */
static int
load_filter(const struct sandbox_call *calls, size_t n)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc;

	if (filter == NULL)
		return -ENOMEM;
	/* Another architecture's numbers would mean other calls. */
	rc = seccomp_attr_set(
	    filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = allow(filter, &calls[i]);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc;
}

int
sandbox_only_calls(
    const struct sandbox_call *calls, size_t n, struct reason *why)
{
	int rc;

	if (sandbox_is_relaxed())
		return 0;
	rc = load_filter(calls, n);
	if (rc != 0)
		return reason_set(why, -ERR_IO, "seccomp: %s", strerror(-rc));
	return 0;
}
