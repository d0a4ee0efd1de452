#include "client/dns_target.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "client/net.h"
#include "tls/client.h"

#define FRAME_HEADER_LEN 2 /* RFC 7858 3.3, RFC 1035 4.2.2 */

struct dot {
	struct tls_conn *conn;
	int fd;
	int64_t deadline_ms;
};

/* Waits for what a tls_conn call asked for; other results become errors. */
static int
dot_wait(const struct dot *dot, int result, struct reason *why)
{
	int err = result;

	if (result == TLS_WANT_READ || result == TLS_WANT_WRITE)
		err = net_wait(dot->fd,
		    result == TLS_WANT_READ ? POLLIN : POLLOUT,
		    dot->deadline_ms);
	else if (result > 0)
		err = -ERR_CLOSED;
	if (err != 0)
		return reason_set(why, err, "DNS over TLS: %s", err_text(err));
	return 0;
}

static int
dot_write(const struct dot *dot, struct bytes data, struct reason *why)
{
	while (data.len > 0) {
		size_t taken = 0;
		int err =
		    tls_conn_write(dot->conn, data.data, data.len, &taken);

		if (err != 0)
			err = dot_wait(dot, err, why);
		if (err != 0)
			return err;
		data.data += taken;
		data.len -= taken;
	}
	return 0;
}

static int
dot_read(const struct dot *dot, uint8_t *data, size_t len, struct reason *why)
{
	while (len > 0) {
		size_t got = 0;
		int err = tls_conn_read(dot->conn, data, len, &got);

		if (err != 0)
			err = dot_wait(dot, err, why);
		if (err != 0)
			return err;
		data += got;
		len -= got;
	}
	return 0;
}

static int
dot_send(const struct dot *dot, const struct dns_question *question,
    uint16_t id, struct reason *why)
{
	struct blob query = {0};
	struct buf frame = {0};
	uint8_t header[FRAME_HEADER_LEN];
	int err = dns_query_build(&query, question, id);

	if (err == 0) {
		header[0] = (uint8_t)(query.len >> 8);
		header[1] = (uint8_t)query.len;
		/* One write: RFC 7766 8. */
		buf_add(&frame, header, sizeof(header));
		err = buf_add(&frame, query.data, query.len);
	}
	if (err == 0)
		err = dot_write(dot,
		    (struct bytes){(const uint8_t *)frame.data, frame.len},
		    why);
	buf_fini(&frame);
	blob_fini(&query);
	return err;
}

static int
dot_receive(struct dns_answer *answer, const struct dot *dot,
    const struct dns_question *question, uint16_t id, struct reason *why)
{
	AUTOFREE uint8_t *reply = NULL;
	uint8_t header[FRAME_HEADER_LEN];
	size_t len;
	int err = dot_read(dot, header, sizeof(header), why);

	if (err != 0)
		return err;
	len = (size_t)header[0] << 8 | header[1];
	reply = malloc(len > 0 ? len : 1);
	if (reply == NULL)
		return -ERR_NOMEM;
	err = dot_read(dot, reply, len, why);
	if (err != 0)
		return err;
	return dns_reply_parse(
	    answer, (struct bytes){reply, len}, question, id, why);
}

static int
dot_exchange(struct dns_answer *answer, struct dot *dot,
    const struct dns_question *question, struct reason *why)
{
	uint16_t id;
	int err;

	random_bytes(&id, sizeof(id));
	dot->deadline_ms = clock_monotonic_ms() + DNS_TIMEOUT_MS;
	err = dot_send(dot, question, id, why);
	return err != 0 ? err : dot_receive(answer, dot, question, id, why);
}

static int
dot_open(struct tls_conn **out, int fd, const struct dns_target *target,
    struct judge *judge, struct reason *why)
{
	struct tls_client_config config = {
	    .sni = target->adn,
	    .alpn = "dot",
	    .timeout_ms = DNS_TIMEOUT_MS,
	    .judge = judge_dns_server,
	    .judge_arg = judge,
	};
	struct reason inner = {""};
	int err = tls_client_connect(out, fd, &config, &inner);

	if (err == 0)
		return 0;
	if (judge->refused)
		return reason_set(why, -ERR_REFUSED, "%s", judge->why.text);
	/* Whatever else breaks the cryptography is not excused either. */
	if (err > 0 || err == -ERR_CRYPTO)
		err = -ERR_REFUSED;
	return reason_set(why, err, "TLS: %.240s",
	    inner.text[0] != '\0' ? inner.text : err_text(err));
}

int
dot_ask(struct dns_answer *answers, const struct dns_target *target,
    struct judge *judge, const struct dns_question *questions, size_t n,
    struct reason *why)
{
	int fd CLEANUP(net_closep) = -1;
	struct dot dot = {0};
	int err =
	    net_connect(&fd, &target->address, DNS_CONNECT_TIMEOUT_MS, why);

	if (err == 0)
		err = dot_open(&dot.conn, fd, target, judge, why);
	if (err != 0)
		return err;
	dot.fd = fd;
	for (size_t i = 0; err == 0 && i < n; i++)
		err = dot_exchange(&answers[i], &dot, &questions[i], why);
	if (err == 0)
		tls_conn_shutdown(dot.conn);
	tls_conn_free(dot.conn);
	return err;
}
