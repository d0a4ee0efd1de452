/* What a server gives up: sandbox_only_paths() and sandbox_deny_calls(). Each
 * attempt is made in a process of its own. */
#include "tests/unit/cmocka.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sandbox.h"
#include "tests/unit/base/child.h"

#define FAILED(n) (100 + (n))

/* --- files --- */

struct tree {
	char dir[64];
	char store[96], key_dir[96], key[112], moved[96], made[96], system[96],
	    below[112], given[96];
};

static int
make_tree(void **state)
{
	const struct bytes x = {(const uint8_t *)"x", 1};
	struct tree *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	*state = t;
	strcpy(t->dir, "/tmp/estuary-sandbox-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	snprintf(t->store, sizeof(t->store), "%s/store", t->dir);
	snprintf(t->key_dir, sizeof(t->key_dir), "%s/ca", t->dir);
	snprintf(t->key, sizeof(t->key), "%s/key", t->key_dir);
	snprintf(t->moved, sizeof(t->moved), "%s/moved", t->dir);
	snprintf(t->made, sizeof(t->made), "%s/made", t->dir);
	snprintf(t->system, sizeof(t->system), "%s/system", t->dir);
	snprintf(t->below, sizeof(t->below), "%s/below", t->system);
	snprintf(t->given, sizeof(t->given), "%s/given", t->dir);
	assert_int_equal(0, mkdir(t->key_dir, 0700));
	assert_int_equal(0, mkdir(t->system, 0700));
	assert_int_equal(0, file_write(t->store, x, 0600));
	assert_int_equal(0, file_write(t->key, x, 0400));
	assert_int_equal(0, file_write(t->below, x, 0600));
	assert_int_equal(0, file_write(t->given, x, 0600));
	return 0;
}

static int
remove_tree(void **state)
{
	struct tree *t = *state;

	unlink(t->store);
	unlink(t->key);
	unlink(t->below);
	unlink(t->given);
	rmdir(t->key_dir);
	rmdir(t->system);
	assert_int_equal(0, rmdir(t->dir));
	free(t);
	return 0;
}

/* A thread of ThreadSanitizer's own would not be shut in. */
static void
need_no_thread(void)
{
#ifdef __SANITIZE_THREAD__
	skip();
#endif
}

static int
shut_in(struct sandbox_active *active, const struct tree *t)
{
	const struct sandbox_path paths[] = {{t->dir, SANDBOX_LIST, true},
	    {t->store, SANDBOX_UPDATE, true}, {t->system, SANDBOX_READ, true},
	    {"/nonexistent/directory", SANDBOX_READ, false}};
	const struct sandbox_rules rules = {
	    .paths = paths, .n_paths = ARRAY_LEN(paths)};

	return sandbox_only_paths(active, &rules, NULL);
}

static bool
can_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool
denied(bool ok)
{
	return !ok && (errno == EACCES || errno == EXDEV);
}

static void *
try_key(void *arg)
{
	const struct tree *t = arg;

	return denied(can_open(t->key, O_RDONLY)) ? arg : NULL;
}

/* Returns what of it is not as it should be. */
static int
try_denied(const struct tree *t)
{
	const bool as_it_should_be[] = {denied(can_open(t->key, O_RDONLY)),
	    denied(can_open(t->key, O_WRONLY)),
	    denied(can_open(t->made, O_WRONLY | O_CREAT)),
	    denied(can_open(t->dir, O_WRONLY | O_TMPFILE)),
	    denied(can_open(t->below, O_WRONLY)),
	    denied(can_open(t->given, O_RDONLY)),
	    denied(can_open("/etc/passwd", O_RDONLY)),
	    denied(can_open("/proc/self/environ", O_RDONLY)),
	    denied(unlink(t->key) == 0), denied(unlink(t->store) == 0),
	    denied(rename(t->key, t->moved) == 0),
	    denied(rename(t->key_dir, t->moved) == 0),
	    denied(rename(t->given, t->store) == 0),
	    denied(link(t->key, t->made) == 0),
	    denied(symlink(t->key, t->made) == 0),
	    denied(mkdir(t->made, 0700) == 0), denied(truncate(t->key, 0) == 0),
	    denied(execl("/bin/true", "true", NULL) == 0)};

	for (size_t i = 0; i < ARRAY_LEN(as_it_should_be); i++)
		if (!as_it_should_be[i])
			return FAILED((int)i);
	return 0;
}

static int
without_keys(void *arg)
{
	struct tree *t = arg;
	struct sandbox_active active;
	void *refused = NULL;
	pthread_t thread;

	if (shut_in(&active, t) != 0)
		return 1;
	if (active.abi == 0)
		return NO_LANDLOCK;
	if (!can_open(t->store, O_RDWR) || !can_open(t->below, O_RDONLY) ||
	    !can_open(t->dir, O_RDONLY | O_DIRECTORY) ||
	    (active.abi >= 3 && truncate(t->store, 0) != 0))
		return 2;
	/* Threads that come later are shut in as well. */
	if (pthread_create(&thread, NULL, try_key, t) != 0 ||
	    pthread_join(thread, &refused) != 0 || refused == NULL)
		return 3;
	return try_denied(t);
}

static void
test_paths(void **state)
{
	need_no_thread();
	assert_int_equal(0, outcome(without_keys, *state));
}

static int
with_missing(void *arg)
{
	const struct sandbox_path path = {
	    "/nonexistent/file", SANDBOX_UPDATE, true};
	const struct sandbox_rules rules = {.paths = &path, .n_paths = 1};
	struct sandbox_active active;
	struct reason why = {""};
	int err = sandbox_only_paths(&active, &rules, &why);

	(void)arg;
	if (err == 0)
		return active.abi == 0 ? NO_LANDLOCK : 1;
	return err == -ERR_IO && strstr(why.text, path.path) != NULL ? 0 : 2;
}

static void
test_missing_file_refused(void **state)
{
	(void)state;
	need_no_thread();
	assert_int_equal(0, outcome(with_missing, NULL));
}

static void *
wait_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static int
with_thread(void *arg)
{
	const struct sandbox_rules rules = {.n_paths = 0};
	struct sandbox_active active;
	pthread_t thread;

	(void)arg;
	if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
		return 1;
	return sandbox_only_paths(&active, &rules, NULL) == -ERR_INVALID ? 0
									 : 2;
}

static void
test_thread_before_it_refused(void **state)
{
	(void)state;
	assert_int_equal(0, outcome(with_thread, NULL));
}

/* --- ports and signals --- */

static int
tcp(struct sockaddr_in *address, uint16_t port)
{
	*address = (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int
bind_errno(uint16_t port)
{
	struct sockaddr_in address;
	int fd = tcp(&address, port);
	int rc = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	int e = rc == 0 ? 0 : errno;

	close(fd);
	return e;
}

static int
connect_errno(uint16_t port)
{
	struct sockaddr_in address;
	int fd = tcp(&address, port);
	int rc =
	    connect(fd, (const struct sockaddr *)&address, sizeof(address));
	int e = rc == 0 ? 0 : errno;

	close(fd);
	return e;
}

struct ports {
	uint16_t own, other; /* both taken: EADDRINUSE comes before it is had */
	bool limits_bind, limits_connect;
};

static int
with_ports(void *arg)
{
	const struct ports *p = arg;
	const struct sandbox_rules rules = {.limits_bind = p->limits_bind,
	    .bind = &p->own,
	    .n_bind = 1,
	    .limits_connect = p->limits_connect};
	struct sandbox_active active;
	int other = p->limits_bind ? EACCES : EADDRINUSE;

	if (sandbox_only_paths(&active, &rules, NULL) != 0)
		return 1;
	if (active.abi < 4)
		return NO_LANDLOCK;
	if (active.bind != p->limits_bind ||
	    active.connect != p->limits_connect)
		return 2;
	if (bind_errno(p->own) != EADDRINUSE || bind_errno(p->other) != other)
		return 3;
	if (connect_errno(p->own) != (p->limits_connect ? EACCES : 0))
		return 4;
	if (active.signals && (kill(getppid(), 0) == 0 || errno != EPERM))
		return 5;
	return kill(getpid(), 0) == 0 ? 0 : 6;
}

/* A listener that nobody serves. */
static int
listener(uint16_t *port)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	int fd = tcp(&address, 0);

	assert_int_equal(0, bind(fd, (struct sockaddr *)&address, len));
	assert_int_equal(0, listen(fd, 8));
	assert_int_equal(0, getsockname(fd, (struct sockaddr *)&address, &len));
	*port = ntohs(address.sin_port);
	return fd;
}

static void
test_ports(void **state)
{
	struct ports p = {.own = 0};
	int own, other;

	(void)state;
	need_no_thread();
	own = listener(&p.own);
	other = listener(&p.other);
	for (int i = 0; i < 4; i++) {
		p.limits_bind = (i & 1) != 0;
		p.limits_connect = (i & 2) != 0;
		assert_int_equal(0, outcome(with_ports, &p));
	}
	close(own);
	close(other);
}

/* --- calls --- */

struct attempt {
	const char *name;
	long number;
	long args[5]; /* and 0, if a call has a sixth */
};

static int
make_attempt(void *arg)
{
	const struct attempt *a = arg;
	long rc;

	if (sandbox_deny_calls(SANDBOX_NO_PROGRAMS, NULL) != 0)
		return 1;
	rc = syscall(a->number, a->args[0], a->args[1], a->args[2], a->args[3],
	    a->args[4], 0L);
	return rc >= 0 ? 0 : errno;
}

static void
test_fatal_calls(void **state)
{
	const long program = (long)(intptr_t) "/bin/true";
	const struct attempt fatal[] = {
	    {"execve", SYS_execve, {program}},
	    {"execveat", SYS_execveat, {-1, program}},
	    {"ptrace", SYS_ptrace, {0}},
	    {"process_vm_readv", SYS_process_vm_readv, {0}},
	    {"process_vm_writev", SYS_process_vm_writev, {0}},
	    {"pidfd_getfd", SYS_pidfd_getfd, {-1}},
	    {"kcmp", SYS_kcmp, {0}},
	    {"unshare", SYS_unshare, {CLONE_NEWUSER}},
	    {"setns", SYS_setns, {-1}},
	    {"mount", SYS_mount, {0}},
	    {"umount2", SYS_umount2, {0}},
	    {"pivot_root", SYS_pivot_root, {0}},
	    {"chroot", SYS_chroot, {0}},
	    {"open_tree", SYS_open_tree, {-1}},
	    {"move_mount", SYS_move_mount, {-1, 0, -1}},
	    {"fsopen", SYS_fsopen, {0}},
	    {"open_by_handle_at", SYS_open_by_handle_at, {-1}},
	    {"name_to_handle_at", SYS_name_to_handle_at, {-1}},
	    {"fanotify_init", SYS_fanotify_init, {-1}},
	    {"setuid", SYS_setuid, {1}},
	    {"setgroups", SYS_setgroups, {-1}},
	    {"capset", SYS_capset, {0}},
	    {"personality", SYS_personality, {-1}},
	    {"init_module", SYS_init_module, {0}},
	    {"finit_module", SYS_finit_module, {-1}},
	    {"delete_module", SYS_delete_module, {0}},
	    {"kexec_load", SYS_kexec_load, {0, 99}},
	    {"reboot", SYS_reboot, {0}},
	    {"swapon", SYS_swapon, {0}},
	    {"acct", SYS_acct, {-1}},
	    {"quotactl", SYS_quotactl, {0}},
	    {"settimeofday", SYS_settimeofday, {1, 1}},
	    {"clock_settime", SYS_clock_settime, {99}},
	    {"adjtimex", SYS_adjtimex, {0}},
	    {"sethostname", SYS_sethostname, {0, -1}},
	    {"syslog", SYS_syslog, {99}},
	    {"bpf", SYS_bpf, {-1}},
	    {"perf_event_open", SYS_perf_event_open, {0}},
	    {"userfaultfd", SYS_userfaultfd, {-1}},
	    {"io_uring_setup", SYS_io_uring_setup, {0}},
	    {"io_uring_enter", SYS_io_uring_enter, {-1}},
	    {"add_key", SYS_add_key, {0}},
	    {"keyctl", SYS_keyctl, {-1}},
#ifdef __x86_64__
	    {"iopl", SYS_iopl, {99}},
	    {"modify_ldt", SYS_modify_ldt, {99}},
	    /* thread flags, so that it is no fork */
	    {"clone in a new network", SYS_clone,
		{CLONE_THREAD | CLONE_NEWNET}},
#endif
	};

	(void)state;
	if (sandbox_is_relaxed())
		skip();
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++) {
		struct attempt a = fatal[i];
		int status = in_child(make_attempt, &a);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg(
			    "%s: status %#x", a.name, (unsigned int)status);
	}
}

static void
test_calls_that_are_told_no(void **state)
{
	const long rwx = PROT_READ | PROT_WRITE | PROT_EXEC;
	const long anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
	const struct {
		struct attempt attempt;
		int wanted;
	} told[] = {{{"memory to write and execute", SYS_mmap,
			 {0, 4096, rwx, anonymous, -1}},
			EPERM},
	    {{"new memory to execute", SYS_mmap,
		 {0, 4096, PROT_READ | PROT_EXEC, anonymous, -1}},
		EPERM},
	    {{"mprotect", SYS_mprotect, {0, 0, PROT_READ | PROT_EXEC}}, EPERM},
	    {{"memfd_create", SYS_memfd_create, {(long)(intptr_t) "x", 0}},
		EPERM},
	    {{"fchmod", SYS_fchmod, {-1, 0644}}, EPERM},
	    {{"fchmodat", SYS_fchmodat, {-1, 0, 0644}}, EPERM},
	    {{"fchmodat2", 452, {-1, 0, 0644}}, EPERM},
	    {{"fchown", SYS_fchown, {-1}}, EPERM},
	    {{"fsetxattr", SYS_fsetxattr, {-1}}, EPERM},
	    {{"shmget", SYS_shmget, {IPC_PRIVATE, 0}}, EPERM},
	    {{"a character typed", SYS_ioctl, {-1, TIOCSTI}}, EPERM},
	    {{"clone3", SYS_clone3, {0}}, ENOSYS},
	    {{"a fork", SYS_clone, {SIGCHLD}}, EPERM},
#ifdef SYS_fork
	    {{"fork", SYS_fork, {0}}, EPERM},
	    {{"vfork", SYS_vfork, {0}}, EPERM},
#endif
	    {{"AF_PACKET", SYS_socket, {AF_PACKET, SOCK_RAW, 0}}, EAFNOSUPPORT},
	    {{"AF_ALG", SYS_socket, {AF_ALG, SOCK_SEQPACKET, 0}}, EAFNOSUPPORT},
	    {{"AF_VSOCK", SYS_socket, {AF_VSOCK, SOCK_STREAM, 0}},
		EAFNOSUPPORT},
	    {{"address family 999", SYS_socket, {999, SOCK_STREAM, 0}},
		EAFNOSUPPORT},
	    /* And what goes on as before. */
	    {{"AF_INET", SYS_socket, {AF_INET, SOCK_STREAM, 0}}, 0},
	    {{"AF_INET6", SYS_socket, {AF_INET6, SOCK_DGRAM, 0}}, 0},
	    {{"AF_UNIX", SYS_socket, {AF_UNIX, SOCK_STREAM, 0}}, 0},
	    {{"AF_NETLINK", SYS_socket, {AF_NETLINK, SOCK_RAW, 0}}, 0},
	    {{"memory", SYS_mmap,
		 {0, 4096, PROT_READ | PROT_WRITE, anonymous, -1}},
		0},
	    {{"getpid", SYS_getpid, {0}}, 0}};

	(void)state;
	if (sandbox_is_relaxed())
		skip();
	for (size_t i = 0; i < ARRAY_LEN(told); i++) {
		struct attempt a = told[i].attempt;
		int status = in_child(make_attempt, &a);

		if (!WIFEXITED(status) || WEXITSTATUS(status) != told[i].wanted)
			fail_msg("%s: status %#x, not errno %d", a.name,
			    (unsigned int)status, told[i].wanted);
	}
}

static void *
nothing(void *arg)
{
	return arg;
}

static int
thread_and_program(void *may_execute)
{
	bool may = *(bool *)may_execute;
	pthread_t thread;

	if (sandbox_deny_calls(
		may ? SANDBOX_MAY_EXECUTE : SANDBOX_NO_PROGRAMS, NULL) != 0)
		return 1;
	if (pthread_create(&thread, NULL, nothing, NULL) != 0 ||
	    pthread_join(thread, NULL) != 0)
		return 2;
	if (!may)
		return 0;
	execl("/bin/sh", "sh", "-c", "(exit 5); exit $?", NULL);
	return 3;
}

static void
test_threads_and_programs(void **state)
{
	bool no = false, yes = true;

	(void)state;
	assert_int_equal(0, outcome(thread_and_program, &no));
	assert_int_equal(5, outcome(thread_and_program, &yes));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_paths, make_tree, remove_tree),
	    cmocka_unit_test(test_missing_file_refused),
	    cmocka_unit_test(test_thread_before_it_refused),
	    cmocka_unit_test(test_ports),
	    cmocka_unit_test(test_fatal_calls),
	    cmocka_unit_test(test_calls_that_are_told_no),
	    cmocka_unit_test(test_threads_and_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
