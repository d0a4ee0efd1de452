#include "base/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <seccomp.h>

/* --- all but a few: the signer --- */

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

/* --- a few: the server, and its keeper --- */

/* What a server never asks for, and an attacker in it would: other processes,
 * other programs, other privileges, the machine, and corners of the kernel that
 * have had more than their share of errors. */
static const int fatal_calls[] = {
    /* other processes */
    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp), SCMP_SYS(move_pages),
    SCMP_SYS(migrate_pages),
    /* name spaces and mounts */
    SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(mount), SCMP_SYS(umount),
    SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
    SCMP_SYS(open_tree), SCMP_SYS(move_mount), SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick),
    SCMP_SYS(mount_setattr), SCMP_SYS(quotactl), SCMP_SYS(quotactl_fd),
    SCMP_SYS(open_by_handle_at), SCMP_SYS(name_to_handle_at),
    SCMP_SYS(fanotify_init),
    /* privileges */
    SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setreuid), SCMP_SYS(setregid),
    SCMP_SYS(setresuid), SCMP_SYS(setresgid), SCMP_SYS(setgroups),
    SCMP_SYS(setfsuid), SCMP_SYS(setfsgid), SCMP_SYS(capset),
    SCMP_SYS(personality),
    /* the machine */
    SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module),
    SCMP_SYS(create_module), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(acct),
    SCMP_SYS(settimeofday), SCMP_SYS(stime), SCMP_SYS(clock_settime),
    SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime), SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname), SCMP_SYS(syslog), SCMP_SYS(vhangup),
    SCMP_SYS(iopl), SCMP_SYS(ioperm), SCMP_SYS(modify_ldt), SCMP_SYS(vm86),
    SCMP_SYS(vm86old), SCMP_SYS(uselib), SCMP_SYS(nfsservctl),
    /* corners of the kernel */
    SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register), SCMP_SYS(add_key), SCMP_SYS(request_key),
    SCMP_SYS(keyctl), SCMP_SYS(lookup_dcookie), SCMP_SYS(memfd_secret)};

/* The argument of clone() that has the flags. */
#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

#define ADDRESS_FAMILIES_MAX 64

/* The same number everywhere; Debian 12's libseccomp has no name for it. */
#define NUMBER_FCHMODAT2 452

static int
deny_namespaces(scmp_filter_ctx filter)
{
	static const unsigned int flags[] = {CLONE_NEWNS, CLONE_NEWCGROUP,
	    CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID,
	    CLONE_NEWNET};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(flags) && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS,
		    SCMP_SYS(clone), 1,
		    SCMP_CMP(
			CLONE_FLAGS, SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
	/* Its flags are in memory, where a filter does not see them. The C
	 * library then uses clone(). */
	if (rc == 0)
		rc = seccomp_rule_add(
		    filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return rc;
}

/* Honest code that asks for one of these is told no. */
static int
deny_families(scmp_filter_ctx filter)
{
	const uint32_t no = SCMP_ACT_ERRNO(EAFNOSUPPORT);
	int rc = seccomp_rule_add(filter, no, SCMP_SYS(socket), 1,
	    SCMP_A0(SCMP_CMP_GE, ADDRESS_FAMILIES_MAX, 0));

	for (int family = 0; family < ADDRESS_FAMILIES_MAX && rc == 0; family++)
		if (family != AF_UNIX && family != AF_INET &&
		    family != AF_INET6 && family != AF_NETLINK)
			rc = seccomp_rule_add(filter, no, SCMP_SYS(socket), 1,
			    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family, 0));
	return rc;
}

/* No memory that was written becomes code. Libraries are still loaded: their
 * code is mapped from their files. */
static int
deny_new_code(scmp_filter_ctx filter)
{
	const uint32_t no = SCMP_ACT_ERRNO(EPERM);
	const scmp_datum_t both = PROT_WRITE | PROT_EXEC;
	int rc = seccomp_rule_add(filter, no, SCMP_SYS(mprotect), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));

	if (rc == 0)
		rc = seccomp_rule_add(filter, no, SCMP_SYS(pkey_mprotect), 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
	if (rc == 0)
		rc = seccomp_rule_add(filter, no, SCMP_SYS(mmap), 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, both, both));
	if (rc == 0)
		rc = seccomp_rule_add(filter, no, SCMP_SYS(mmap), 2,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC),
		    SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
	if (rc == 0)
		rc = seccomp_rule_add(filter, no, SCMP_SYS(memfd_create), 0);
	return rc;
}

