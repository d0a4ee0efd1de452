#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/tls/support.h"
#include "tls/pump.h"

static struct tls_server *server;

/* A pump on a connection to an echo service. */
static struct tls_pump *
pump_new(struct test_service *s)
{
	const struct tls_client_config config = {
	    .timeout_ms = TEST_TIMEOUT_MS, .judge = test_accept_any};
	struct tls_pump *pump;
	struct tls_conn *conn;
	struct reason why;

	*s = (struct test_service){.server = server};
	test_service_start(s);
	assert_int_equal(
	    0, tls_client_connect(&conn, s->fds[1], &config, &why));
	assert_int_equal(0, tls_pump_start(&pump, &conn, s->fds[1]));
	assert_null(conn);
	s->fds[1] = -1; /* the pump's now */
	return pump;
}

static int
connect_to(const char *name)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
				    strlen(name));
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(addr.sun_path + 1, name, strlen(name));
	if (connect(fd, (struct sockaddr *)&addr, len) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
peer_connect(const struct tls_pump *pump)
{
	return connect_to(tls_pump_name(pump));
}

static void
read_exactly(int fd, char *data, size_t len)
{
	while (len != 0) {
		ssize_t n = read(fd, data, len);

		assert_true(n > 0);
		data += n;
		len -= (size_t)n;
	}
}

static void
test_echo_through_pump(void **state)
{
	struct test_service s;
	struct tls_pump *pump = pump_new(&s);
	int fd = peer_connect(pump);
	char back[5];

	(void)state;
	assert_int_equal(8 + 32, strlen(tls_pump_name(pump)));
	for (int i = 0; i < 100; i++) {
		assert_int_equal(5, write(fd, "hello", 5));
		read_exactly(fd, back, 5);
		assert_memory_equal("hello", back, 5);
	}
	close(fd);
	tls_pump_stop(pump);
	pthread_join(s.thread, NULL);
	assert_int_equal(0, s.result);
}

struct flood {
	int fd;
	size_t len;
};

static void *
flood_main(void *arg)
{
	const struct flood *f = arg;
	uint8_t data[7919];

	for (size_t done = 0; done < f->len;) {
		size_t n = f->len - done;

		if (n > sizeof(data))
			n = sizeof(data);
		for (size_t i = 0; i < n; i++)
			data[i] = (uint8_t)((done + i) * 31 >> 3);
		if (write(f->fd, data, n) != (ssize_t)n)
			return NULL;
		done += n;
	}
	return NULL;
}

/* Far more than all buffers on the way hold, while nobody reads at first: the
 * writer is held back, and every byte comes back in order. */
static void
test_back_pressure(void **state)
{
	struct test_service s;
	struct tls_pump *pump = pump_new(&s);
	struct flood f = {
	    .fd = peer_connect(pump), .len = (size_t)4 * 1024 * 1024};
	char data[65536];
	pthread_t thread;

	(void)state;
	assert_int_equal(0, pthread_create(&thread, NULL, flood_main, &f));
	for (size_t done = 0; done < f.len;) {
		ssize_t n = read(f.fd, data, sizeof(data));

		assert_true(n > 0);
		for (size_t i = 0; i < (size_t)n; i++)
			if ((uint8_t)data[i] != (uint8_t)((done + i) * 31 >> 3))
				fail_msg("byte %zu differs", done + i);
		done += (size_t)n;
	}
	pthread_join(thread, NULL);
	close(f.fd);
	tls_pump_stop(pump);
	pthread_join(s.thread, NULL);
}

/* The server ends: the peer reads what is left, then end of file. */
static void
test_server_closes(void **state)
{
	struct test_service s;
	struct tls_pump *pump = pump_new(&s);
	int fd = peer_connect(pump);
	char back[8];

	(void)state;
	assert_int_equal(3, write(fd, "bye", 3));
	read_exactly(fd, back, 3);
	shutdown(s.fds[0], SHUT_RDWR);
	assert_int_equal(0, read(fd, back, sizeof(back)));
	close(fd);
	tls_pump_stop(pump);
	pthread_join(s.thread, NULL);
}

/* One after the other on the same TLS connection: the second waits until the
 * first has left. */
static void
test_peers_in_turn(void **state)
{
	struct test_service s;
	struct tls_pump *pump = pump_new(&s);
	int fd = peer_connect(pump), second;
	char back[5];

	(void)state;
	assert_int_equal(2, write(fd, "hi", 2));
	read_exactly(fd, back, 2);
	second = peer_connect(pump);
	assert_true(second >= 0);
	assert_int_equal(5, write(second, "again", 5));
	assert_int_equal(2, write(fd, "ho", 2));
	read_exactly(fd, back, 2);
	assert_memory_equal("ho", back, 2);
	close(fd);
	read_exactly(second, back, 5);
	assert_memory_equal("again", back, 5);
	close(second);
	tls_pump_stop(pump);
	pthread_join(s.thread, NULL);
}

/* What is left of an answer is never given to the next peer. */
static void
test_peer_gone_within_answer_refused(void **state)
{
	static const char data[65536];
	struct test_service s;
	struct tls_pump *pump = pump_new(&s);
	int fd = peer_connect(pump), second;
	char c;

	(void)state;
	/* More comes back than the socket takes, and nobody reads it. */
	while (send(fd, data, sizeof(data), MSG_DONTWAIT) > 0)
		usleep(1000);
	close(fd);
	second = peer_connect(pump);
	assert_true(second < 0 || read(second, &c, 1) <= 0);
	close(second);
	tls_pump_stop(pump);
	pthread_join(s.thread, NULL);
}

/* Another process is shown the door, and does not use up the one place. */
static void
test_other_process_refused(void **state)
{
	struct test_service s;
	struct tls_pump *pump;
	char name[sizeof(((struct sockaddr_un *)NULL)->sun_path)] = "";
	char back[2];
	int told[2], status, fd;
	pid_t child;

	(void)state;
	assert_int_equal(0, pipe(told));
	/* Before there are threads, whose memory it would inherit and lose. */
	child = fork();
	if (child == 0) {
		int other = -1;
		bool closed;

		close(told[1]);
		if (read(told[0], name, sizeof(name) - 1) > 0)
			other = connect_to(name);
		closed = other >= 0 && read(other, back, 2) <= 0;
		_exit(closed ? 0 : 1);
	}
	pump = pump_new(&s);
	snprintf(name, sizeof(name), "%s", tls_pump_name(pump));
	assert_int_equal(strlen(name), write(told[1], name, strlen(name)));
	close(told[0]);
	close(told[1]);
	assert_int_equal(child, waitpid(child, &status, 0));
	assert_int_equal(0, status);
	fd = peer_connect(pump);
	assert_int_equal(2, write(fd, "hi", 2));
	read_exactly(fd, back, 2);
	close(fd);
	tls_pump_stop(pump);
	pthread_join(s.thread, NULL);
}

/* Stopped before, and while, a peer is there. */
static void
test_stop(void **state)
{
	struct test_service s;
	struct tls_pump *pump = pump_new(&s);
	char c;
	int fd;

	(void)state;
	tls_pump_stop(pump);
	pthread_join(s.thread, NULL);
	pump = pump_new(&s);
	fd = peer_connect(pump);
	tls_pump_stop(pump);
	assert_true(read(fd, &c, 1) <= 0);
	close(fd);
	pthread_join(s.thread, NULL);
	tls_pump_stop(NULL);
}

static int
setup(void **state)
{
	(void)state;
	server = test_server_new(NULL, false);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tls_server_unref(server);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_echo_through_pump),
	    cmocka_unit_test(test_back_pressure),
	    cmocka_unit_test(test_server_closes),
	    cmocka_unit_test(test_peers_in_turn),
	    cmocka_unit_test(test_peer_gone_within_answer_refused),
	    cmocka_unit_test(test_other_process_refused),
	    cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
