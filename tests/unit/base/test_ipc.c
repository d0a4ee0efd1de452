#include "tests/unit/cmocka.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/ipc.h"

static struct bytes
packet_of(const struct buf *b)
{
	return (struct bytes){(const uint8_t *)b->data, b->len};
}

/* One of each kind. */
static void
write_all_kinds(struct buf *b)
{
	ipc_begin(b, 0x0102, UINT64_MAX - 1);
	ipc_put_u8(b, 0xfe);
	ipc_put_u16(b, 0xfedc);
	ipc_put_u32(b, 0xfedcba98);
	ipc_put_u64(b, (uint64_t)INT64_MIN);
	ipc_put_bytes(b, (struct bytes){(const uint8_t *)"\0\1", 2});
	ipc_put_text(b, "text");
	ipc_put_text(b, "");
	assert_int_equal(0, buf_status(b));
}

/* Returns what ipc_close() says. */
static int
read_all_kinds(struct bytes packet)
{
	struct ipc_reader r;
	char text[5], empty[1];
	struct bytes two;
	uint16_t type;
	uint64_t id;

	ipc_open(&r, &type, &id, packet);
	ipc_get_u8(&r);
	ipc_get_u16(&r);
	ipc_get_u32(&r);
	ipc_get_u64(&r);
	two = ipc_get_bytes(&r, 2);
	ipc_get_text(&r, text, sizeof(text));
	ipc_get_text(&r, empty, sizeof(empty));
	assert_true(two.len == 2 || r.err != 0);
	return ipc_close(&r);
}

static void
test_round_trip(void **state)
{
	struct buf b = {0};
	struct ipc_reader r;
	struct bytes two;
	char text[5], empty[1];
	uint16_t type;
	uint64_t id;

	(void)state;
	write_all_kinds(&b);
	assert_memory_equal("\1\2\377\377\377\377\377\377\377\376\376", b.data,
	    IPC_HEADER_LEN + 1);
	ipc_open(&r, &type, &id, packet_of(&b));
	assert_int_equal(0x0102, type);
	assert_true(id == UINT64_MAX - 1);
	assert_int_equal(0xfe, ipc_get_u8(&r));
	assert_int_equal(0xfedc, ipc_get_u16(&r));
	assert_int_equal(0xfedcba98, ipc_get_u32(&r));
	assert_true((int64_t)ipc_get_u64(&r) == INT64_MIN);
	two = ipc_get_bytes(&r, 2);
	assert_int_equal(2, two.len);
	assert_memory_equal("\0\1", two.data, 2);
	ipc_get_text(&r, text, sizeof(text));
	assert_string_equal("text", text);
	ipc_get_text(&r, empty, sizeof(empty));
	assert_string_equal("", empty);
	assert_int_equal(0, ipc_close(&r));
	buf_fini(&b);
}

static void
test_every_length_but_the_right_one_refused(void **state)
{
	struct buf b = {0};

	(void)state;
	write_all_kinds(&b);
	for (size_t len = 0; len < b.len; len++) {
		/* A copy of that size, for the sanitizer to guard. */
		struct blob cut = {0};

		assert_int_equal(
		    0, blob_copy(
			   &cut, (struct bytes){(const uint8_t *)b.data, len}));
		assert_int_equal(
		    -ERR_INVALID, read_all_kinds(blob_bytes(&cut)));
		blob_fini(&cut);
	}
	assert_int_equal(0, read_all_kinds(packet_of(&b)));
	ipc_put_u8(&b, 0);
	assert_int_equal(-ERR_INVALID, read_all_kinds(packet_of(&b)));
	buf_fini(&b);
}

