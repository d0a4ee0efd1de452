#include "tls/socket_bio.h"

#include <errno.h>
#include <sys/socket.h>

static bool
is_transient(int error)
{
	return error == EAGAIN || error == EINTR;
}

/* Both return -1 for what is not the peer's end: libssl of OpenSSL 3.2 and
 * later takes a write's 0 for success. */
static int
socket_write(BIO *bio, const char *data, size_t len, size_t *written)
{
	const struct socket_io *io = BIO_get_data(bio);
	ssize_t n = send(io->fd, data, len, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (n < 0) {
		if (is_transient(errno))
			BIO_set_retry_write(bio);
		return -1;
	}
	*written = (size_t)n;
	return 1;
}

static int
socket_read(BIO *bio, char *data, size_t size, size_t *len)
{
	struct socket_io *io = BIO_get_data(bio);
	ssize_t n = recv(io->fd, data, size, 0);

	BIO_clear_retry_flags(bio);
	if (n < 0 && is_transient(errno))
		BIO_set_retry_read(bio);
	if (n == 0)
		io->eof = true;
	if (n <= 0)
		return n < 0 ? -1 : 0;
	*len = (size_t)n;
	return 1;
}

static long
socket_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	const struct socket_io *io = BIO_get_data(bio);

	(void)num;
	(void)ptr;
	switch (cmd) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_EOF:
		return io->eof;
	default:
		return 0;
	}
}

BIO_METHOD *
socket_bio_method_new(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket");

	if (method == NULL)
		return NULL;
	if (BIO_meth_set_write_ex(method, socket_write) == 1 &&
	    BIO_meth_set_read_ex(method, socket_read) == 1 &&
	    BIO_meth_set_ctrl(method, socket_ctrl) == 1)
		return method;
	BIO_meth_free(method);
	return NULL;
}

BIO *
socket_bio_new(BIO_METHOD *method, struct socket_io *io)
{
	BIO *bio = BIO_new(method);

	if (bio == NULL)
		return NULL;
	BIO_set_data(bio, io);
	BIO_set_init(bio, 1);
	return bio;
}
