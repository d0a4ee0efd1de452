#include "client/ctl.h"

#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

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

static void
prepare(CURL *curl, const char *method, const char *url, const char *socket,
    const char *text, struct curl_slist *headers, struct buf *answer)
{
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	/* A name may be "..". */
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	if (text != NULL) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text);
		curl_easy_setopt(
		    curl, CURLOPT_POSTFIELDSIZE, (long)strlen(text));
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	}
}

static int
perform(CURL *curl, const char *socket, struct buf *answer, json_t **out)
{
	CURLcode code = curl_easy_perform(curl);
	json_error_t error;
	long status = 0;

	if (code != CURLE_OK) {
		fprintf(stderr,
		    "estuaryctl: estuaryd does not answer on %s (%s): is it "
		    "running?\n",
		    socket, curl_easy_strerror(code));
		return CTL_UNREACHABLE;
	}
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
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

int
ctl_call(const struct ctl *ctl, const char *method, const char *path,
    json_t *body, json_t **out)
{
	struct curl_slist *headers =
	    curl_slist_append(NULL, "Content-Type: application/json");
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	struct buf answer = {.max = ANSWER_MAX_BYTES};
	CURL *curl = curl_easy_init();
	char url[1024], socket[1024];
	int status = CTL_UNREACHABLE;

	if (str_format(url, sizeof(url), "http://estuary/api/v1%s", path) !=
		0 ||
	    str_format(socket, sizeof(socket), "%s/%s", ctl->state_dir,
		SOCKET_NAME) != 0) {
		status = ctl_usage("an argument is too long");
	} else if (curl != NULL && headers != NULL &&
		   (body == NULL || text != NULL)) {
		prepare(curl, method, url, socket, text, headers, &answer);
		status = perform(curl, socket, &answer, out);
	}
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
	json_decref(body);
	if (answer.data != NULL)
		explicit_bzero(answer.data, answer.len);
	buf_fini(&answer);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	return status;
}