static void
test_bad_values_refused(void **state)
{
	struct buf b = {0};
	struct ipc_reader r;
	char text[5] = "----";
	uint16_t type;
	uint64_t id;

	(void)state;
	ipc_begin(&b, 1, 1);
	ipc_put_text(&b, "12345");
	ipc_open(&r, &type, &id, packet_of(&b));
	ipc_get_text(&r, text, sizeof(text));
	assert_int_equal(-ERR_TOO_LARGE, ipc_close(&r));
	assert_string_equal("", text);
	/* The first failure stays, and nothing more is read. */
	assert_int_equal(0, ipc_get_u8(&r));
	assert_int_equal(-ERR_TOO_LARGE, ipc_close(&r));

	ipc_begin(&b, 1, 1);
	ipc_put_bytes(&b, (struct bytes){(const uint8_t *)"a\0b", 3});
	ipc_open(&r, &type, &id, packet_of(&b));
	ipc_get_text(&r, text, sizeof(text));
	assert_int_equal(-ERR_INVALID, ipc_close(&r));

	/* A length beyond everything. */
	ipc_begin(&b, 1, 1);
	ipc_put_u32(&b, UINT32_MAX);
	ipc_open(&r, &type, &id, packet_of(&b));
	assert_int_equal(0, ipc_get_bytes(&r, SIZE_MAX).len);
	assert_int_equal(-ERR_INVALID, ipc_close(&r));
	buf_fini(&b);
}

static void
test_oversize_refused(void **state)
{
	static uint8_t big[IPC_MESSAGE_MAX + 1];
	struct buf b = {0};
	struct ipc_reader r;
	uint16_t type;
	uint64_t id;

	(void)state;
	ipc_begin(&b, 1, 1);
	ipc_put_bytes(&b, (struct bytes){big, IPC_MESSAGE_MAX});
	assert_int_equal(-ERR_TOO_LARGE, buf_status(&b));
	ipc_begin(&b, 1, 1);
	ipc_put_bytes(&b, (struct bytes){big, SIZE_MAX});
	assert_int_equal(-ERR_TOO_LARGE, buf_status(&b));
	ipc_begin(&b, 1, 1);
	assert_int_equal(0, buf_status(&b));
	ipc_open(&r, &type, &id, (struct bytes){big, sizeof(big)});
	assert_int_equal(-ERR_TOO_LARGE, ipc_close(&r));
	buf_fini(&b);
}

static void
test_socket(void **state)
{
	static uint8_t out[IPC_MESSAGE_MAX + 1], in[IPC_MESSAGE_MAX];
	struct bytes got = {NULL, 0};
	int fds[2], err;

	(void)state;
	assert_int_equal(0, ipc_pair(fds));
	assert_true((fcntl(fds[0], F_GETFD) & FD_CLOEXEC) != 0);
	assert_true((fcntl(fds[1], F_GETFD) & FD_CLOEXEC) != 0);
	memset(out, 0x5a, sizeof(out));
	assert_int_equal(
	    0, ipc_send(fds[0], (struct bytes){out, IPC_MESSAGE_MAX}));
	assert_int_equal(0, ipc_send(fds[0], (struct bytes){out, 1}));
	assert_int_equal(0, ipc_send(fds[0], (struct bytes){out, sizeof(out)}));
	assert_int_equal(0, ipc_receive(&got, in, fds[1]));
	assert_int_equal(IPC_MESSAGE_MAX, got.len);
	assert_memory_equal(out, got.data, got.len);
	assert_int_equal(0, ipc_receive(&got, in, fds[1]));
	assert_int_equal(1, got.len);
	assert_int_equal(-ERR_TOO_LARGE, ipc_receive(&got, in, fds[1]));
	assert_int_equal(0, fcntl(fds[0], F_SETFL, O_NONBLOCK));
	assert_int_equal(-ERR_BUSY, ipc_receive(&got, in, fds[0]));
	do {
		err = ipc_send(fds[0], (struct bytes){out, IPC_MESSAGE_MAX});
	} while (err == 0);
	assert_int_equal(-ERR_BUSY, err);
	/* Packets that it did not read do not hide what it wrote. */
	assert_int_equal(0, ipc_send(fds[1], (struct bytes){out, 7}));
	close(fds[1]);
	assert_int_equal(0, ipc_receive(&got, in, fds[0]));
	assert_int_equal(7, got.len);
	assert_int_equal(-ERR_CLOSED, ipc_send(fds[0], (struct bytes){out, 1}));
	assert_int_equal(-ERR_CLOSED, ipc_receive(&got, in, fds[0]));
	close(fds[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_every_length_but_the_right_one_refused),
	    cmocka_unit_test(test_bad_values_refused),
	    cmocka_unit_test(test_oversize_refused),
	    cmocka_unit_test(test_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
