/*
 * What a MASA answers, as the bytes behind TLS, through the transfer that the
 * registrar makes. The first byte: 1 base64, 2 a Location is followed.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "registrar/masa_curl.h"
#include "tests/fuzz/fuzz.h"

#define BASE "https://masa.example.net"

static int
connected(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg;
	(void)fd;
	(void)purpose;
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static curl_socket_t
open_pair(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	int *fd = arg;

	(void)purpose;
	(void)address;
	return *fd;
}

/* In place of TLS, a pair that holds all that the peer says. */
static CURLcode
transfer(struct masa_call *call, struct bytes in)
{
	CURLcode code;
	int fds[2];

	FUZZ_CHECK(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	FUZZ_CHECK(
	    in.len == 0 || write(fds[1], in.data, in.len) == (ssize_t)in.len);
	FUZZ_CHECK(shutdown(fds[1], SHUT_WR) == 0);
	curl_easy_setopt(call->curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(call->curl, CURLOPT_URL, "http://127.0.0.1/");
	curl_easy_setopt(call->curl, CURLOPT_OPENSOCKETFUNCTION, open_pair);
	curl_easy_setopt(call->curl, CURLOPT_OPENSOCKETDATA, &fds[0]);
	curl_easy_setopt(call->curl, CURLOPT_SOCKOPTFUNCTION, connected);
	code = curl_easy_perform(call->curl);
	close(fds[1]); /* libcurl has closed the other */
	return code;
}

static void
check_location(struct masa_call *call)
{
	char *location = NULL;
	int err = masa_curl_location(&location, call);

	FUZZ_CHECK(err == 0 || err == -ERR_REFUSED);
	if (err == 0)
		FUZZ_CHECK(strncmp(location, BASE "/", sizeof(BASE)) == 0);
	else
		FUZZ_CHECK(str_is_printable(call->why.text));
	curl_free(location);
}

static void
check_answer(struct masa_call *call)
{
	FUZZ_CHECK(call->answer.len <= MASA_ANSWER_MAX);
	FUZZ_CHECK(strlen(call->type) < MASA_TYPE_MAX);
	FUZZ_CHECK(masa_curl_retry_after(call) >= 0);
	if (call->result != MASA_ANSWERED)
		FUZZ_CHECK(call->why.text[0] != '\0' &&
			   str_is_printable(call->why.text));
	else if (call->may_be_created)
		check_location(call);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t body[] = "{}";
	struct bytes in = {data, size};
	uint8_t mode = fuzz_take_byte(&in);
	struct masa_call call = {.resource = "requestvoucher",
	    .content_type = "application/voucher-cms+json",
	    .accept = "application/voucher-cms+json",
	    .body = {body, 2},
	    .tls_anchors = "",
	    .base64 = (mode & 1) != 0,
	    .may_be_created = (mode & 2) != 0};

	FUZZ_CHECK(masa_url_parse(&call.url, BASE, NULL) == 0);
	FUZZ_CHECK(masa_curl_prepare(&call, NULL) == 0);
	masa_curl_finish(&call, transfer(&call, in));
	check_answer(&call);
	masa_curl_fini(&call);
	buf_fini(&call.answer);
	return 0;
}
