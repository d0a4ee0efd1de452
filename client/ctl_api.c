#include "client/ctl.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "client/ctl_remote.h"

#define ANSWER_MAX_BYTES ((size_t)64 * 1024 * 1024)
#define TIMEOUT_S 60L
#define SOCKET_NAME "admin.sock"

int
ctl_usage(const char *fmt, ...)
{
	va_list ap;

	fputs("estuaryctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("\nestuaryctl --help shows the commands\n", stderr);
	return CTL_USAGE;
}

void
ctl_print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2));
	putchar('\n');
}

const char *
ctl_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL && *text != '\0' ? text : "-";
}

int
ctl_path(char *out, size_t size, const char *prefix, const char *segment,
    const char *suffix)
{
	char *escaped = curl_easy_escape(NULL, segment, 0);
	int err = escaped != NULL ? str_format(out, size, "%s/%s%s", prefix,
					escaped, suffix)
				  : -ERR_NOMEM;

	curl_free(escaped);
	return err;
}

static size_t
on_data(char *data, size_t size, size_t n, void *arg)
{
	return buf_add(arg, data, size * n) == 0 ? size * n : 0;
}

/* What the API said of a refusal. */
static void
print_refusal(long status, const struct buf *answer)
{
	json_t *problem = json_loadb(
	    answer->len != 0 ? answer->data : "", answer->len, 0, NULL);
	const char *detail =
	    json_string_value(json_object_get(problem, "detail"));

	if (detail != NULL)
		fprintf(stderr, "estuaryctl: %s\n", detail);
	else
		fprintf(
		    stderr, "estuaryctl: refused with status %ld\n", status);
	json_decref(problem);
}

/* One call: what is sent, where to, and what came back. */
struct exchange {
	CURL *curl;
	char url[1024], socket[1024]; /* socket: "" for a remote server */
	struct curl_slist *headers;
	char *text; /* the request's body */
	struct buf answer;
	struct ctl_verdict verdict;
};

static int
set_place(struct exchange *x, const struct ctl *ctl, const char *path)
{
	const char *base = "http://estuary";

	x->socket[0] = '\0';
	if (ctl->remote != NULL)
		base = ctl_remote_url(ctl->remote);
	else if (str_format(x->socket, sizeof(x->socket), "%s/%s",
		     ctl->state_dir, SOCKET_NAME) != 0)
		return -ERR_TOO_LARGE;
	return str_format(x->url, sizeof(x->url), "%s/api/v1%s", base, path);
}

static int
add_header(struct exchange *x, const char *header)
{
	struct curl_slist *longer = curl_slist_append(x->headers, header);

	if (longer == NULL)
		return -ERR_NOMEM;
	x->headers = longer;
	return 0;
}

static int
prepare(struct exchange *x, const struct ctl *ctl, const char *method)
{
	CURL *curl = x->curl;
	int err = 0;

	curl_easy_setopt(curl, CURLOPT_URL, x->url);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	/* A name may be "..". */
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &x->answer);
	if (x->text != NULL) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, x->text);
		curl_easy_setopt(
		    curl, CURLOPT_POSTFIELDSIZE, (long)strlen(x->text));
		err = add_header(x, "Content-Type: application/json");
	}
	if (ctl->remote == NULL)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, x->socket);
	else if (err == 0)
		err = ctl_remote_prepare(ctl->remote, curl, &x->verdict);
	if (err == 0 && ctl->remote != NULL)
		err = add_header(x, ctl_remote_header(ctl->remote));
	if (err == 0 && x->headers != NULL)
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, x->headers);
	return err;
}

static int
transfer_failed(const struct exchange *x, const struct ctl *ctl, CURLcode code)
{
	if (ctl->remote != NULL)
		return ctl_remote_failed(ctl->remote, &x->verdict, code);
	fprintf(stderr,
	    "estuaryctl: estuaryd does not answer on %s (%s): is it running?\n",
	    x->socket, curl_easy_strerror(code));
	return CTL_UNREACHABLE;
}

static int
perform(struct exchange *x, const struct ctl *ctl, json_t **out)
{
	CURLcode code = curl_easy_perform(x->curl);
	const struct buf *answer = &x->answer;
	json_error_t error;
	long status = 0;

	if (code != CURLE_OK)
		return transfer_failed(x, ctl, code);
	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 300) {
		print_refusal(status, answer);
		return CTL_REFUSED;
	}
	if (out == NULL)
		return CTL_DONE;
	*out = answer->len != 0
		   ? json_loadb(answer->data, answer->len, 0, &error)
		   : NULL;
	if (answer->len == 0 || *out != NULL)
		return CTL_DONE;
	fprintf(stderr, "estuaryctl: the answer is not JSON: %s\n", error.text);
	return CTL_UNREACHABLE;
}

/* Bodies, answers and the header with the token may be secrets. */
static void
exchange_fini(struct exchange *x)
{
	if (x->text != NULL)
		explicit_bzero(x->text, strlen(x->text));
	free(x->text);
	buf_wipe(&x->answer);
	for (struct curl_slist *h = x->headers; h != NULL; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(x->headers);
	curl_easy_cleanup(x->curl);
}

int
ctl_call(const struct ctl *ctl, const char *method, const char *path,
    json_t *body, json_t **out)
{
	struct exchange x = {.curl = curl_easy_init(),
	    .text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL,
	    .answer = {.max = ANSWER_MAX_BYTES}};
	int status;

	if (set_place(&x, ctl, path) != 0) {
		status = ctl_usage("an argument is too long");
	} else if (x.curl == NULL || (body != NULL && x.text == NULL) ||
		   prepare(&x, ctl, method) != 0) {
		fputs("estuaryctl: the request cannot be made\n", stderr);
		status = CTL_UNREACHABLE;
	} else {
		status = perform(&x, ctl, out);
	}
	json_decref(body);
	exchange_fini(&x);
	return status;
}
