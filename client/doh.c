#include "client/dns_target.h"

#include <netinet/in.h>
#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "client/http.h"
#include "tls/client.h"

#define DOH_TYPE "application/dns-message"

static CURLcode
install_judge(CURL *curl, void *ssl_ctx, void *arg)
{
	struct judge *judge = arg;

	(void)curl;
	return tls_judge_install(
		   ssl_ctx, judge_dns_server, judge, &judge->why) == 0
		   ? CURLE_OK
		   : CURLE_ABORTED_BY_CALLBACK;
}

static uint16_t
sockaddr_port(const struct sockaddr_storage *address)
{
	return ntohs(
	    address->ss_family == AF_INET
		? ((const struct sockaddr_in *)(const void *)address)->sin_port
		: ((const struct sockaddr_in6 *)(const void *)address)
		      ->sin6_port);
}

/* The judge stands in the place of libcurl's own verification, so verification
 * stays on, without a CA file. Sessions are not kept: the judge is asked in
 * full handshakes only. */
static int
doh_set_up(CURL *curl, const struct curl_slist *headers,
    const struct curl_slist *connect_to, struct judge *judge)
{
	if (curl_easy_setopt(curl, CURLOPT_HTTP_VERSION,
		(long)CURL_HTTP_VERSION_2TLS) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
		(long)DNS_CONNECT_TIMEOUT_MS) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSLVERSION,
		(long)CURL_SSLVERSION_TLSv1_2) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L) !=
		CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_CAINFO, NULL) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, install_judge) !=
		CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, judge) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_CONNECT_TO, connect_to) != CURLE_OK)
		return -ERR_NOMEM;
	return 0;
}

/* The id is 0, so that replies can be cached (RFC 8484 4.1). */
static int
doh_url(struct buf *url, const struct dns_target *target,
    const struct dns_question *question)
{
	struct buf dns = {0};
	struct blob query = {0};
	int err = dns_query_build(&query, question, 0);

	if (err == 0)
		err = base64url_encode(&dns, blob_bytes(&query));
	if (err == 0)
		err = buf_printf(url, "https://%s:%u", target->adn,
		    (unsigned int)sockaddr_port(&target->address));
	if (err == 0)
		err = dohpath_expand(url, target->dohpath, buf_text(&dns));
	buf_fini(&dns);
	blob_fini(&query);
	return err;
}

static int
doh_exchange(struct dns_answer *answer, CURL *curl,
    const struct dns_target *target, const struct judge *judge,
    const struct dns_question *question, struct reason *why)
{
	struct http_reply reply = {0};
	struct buf url = {0};
	int err = doh_url(&url, target, question);

	if (err == 0)
		err = http_get(
		    &reply, curl, buf_text(&url), DNS_MESSAGE_MAX, why);
	buf_fini(&url);
	if (judge->refused)
		err = reason_set(why, -ERR_REFUSED, "%s", judge->why.text);
	if (err == 0 && reply.status != 200)
		err = reason_set(
		    why, -ERR_UNREACHABLE, "HTTP status %ld", reply.status);
	if (err == 0 && strcmp(reply.type, DOH_TYPE) != 0)
		err = reason_set(
		    why, -ERR_INVALID, "the reply's type is not " DOH_TYPE);
	if (err == 0)
		err = dns_reply_parse(answer,
		    (struct bytes){
			(const uint8_t *)reply.body.data, reply.body.len},
		    question, 0, why);
	http_reply_fini(&reply);
	return err;
}

int
doh_ask(struct dns_answer *answers, const struct dns_target *target,
    struct judge *judge, const struct dns_question *questions, size_t n,
    struct reason *why)
{
	struct curl_slist *headers =
	    curl_slist_append(NULL, "Accept: " DOH_TYPE);
	struct curl_slist *connect_to = NULL;
	CURL *curl = http_handle("https", DNS_TIMEOUT_MS);
	char endpoint[ENDPOINT_TEXT_MAX], rule[ENDPOINT_TEXT_MAX + 4];
	int err;

	/* Any host and port go to this address: no name is looked up. */
	endpoint_format(endpoint, (const void *)&target->address);
	err = str_format(rule, sizeof(rule), "::%s", endpoint);
	if (err == 0)
		connect_to = curl_slist_append(NULL, rule);
	if (curl == NULL || headers == NULL || connect_to == NULL)
		err = -ERR_NOMEM;
	if (err == 0)
		err = doh_set_up(curl, headers, connect_to, judge);
	for (size_t i = 0; err == 0 && i < n; i++)
		err = doh_exchange(
		    &answers[i], curl, target, judge, &questions[i], why);
	if (curl != NULL)
		curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	curl_slist_free_all(connect_to);
	return err;
}
