#include "base/ipc.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

void
ipc_begin(struct buf *b, uint16_t type, uint64_t id)
{
	b->len = 0;
	b->err = 0;
	b->max = IPC_MESSAGE_MAX;
	ipc_put_u16(b, type);
	ipc_put_u64(b, id);
}

static void
put_number(struct buf *b, uint64_t value, size_t len)
{
	uint8_t out[sizeof(value)];

	for (size_t i = len; i-- > 0; value >>= 8)
		out[i] = (uint8_t)value;
	buf_add(b, out, len);
}

void
ipc_put_u8(struct buf *b, uint8_t value)
{
	put_number(b, value, sizeof(value));
}

void
ipc_put_u16(struct buf *b, uint16_t value)
{
	put_number(b, value, sizeof(value));
}

void
ipc_put_u32(struct buf *b, uint32_t value)
{
	put_number(b, value, sizeof(value));
}

void
ipc_put_u64(struct buf *b, uint64_t value)
{
	put_number(b, value, sizeof(value));
}

void
ipc_put_bytes(struct buf *b, struct bytes value)
{
	if (value.len > IPC_MESSAGE_MAX) {
		b->err = b->err != 0 ? b->err : -ERR_TOO_LARGE;
		return;
	}
	ipc_put_u32(b, (uint32_t)value.len);
	if (value.len > 0)
		buf_add(b, value.data, value.len);
}

void
ipc_put_text(struct buf *b, const char *text)
{
	ipc_put_bytes(b, (struct bytes){(const uint8_t *)text, strlen(text)});
}

/* NULL once something failed. */
static const uint8_t *
take(struct ipc_reader *r, size_t len)
{
	const uint8_t *p = r->left.data;

	if (r->err != 0)
		return NULL;
	if (len > r->left.len) {
		r->err = -ERR_INVALID;
		return NULL;
	}
	r->left.data += len;
	r->left.len -= len;
	return p;
}

static uint64_t
get_number(struct ipc_reader *r, size_t len)
{
	const uint8_t *p = take(r, len);
	uint64_t value = 0;

	for (size_t i = 0; p != NULL && i < len; i++)
		value = value << 8 | p[i];
	return value;
}

void
ipc_open(
    struct ipc_reader *r, uint16_t *type, uint64_t *id, struct bytes packet)
{
	*r = (struct ipc_reader){.left = packet};
	if (packet.len > IPC_MESSAGE_MAX)
		r->err = -ERR_TOO_LARGE;
	*type = ipc_get_u16(r);
	*id = ipc_get_u64(r);
}

uint8_t
ipc_get_u8(struct ipc_reader *r)
{
	return (uint8_t)get_number(r, sizeof(uint8_t));
}

uint16_t
ipc_get_u16(struct ipc_reader *r)
{
	return (uint16_t)get_number(r, sizeof(uint16_t));
}

uint32_t
ipc_get_u32(struct ipc_reader *r)
{
	return (uint32_t)get_number(r, sizeof(uint32_t));
}

uint64_t
ipc_get_u64(struct ipc_reader *r)
{
	return get_number(r, sizeof(uint64_t));
}

struct bytes
ipc_get_bytes(struct ipc_reader *r, size_t max)
{
	uint32_t len = ipc_get_u32(r);
	const uint8_t *p;

	if (r->err == 0 && len > max)
		r->err = -ERR_TOO_LARGE;
	p = take(r, len);
	return p != NULL ? (struct bytes){p, len} : (struct bytes){NULL, 0};
}

void
ipc_get_text(struct ipc_reader *r, char *out, size_t size)
{
	struct bytes text = ipc_get_bytes(r, size - 1);

	if (text.len > 0 && memchr(text.data, '\0', text.len) != NULL) {
		r->err = -ERR_INVALID;
		text.len = 0;
	}
	if (text.len > 0)
		memcpy(out, text.data, text.len);
	out[text.len] = '\0';
}

int
ipc_close(const struct ipc_reader *r)
{
	if (r->err != 0)
		return r->err;
	return r->left.len == 0 ? 0 : -ERR_INVALID;
}

int
ipc_pair(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0
		   ? 0
		   : -ERR_IO;
}

static int
err_from_errno(void)
{
	switch (errno) {
	case EAGAIN:
	case ENOBUFS:
		return -ERR_BUSY;
	case EMSGSIZE:
		return -ERR_TOO_LARGE;
	case EPIPE:
	case ECONNRESET:
	case ENOTCONN:
		return -ERR_CLOSED;
	default:
		return -ERR_IO;
	}
}

int
ipc_send(int fd, struct bytes packet)
{
	return ipc_send_fd(fd, packet, -1);
}

/* One descriptor, as the kernel wants it. */
union passed {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

int
ipc_send_fd(int fd, struct bytes packet, int passed)
{
	union passed control = {.bytes = {0}};
	struct iovec part = {(void *)(uintptr_t)packet.data, packet.len};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	struct cmsghdr *c;
	ssize_t n;

	if (passed >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(passed));
		memcpy(CMSG_DATA(c), &passed, sizeof(passed));
	}
	do {
		n = passed >= 0
			? sendmsg(fd, &message, MSG_NOSIGNAL)
			: send(fd, packet.data, packet.len, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_from_errno();
	return (size_t)n == packet.len ? 0 : -ERR_IO;
}

static int
received(struct bytes *out, uint8_t *data, ssize_t n)
{
	if (n < 0)
		return err_from_errno();
	if (n == 0)
		return -ERR_CLOSED;
	if (n > IPC_MESSAGE_MAX)
		return -ERR_TOO_LARGE;
	*out = (struct bytes){data, (size_t)n};
	return 0;
}

static int
receive(struct bytes *out, uint8_t *data, int fd, int flags)
{
	ssize_t n;

	/* MSG_TRUNC: the packet's true length comes back. ECONNRESET, once: the
	 * other end went with packets unread; what it sent before comes next.
	 */
	do {
		n = recv(fd, data, IPC_MESSAGE_MAX, MSG_TRUNC | flags);
	} while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	return received(out, data, n);
}

int
ipc_receive(struct bytes *out, uint8_t *data, int fd)
{
	return receive(out, data, fd, 0);
}

int
ipc_receive_now(struct bytes *out, uint8_t *data, int fd)
{
	return receive(out, data, fd, MSG_DONTWAIT);
}

int
ipc_receive_fd(struct bytes *out, uint8_t *data, int *passed, int fd)
{
	union passed control;
	struct iovec part = {data, IPC_MESSAGE_MAX};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	struct cmsghdr *c;
	int got = -1, err;
	ssize_t n;

	do {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_LEN(sizeof(got));
		n = recvmsg(fd, &message, MSG_TRUNC | MSG_CMSG_CLOEXEC);
	} while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	err = received(out, data, n);
	if (n < 0)
		return err;
	/* There is room for one: further ones were closed by the kernel. */
	c = CMSG_FIRSTHDR(&message);
	if (c != NULL && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(got)))
		memcpy(&got, CMSG_DATA(c), sizeof(got));
	if (err != 0 && got >= 0)
		close(got);
	else if (err == 0)
		*passed = got;
	return err;
}
