#include "client/ctl_remote.h"

#include <stdio.h>
#include <string.h>

#include "base/bearer_token.h"
#include "base/file.h"
#include "base/str.h"
#include "tls/client.h"

#define TOKEN_FILE_MAX 4096
#define CONNECT_TIMEOUT_S 10L

struct ctl_remote {
	char url[512];
	char header[sizeof("Authorization: Bearer ") + BEARER_TOKEN_LEN];
	uint8_t root_sha256[32];
	bool system_trust;
};

/* --- the URL --- */

static bool
has_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

	curl_free(text);
	return has;
}

static bool
part_is(CURLU *url, CURLUPart part, const char *wanted)
{
	char *text = NULL;
	bool is = curl_url_get(url, part, &text, 0) == CURLUE_OK &&
		  ascii_equal_nocase(text, wanted);

	curl_free(text);
	return is;
}

/* A token is sent over TLS alone, and to the API's own path. [RFC6750 5.3] */
static int
read_url(struct ctl_remote *remote, const char *text)
{
	CURLU *url = curl_url();
	bool good = url != NULL &&
		    curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
		    part_is(url, CURLUPART_SCHEME, "https") &&
		    part_is(url, CURLUPART_PATH, "/") &&
		    !has_part(url, CURLUPART_USER) &&
		    !has_part(url, CURLUPART_PASSWORD) &&
		    !has_part(url, CURLUPART_QUERY) &&
		    !has_part(url, CURLUPART_FRAGMENT);
	size_t len = strlen(text);

	curl_url_cleanup(url);
	if (good && text[len - 1] == '/')
		len--;
	if (good && str_format(remote->url, sizeof(remote->url), "%.*s",
			(int)len, text) == 0)
		return CTL_DONE;
	return ctl_usage("--url: not of the form https://HOST:PORT: %s", text);
}

/* --- the token --- */

static int
read_token(struct ctl_remote *remote, const char *path)
{
	struct bearer_token token;
	struct blob file = {0};
	struct reason why = {""};
	int err = file_read_secret(&file, path, TOKEN_FILE_MAX, &why);

	if (err == 0) {
		if (file.len != 0 && file.data[file.len - 1] == '\n')
			file.data[--file.len] = '\0';
		err = strlen((const char *)file.data) == file.len
			  ? bearer_token_parse(&token, (const char *)file.data)
			  : -ERR_INVALID;
		if (err != 0)
			reason_set(&why, err,
			    "%s: not a token of 'estuaryctl token add'", path);
	}
	if (err == 0) {
		memcpy(remote->root_sha256, token.root_sha256,
		    sizeof(remote->root_sha256));
		explicit_bzero(&token, sizeof(token));
		err = str_format(remote->header, sizeof(remote->header),
		    "Authorization: Bearer %s", (const char *)file.data);
	}
	blob_wipe(&file);
	if (err == 0)
		return CTL_DONE;
	fprintf(stderr, "estuaryctl: %s\n",
	    why.text[0] != '\0' ? why.text : err_text(err));
	return CTL_REFUSED;
}

int
ctl_remote_open(struct ctl_remote **out, const char *url,
    const char *token_file, bool system_trust)
{
	struct ctl_remote *remote = calloc(1, sizeof(*remote));
	int status;

	if (remote == NULL) {
		fprintf(stderr, "estuaryctl: %s\n", err_text(-ERR_NOMEM));
		return CTL_REFUSED;
	}
	remote->system_trust = system_trust;
	status = read_url(remote, url);
	if (status == CTL_DONE)
		status = read_token(remote, token_file);
	if (status == CTL_DONE)
		*out = remote;
	else
		ctl_remote_close(remote);
	return status;
}

void
ctl_remote_close(struct ctl_remote *remote)
{
	if (remote == NULL)
		return;
	explicit_bzero(remote, sizeof(*remote));
	free(remote);
}

const char *
ctl_remote_url(const struct ctl_remote *remote)
{
	return remote->url;
}

const char *
ctl_remote_header(const struct ctl_remote *remote)
{
	return remote->header;
}

/* --- the transfer --- */

static CURLcode
on_ssl_context(CURL *curl, void *ctx, void *arg)
{
	struct ctl_verdict *verdict = arg;

	(void)curl;
	return tls_judge_install(
		   ctx, ctl_remote_judge, verdict, &verdict->why) == 0
		   ? CURLE_OK
		   : CURLE_SSL_CERTPROBLEM;
}

static int
set_judge(CURL *curl, struct ctl_verdict *verdict)
{
	/* The judge stands in for both checks; who it refuses gets nothing. */
	if (curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context) !=
		CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, verdict) != CURLE_OK)
		return -ERR_CRYPTO;
	return 0;
}

int
ctl_remote_prepare(
    const struct ctl_remote *remote, CURL *curl, struct ctl_verdict *verdict)
{
	verdict->root_sha256 = remote->root_sha256;
	if (curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") !=
		CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S) !=
		CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_SSLVERSION,
		(long)CURL_SSLVERSION_TLSv1_2) != CURLE_OK)
		return -ERR_CRYPTO;
	return remote->system_trust ? 0 : set_judge(curl, verdict);
}

int
ctl_remote_failed(const struct ctl_remote *remote,
    const struct ctl_verdict *verdict, CURLcode code)
{
	bool refused = verdict->why.text[0] != '\0' ||
		       code == CURLE_PEER_FAILED_VERIFICATION ||
		       code == CURLE_SSL_CACERT_BADFILE;

	if (!refused) {
		fprintf(stderr, "estuaryctl: no estuaryd answers at %s: %s\n",
		    remote->url, curl_easy_strerror(code));
		return CTL_UNREACHABLE;
	}
	fprintf(stderr, "estuaryctl: the token was not sent to %s: %s\n",
	    remote->url,
	    verdict->why.text[0] != '\0' ? verdict->why.text
					 : curl_easy_strerror(code));
	return CTL_REFUSED;
}