/* No other program, and no copy of this one. */
static int
deny_programs(scmp_filter_ctx filter)
{
	const uint32_t no = SCMP_ACT_ERRNO(EPERM);
	int rc = seccomp_rule_add(
	    filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(execve), 0);

	if (rc == 0)
		rc = seccomp_rule_add(
		    filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(execveat), 0);
	if (rc == 0)
		rc = seccomp_rule_add(filter, no, SCMP_SYS(fork), 0);
	if (rc == 0)
		rc = seccomp_rule_add(filter, no, SCMP_SYS(vfork), 0);
	if (rc == 0)
		rc = seccomp_rule_add(filter, no, SCMP_SYS(clone), 1,
		    SCMP_CMP(CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	return rc;
}

/* Landlock says who may open a file, not who may change whom it belongs to and
 * who else may read it: whoever cannot open a key could give it away. */
static int
deny_attributes(scmp_filter_ctx filter)
{
	static const int calls[] = {SCMP_SYS(chmod), SCMP_SYS(fchmod),
	    SCMP_SYS(fchmodat), SCMP_SYS(chown), SCMP_SYS(lchown),
	    SCMP_SYS(fchown), SCMP_SYS(fchownat), SCMP_SYS(setxattr),
	    SCMP_SYS(lsetxattr), SCMP_SYS(fsetxattr), SCMP_SYS(removexattr),
	    SCMP_SYS(lremovexattr), SCMP_SYS(fremovexattr), SCMP_SYS(shmget),
	    NUMBER_FCHMODAT2};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(calls) && rc == 0; i++)
		rc = seccomp_rule_add(
		    filter, SCMP_ACT_ERRNO(EPERM), calls[i], 0);
	return rc;
}

/* What is typed into the terminal that the program was started from. The kernel
 * looks at 32 bits of the argument. */
static int
deny_typing(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl),
	    1, SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, TIOCSTI));
}

static int
fill_deny(scmp_filter_ctx filter, enum sandbox_programs programs)
{
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(fatal_calls) && rc == 0; i++)
		rc = seccomp_rule_add(
		    filter, SCMP_ACT_KILL_PROCESS, fatal_calls[i], 0);
	if (rc == 0)
		rc = deny_namespaces(filter);
	if (rc == 0)
		rc = deny_families(filter);
	if (rc == 0 && programs == SANDBOX_NO_PROGRAMS)
		rc = deny_new_code(filter);
	if (rc == 0 && programs == SANDBOX_NO_PROGRAMS)
		rc = deny_programs(filter);
	if (rc == 0 && programs == SANDBOX_NO_PROGRAMS)
		rc = deny_attributes(filter);
	if (rc == 0 && programs == SANDBOX_NO_PROGRAMS)
		rc = deny_typing(filter);
	return rc;
}

int
sandbox_deny_calls(enum sandbox_programs programs, struct reason *why)
{
	scmp_filter_ctx filter;
	int rc;

	if (sandbox_is_relaxed())
		return 0;
	filter = seccomp_init(SCMP_ACT_ALLOW);
	if (filter == NULL)
		return reason_set(why, -ERR_NOMEM, "seccomp: out of memory");
	rc = seccomp_attr_set(
	    filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* A tree: each call passes few comparisons. */
	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (rc == 0)
		rc = fill_deny(filter, programs);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	if (rc != 0)
		return reason_set(why, -ERR_IO, "seccomp: %s", strerror(-rc));
	return 0;
}
