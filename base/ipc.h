/*
 * Typed messages between two processes of this program over a SOCK_SEQPACKET
 * pair: one packet a message, values only. The other end is not trusted: every
 * size is capped, and what is not exactly right is an error.
 *
 *	message = type (u16) id (u64) body
 *	integers are big-endian; bytes and text are a length (u32) and as many
 *	bytes, text without a NUL anywhere
 */
#ifndef BASE_IPC_H
#define BASE_IPC_H

#include "base/buf.h"

#define IPC_MESSAGE_MAX 65536
#define IPC_HEADER_LEN 10

/* --- writing: into a struct buf, whose failure sticks (buf_status()) --- */

/* Empties b, caps it at IPC_MESSAGE_MAX, and writes the header. */
void ipc_begin(struct buf *b, uint16_t type, uint64_t id);
void ipc_put_u8(struct buf *b, uint8_t value);
void ipc_put_u16(struct buf *b, uint16_t value);
void ipc_put_u32(struct buf *b, uint32_t value);
void ipc_put_u64(struct buf *b, uint64_t value);
void ipc_put_bytes(struct buf *b, struct bytes value);
void ipc_put_text(struct buf *b, const char *text);

/* --- reading: the first failure sticks, values are then 0 or empty --- */

struct ipc_reader {
	struct bytes left;
	int err;
};

/* Takes the header off a packet. */
void ipc_open(
    struct ipc_reader *r, uint16_t *type, uint64_t *id, struct bytes packet);
uint8_t ipc_get_u8(struct ipc_reader *r);
uint16_t ipc_get_u16(struct ipc_reader *r);
uint32_t ipc_get_u32(struct ipc_reader *r);
uint64_t ipc_get_u64(struct ipc_reader *r);
/* Borrowed from the packet, at most max bytes. */
struct bytes ipc_get_bytes(struct ipc_reader *r, size_t max);
/* Text with its NUL into out; -ERR_TOO_LARGE if it does not fit. */
void ipc_get_text(struct ipc_reader *r, char *out, size_t size);
/* Fails unless everything was read, without a failure before. */
int ipc_close(const struct ipc_reader *r) NODISCARD;

/* --- the socket --- */

/* Both ends are close-on-exec. */
int ipc_pair(int fds[2]) NODISCARD;
/* Sends one packet whole. On a non-blocking socket -ERR_BUSY when there is no
 * room; -ERR_CLOSED when the other end has gone. */
int ipc_send(int fd, struct bytes packet) NODISCARD;
/* Receives one packet into data, which has IPC_MESSAGE_MAX bytes. -ERR_CLOSED
 * at the end, -ERR_TOO_LARGE for a packet that did not fit, -ERR_BUSY when a
 * non-blocking socket has none. */
int ipc_receive(struct bytes *out, uint8_t *data, int fd) NODISCARD;
/* The same as if the socket were non-blocking. */
int ipc_receive_now(struct bytes *out, uint8_t *data, int fd) NODISCARD;

/* The same with a descriptor (-1: none), which the receiver gets as one of its
 * own, close-on-exec. */
int ipc_send_fd(int fd, struct bytes packet, int passed) NODISCARD;
int ipc_receive_fd(
    struct bytes *out, uint8_t *data, int *passed, int fd) NODISCARD;

#endif
