/*
 * For /etc/ld.so.preload in a mount namespace, so that the signer, whose
 * environment is empty, has it too: disks that fail and clocks that jump, while
 * the program runs. What is wrong is in the file FAULTS_FILE, which is mapped
 * before any sandbox and never opened again:
 *
 *	byte 0	what fails in estuaryd: FAIL_ of below
 *	byte 1	what fails in its signer
 *	byte 8	seconds that the wall clock is ahead, int64_t, as the
 *		machine has it
 *
 * Only regular files count, and none that a program is born with. The signer
 * may not ask what a descriptor is: there it is every one above its socket,
 * which is the log of what it issued. Nothing fails in other programs, and
 * their clock is the machine's unless FAULTS_CLOCK is in their environment.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define FAIL_SYNC 1
#define FAIL_WRITE 2
#define FAIL_HALF 4 /* a write comes half way, the next not at all */
#define FAIL_FULL 8 /* as FAIL_WRITE, but the disk is full */
/* A sync fails, and what was written since the last one is what it was before:
 * the kernel marks such pages clean, and may read them from the disk again. */
#define FAIL_LOSE 16
#define FIRST_FILE 4

struct faults {
	volatile uint8_t fail[8];
	volatile int64_t ahead_s;
};

static struct faults nothing;
static struct faults *faults = &nothing;
static enum { ESTUARYD, SIGNER, ANOTHER } who = ANOTHER;
static bool clock_jumps;

__attribute__((constructor)) static void
begin(void)
{
	char line[4096];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, line, sizeof(line)) : -1;
	void *map;

	if (fd >= 0)
		close(fd);
	if (n > 0 && memmem(line, strnlen(line, (size_t)n), "/estuaryd", 9))
		/* Without a NUL behind it: there a digest follows. */
		who = memmem(line, (size_t)n, "\0--signer=", 10) != NULL
			  ? SIGNER
			  : ESTUARYD;
	clock_jumps = who != ANOTHER || getenv("FAULTS_CLOCK") != NULL;
	fd = open(FAULTS_FILE, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	map = mmap(NULL, sizeof(*faults), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		faults = map;
}

static bool
fails(int fd, unsigned int what)
{
	struct stat st;

	if (who == ANOTHER || (faults->fail[who] & what) == 0 ||
	    fd < FIRST_FILE)
		return false;
	return who == SIGNER || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode));
}

/* How much of a write goes through; -1 and errno for none. */
static ssize_t
allowed(int fd, size_t len)
{
	static _Thread_local bool was_half;

	if (fails(fd, FAIL_FULL)) {
		errno = ENOSPC;
		return -1;
	}
	if (fails(fd, FAIL_WRITE)) {
		errno = EIO;
		return -1;
	}
	if (fails(fd, FAIL_HALF) && len > 1) {
		was_half = !was_half;
		errno = EIO;
		return was_half ? (ssize_t)(len / 2) : -1;
	}
	return (ssize_t)len;
}

/* --- what was written since the last sync --- */

struct undo {
	struct undo *older;
	dev_t dev;
	ino_t ino;
	off_t at;
	ssize_t len;
	char data[];
};

static struct undo *undos;
static pthread_mutex_t undo_lock = PTHREAD_MUTEX_INITIALIZER;

/* Before a write of estuaryd's; only while something may be lost, so that the
 * test sets FAIL_LOSE before it counts on it. */
static void
remember(int fd, size_t len, off_t at)
{
	struct undo *undo;
	struct stat st;

	if (who != ESTUARYD || !fails(fd, FAIL_LOSE) || fstat(fd, &st) != 0)
		return;
	undo = calloc(1, sizeof(*undo) + len);
	if (undo == NULL)
		abort();
	undo->dev = st.st_dev;
	undo->ino = st.st_ino;
	undo->at = at;
	undo->len = syscall(SYS_pread64, fd, undo->data, len, at);
	/* Behind the end there is nothing yet: zeros, if the size is kept. */
	if (undo->len < (ssize_t)len)
		undo->len = (ssize_t)len;
	pthread_mutex_lock(&undo_lock);
	undo->older = undos;
	undos = undo;
	pthread_mutex_unlock(&undo_lock);
}

/* Forgets what is remembered of a file, or puts it back, the newest first. */
static void
settle(int fd, bool put_back)
{
	struct undo **next = &undos, *undo;
	struct stat st;

	if (who != ESTUARYD || undos == NULL || fstat(fd, &st) != 0)
		return;
	pthread_mutex_lock(&undo_lock);
	while ((undo = *next) != NULL) {
		if (undo->dev != st.st_dev || undo->ino != st.st_ino) {
			next = &undo->older;
			continue;
		}
		if (put_back && syscall(SYS_pwrite64, fd, undo->data,
				    (size_t)undo->len, undo->at) != undo->len)
			abort();
		*next = undo->older;
		free(undo);
	}
	pthread_mutex_unlock(&undo_lock);
}

/* --- files --- */

ssize_t
write(int fd, const void *data, size_t len)
{
	ssize_t n = allowed(fd, len);

	return n < 0 ? n : syscall(SYS_write, fd, data, (size_t)n);
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
	ssize_t n = allowed(fd, len);

	if (n < 0)
		return n;
	remember(fd, (size_t)n, at);
	return syscall(SYS_pwrite64, fd, data, (size_t)n, at);
}

ssize_t
pwrite64(int fd, const void *data, size_t len, off64_t at)
{
	return pwrite(fd, data, len, (off_t)at);
}

static int
sync_by(long call, int fd)
{
	bool lose = fails(fd, FAIL_LOSE);

	settle(fd, lose);
	if (lose || fails(fd, FAIL_SYNC)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(call, fd);
}

int
fsync(int fd)
{
	return sync_by(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	return sync_by(SYS_fdatasync, fd);
}

/* --- the clock --- */

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	static int (*real)(clockid_t, struct timespec *);
	int result;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	result = real(clock, now);
	if (result == 0 && clock == CLOCK_REALTIME && clock_jumps)
		now->tv_sec += faults->ahead_s;
	return result;
}

time_t
time(time_t *out)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

int
gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now = {0};

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	out->tv_sec = now.tv_sec;
	out->tv_usec = now.tv_nsec / 1000;
	return 0;
}
