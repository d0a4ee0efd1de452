#include "tests/unit/cmocka.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <avahi-common/simple-watch.h>

#include "base/clock.h"
#include "mdns/bus_guard.h"

struct lab {
	AvahiSimplePoll *poll;
	struct bus_guard *guard;
	AvahiWatch *watch;
	int bus[2]; /* the client's end, the other one */
};

static void
on_event(AvahiWatch *watch, int fd, AvahiWatchEvent event, void *arg)
{
	(void)watch;
	(void)fd;
	(void)event;
	(void)arg;
}

static void
setup(struct lab *lab)
{
	const AvahiPoll *api;

	lab->poll = avahi_simple_poll_new();
	assert_non_null(lab->poll);
	assert_int_equal(
	    0, bus_guard_new(&lab->guard, avahi_simple_poll_get(lab->poll)));
	assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM, 0, lab->bus));
	api = bus_guard_poll(lab->guard);
	lab->watch =
	    api->watch_new(api, lab->bus[0], AVAHI_WATCH_IN, on_event, NULL);
	assert_non_null(lab->watch);
}

static void
teardown(struct lab *lab)
{
	avahi_simple_poll_get(lab->poll)->watch_free(lab->watch);
	bus_guard_free(lab->guard);
	close(lab->bus[0]);
	close(lab->bus[1]);
	avahi_simple_poll_free(lab->poll);
}

/* What a blocked call sees: the end of the connection. */
static bool
ends_within(const struct lab *lab, int ms)
{
	struct pollfd p = {.fd = lab->bus[0], .events = POLLIN};
	char c;

	return poll(&p, 1, ms) == 1 && read(lab->bus[0], &c, 1) == 0;
}

static void
test_cut_after_the_limit(void **state)
{
	int64_t start = clock_monotonic_ms();
	struct lab lab;

	(void)state;
	setup(&lab);
	bus_guard_set_limit(lab.guard, 50);
	bus_guard_enter(lab.guard);
	assert_false(bus_guard_has_cut(lab.guard));
	assert_true(ends_within(&lab, 5000));
	bus_guard_leave(lab.guard);
	assert_true(clock_monotonic_ms() - start >= 50);
	assert_true(bus_guard_has_cut(lab.guard));
	bus_guard_forget(lab.guard);
	assert_false(bus_guard_has_cut(lab.guard));
	teardown(&lab);
}

static void
test_turns_in_time_are_left_alone(void **state)
{
	struct lab lab;

	(void)state;
	setup(&lab);
	bus_guard_set_limit(lab.guard, 100);
	for (int i = 0; i < 3; i++) {
		bus_guard_enter(lab.guard);
		bus_guard_leave(lab.guard);
		assert_false(ends_within(&lab, 60));
	}
	assert_false(bus_guard_has_cut(lab.guard));
	teardown(&lab);
}

/* The client may have closed its socket; another file may have the number. */
static void
test_only_the_socket_is_cut(void **state)
{
	struct lab lab;
	int other[2];
	struct pollfd p = {.events = POLLIN};

	(void)state;
	setup(&lab);
	bus_guard_set_limit(lab.guard, 50);
	assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM, 0, other));
	assert_int_equal(lab.bus[0], dup2(other[0], lab.bus[0]));
	bus_guard_enter(lab.guard);
	p.fd = lab.bus[1];
	assert_int_equal(1, poll(&p, 1, 5000));
	bus_guard_leave(lab.guard);
	assert_true(bus_guard_has_cut(lab.guard));
	p.fd = other[1];
	assert_int_equal(0, poll(&p, 1, 0));
	close(other[0]);
	close(other[1]);
	teardown(&lab);
}

static void
test_same_network_namespace(void **state)
{
	struct lab lab;

	(void)state;
	setup(&lab);
	assert_false(bus_guard_is_elsewhere(lab.guard));
	bus_guard_forget(lab.guard);
	assert_false(bus_guard_is_elsewhere(lab.guard));
	teardown(&lab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cut_after_the_limit),
	    cmocka_unit_test(test_turns_in_time_are_left_alone),
	    cmocka_unit_test(test_only_the_socket_is_cut),
	    cmocka_unit_test(test_same_network_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
