#include "mdns/announce.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <avahi-common/simple-watch.h>

#include "base/clock.h"
#include "base/log.h"
#include "mdns/bus_guard.h"
#include "mdns/publisher.h"
#include "mdns/service.h"
#include "mdns/stack.h"
#include "mdns/symbol_clash.h"

/* The longest the thread sleeps when nothing is due. */
#define SLEEP_MAX_MS 60000

struct mdns_announcer {
	struct mdns_config config;
	pthread_t thread;
	int wake_fd;

	/* The thread's own. */
	AvahiSimplePoll *poll;
	AvahiWatch *wake;
	struct bus_guard *guard; /* NULL without avahi-daemon */
	struct publisher *publisher;

	pthread_mutex_t lock; /* for all that follows */
	bool stopping;
	bool updated;
	struct service_list pending;
	char state[MDNS_STATE_TEXT_MAX];
};

static void
on_wake(AvahiWatch *watch, int fd, AvahiWatchEvent event, void *arg)
{
	uint64_t n;

	(void)watch;
	(void)event;
	(void)arg;
	if (read(fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		log_error("mDNS wake-up failed", "error=%s", strerror(errno));
}

static void
wake_up(struct mdns_announcer *a)
{
	static const uint64_t one = 1;

	if (write(a->wake_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		log_error("mDNS wake-up failed", "error=%s", strerror(errno));
}

/* Takes what other threads asked for; false when it is to end. */
static bool
take_pending(struct mdns_announcer *a)
{
	struct service_list services = {0};
	bool stopping, updated;

	pthread_mutex_lock(&a->lock);
	stopping = a->stopping;
	updated = a->updated;
	if (updated) {
		services = a->pending;
		a->pending = (struct service_list){0};
		a->updated = false;
	}
	pthread_mutex_unlock(&a->lock);
	if (updated) {
		bus_guard_enter(a->guard);
		publisher_set_services(a->publisher, &services);
		bus_guard_leave(a->guard);
	}
	return !stopping;
}

static void
set_state(struct mdns_announcer *a, const char *text)
{
	pthread_mutex_lock(&a->lock);
	snprintf(a->state, sizeof(a->state), "%s", text);
	pthread_mutex_unlock(&a->lock);
}

static int
sleep_ms(const struct mdns_announcer *a)
{
	int64_t left = publisher_due(a->publisher) - clock_monotonic_ms();

	if (left < 0)
		return 0;
	return left < SLEEP_MAX_MS ? (int)left : SLEEP_MAX_MS;
}

/* One turn of the poll in its three parts, since only the last one may talk to
 * D-Bus. It goes on by itself when interrupted, and cannot be used again after
 * a failure. */
static int
turn(struct mdns_announcer *a)
{
	int r;

	if (avahi_simple_poll_prepare(a->poll, sleep_ms(a)) < 0 ||
	    avahi_simple_poll_run(a->poll) < 0)
		return -ERR_IO;
	bus_guard_enter(a->guard);
	r = avahi_simple_poll_dispatch(a->poll);
	bus_guard_leave(a->guard);
	return r < 0 ? -ERR_IO : 0;
}

static void
step(struct mdns_announcer *a)
{
	char text[MDNS_STATE_TEXT_MAX];

	bus_guard_enter(a->guard);
	publisher_step(a->publisher, clock_monotonic_ms());
	bus_guard_leave(a->guard);
	publisher_state(a->publisher, text);
	set_state(a, text);
}

static void *
run(void *arg)
{
	struct mdns_announcer *a = arg;

	while (take_pending(a)) {
		step(a);
		if (turn(a) != 0) {
			log_error("mDNS stopped", "reason=poll error=%s",
			    strerror(errno));
			set_state(a, "stopped: poll failed");
			break;
		}
	}
	bus_guard_enter(a->guard);
	publisher_free(STEAL(a->publisher));
	bus_guard_leave(a->guard);
	return NULL;
}

static void
announcer_free(struct mdns_announcer *a)
{
	publisher_free(a->publisher);
	bus_guard_free(a->guard);
	if (a->wake != NULL)
		avahi_simple_poll_get(a->poll)->watch_free(a->wake);
	if (a->poll != NULL)
		avahi_simple_poll_free(a->poll);
	if (a->wake_fd >= 0)
		close(a->wake_fd);
	service_list_fini(&a->pending);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

static int
announcer_init(struct mdns_announcer *a)
{
	const AvahiPoll *poll;
	int err = 0;

	a->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	a->poll = avahi_simple_poll_new();
	if (a->wake_fd < 0 || a->poll == NULL) {
		log_error("mDNS not started", "error=%s", strerror(errno));
		return -ERR_IO;
	}
	poll = avahi_simple_poll_get(a->poll);
	a->wake =
	    poll->watch_new(poll, a->wake_fd, AVAHI_WATCH_IN, on_wake, NULL);
	if (a->wake == NULL)
		return -ERR_NOMEM;
	if (a->config.backend != MDNS_EMBEDDED)
		err = bus_guard_new(&a->guard, poll);
	if (err == 0)
		err = publisher_new(&a->publisher, poll, a->guard, &a->config);
	return err;
}

/* Signals are for the program's own threads. */
static int
start_thread(struct mdns_announcer *a)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&a->thread, NULL, run, a);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		return 0;
	log_error("mDNS not started", "error=%s", strerror(error));
	return -ERR_IO;
}

static int
copy_services(
    struct service_list *out, const struct mdns_service *services, size_t n)
{
	struct reason why;
	int err = service_list_copy(out, services, n, &why);

	if (err != 0)
		log_error("mDNS service refused", "reason=\"%s\"", why.text);
	return err;
}

int
mdns_announcer_start(struct mdns_announcer **out,
    const struct mdns_config *config, const struct mdns_service *services,
    size_t n)
{
	struct mdns_announcer *a;
	struct reason why;
	int err;

	err = mdns_config_check(config, &why);
	if (err != 0) {
		log_error("mDNS not started", "reason=\"%s\"", why.text);
		return err;
	}
	err = symbol_clash_check();
	if (err != 0) {
		log_error("mDNS not started",
		    "reason=\"Avahi's libraries cannot be told apart\"");
		return err;
	}
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return -ERR_NOMEM;
	pthread_mutex_init(&a->lock, NULL);
	a->config = *config;
	a->updated = true;
	snprintf(a->state, sizeof(a->state), "starting");
	stack_log_install();
	err = announcer_init(a);
	if (err == 0)
		err = copy_services(&a->pending, services, n);
	if (err == 0)
		err = start_thread(a);
	if (err != 0) {
		announcer_free(a);
		return err;
	}
	*out = a;
	return 0;
}

int
mdns_announcer_update(struct mdns_announcer *announcer,
    const struct mdns_service *services, size_t n)
{
	struct service_list list;
	int err = copy_services(&list, services, n);

	if (err != 0)
		return err;
	pthread_mutex_lock(&announcer->lock);
	service_list_fini(&announcer->pending);
	announcer->pending = list;
	announcer->updated = true;
	pthread_mutex_unlock(&announcer->lock);
	wake_up(announcer);
	return 0;
}

void
mdns_announcer_state(
    struct mdns_announcer *announcer, char out[MDNS_STATE_TEXT_MAX])
{
	pthread_mutex_lock(&announcer->lock);
	memcpy(out, announcer->state, MDNS_STATE_TEXT_MAX);
	pthread_mutex_unlock(&announcer->lock);
}

void
mdns_announcer_stop(struct mdns_announcer *announcer)
{
	if (announcer == NULL)
		return;
	pthread_mutex_lock(&announcer->lock);
	announcer->stopping = true;
	pthread_mutex_unlock(&announcer->lock);
	wake_up(announcer);
	pthread_join(announcer->thread, NULL);
	announcer_free(announcer);
}
