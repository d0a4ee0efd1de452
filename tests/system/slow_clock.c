/* For LD_PRELOAD, under valgrind, which makes a program some SLOWNESS times as
 * slow: time passes as much slower for it, or its time limits, and those of its
 * peers, would be over before anybody can have answered. It is the monotonic
 * clock's time, with which all limits are kept; the wall clock is left alone.
 */
#include <dlfcn.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <time.h>

#define SLOWNESS 10
#define S_NS INT64_C(1000000000)
/* There is an older one, for another struct. */
#define TIMEDWAIT_VERSION "GLIBC_2.3.2"

typedef int (*gettime_call)(clockid_t clock, struct timespec *t);
typedef int (*poll_call)(struct pollfd *fds, nfds_t n, int ms);
typedef int (*epoll_call)(int fd, struct epoll_event *events, int n, int ms);
typedef int (*timedwait_call)(
    pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until);

static int64_t
ns_of(const struct timespec *t)
{
	return t->tv_sec * S_NS + t->tv_nsec;
}

static struct timespec
timespec_of(int64_t ns)
{
	return (struct timespec){
	    .tv_sec = (time_t)(ns / S_NS), .tv_nsec = (long)(ns % S_NS)};
}

int
clock_gettime(clockid_t clock, struct timespec *t)
{
	gettime_call next = (gettime_call)dlsym(RTLD_NEXT, "clock_gettime");
	int rc = next(clock, t);

	if (rc == 0 &&
	    (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW ||
		clock == CLOCK_MONOTONIC_COARSE))
		*t = timespec_of(ns_of(t) / SLOWNESS);
	return rc;
}

static int
real_ms(int ms)
{
	return ms > INT_MAX / SLOWNESS ? INT_MAX : ms * SLOWNESS;
}

int
poll(struct pollfd *fds, nfds_t n, int ms)
{
	poll_call next = (poll_call)dlsym(RTLD_NEXT, "poll");

	return next(fds, n, real_ms(ms));
}

int
epoll_wait(int fd, struct epoll_event *events, int n, int ms)
{
	epoll_call next = (epoll_call)dlsym(RTLD_NEXT, "epoll_wait");

	return next(fd, events, n, real_ms(ms));
}

/* Whoever waits so here does it by the monotonic clock. */
int
pthread_cond_timedwait(
    pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
	timedwait_call next = (timedwait_call)dlvsym(
	    RTLD_NEXT, "pthread_cond_timedwait", TIMEDWAIT_VERSION);
	struct timespec real = timespec_of(ns_of(until) * SLOWNESS);

	return next(cond, mutex, &real);
}
