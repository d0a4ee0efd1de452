#include "ca/issue_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/str.h"
#include "ca/cert.h"

#define SUBJECT_QUOTED_MAX 2100 /* each of 512 characters as \xNN */
#define LINE_MAX_BYTES 2400
#define PROBE_BYTES 4096 /* more than a line */
#define HOUR_S 3600

static void
closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int
path_of(char path[PATH_MAX], const char *ca_dir)
{
	return str_format(path, PATH_MAX, "%s/%s", ca_dir, ISSUE_LOG_FILE);
}

/* NONBLOCK: a FIFO is refused, not waited for. */
static int
open_log(const char *path, int flags)
{
	return open(
	    path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, (mode_t)0600);
}

static int
is_torn(bool *torn, const char *path)
{
	int fd CLEANUP(closep) = open_log(path, O_RDONLY);
	struct stat st;
	char last = '\n';

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) != 1))
		return -ERR_IO;
	*torn = last != '\n';
	return 0;
}

int
issue_log_open(struct issue_log *log, const char *ca_dir, struct reason *why)
{
	char path[PATH_MAX];

	log->fd = -1;
	if (path_of(path, ca_dir) != 0)
		return reason_set(
		    why, -ERR_TOO_LARGE, "the CA's path is too long");
	log->fd = open_log(path, O_WRONLY | O_APPEND | O_CREAT);
	if (log->fd < 0)
		return reason_set(
		    why, -ERR_IO, "%s: %s", path, strerror(errno));
	if (is_torn(&log->torn, path) != 0) {
		issue_log_close(log);
		return reason_set(
		    why, -ERR_IO, "%s: not a file to append to", path);
	}
	return 0;
}

void
issue_log_close(struct issue_log *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
}

static int
line_time(int64_t *out, const char *line)
{
	char when[RFC3339_LEN];

	if (strnlen(line, sizeof(when)) < sizeof(when) ||
	    str_format(when, sizeof(when), "%.*s", RFC3339_LEN - 1, line) != 0)
		return -ERR_INVALID;
	return rfc3339_parse(out, when);
}

/* The profile of a whole line younger than an hour, else NULL: what is torn was
 * not handed out. */
static const struct profile *
recent_profile(const char *line, int64_t now)
{
	static const char key[] = " profile=";
	char name[32];
	const char *at = strstr(line, key);
	size_t len = strlen(line);
	int64_t time;

	if (at == NULL || line[len - 1] != '"' || line_time(&time, line) != 0 ||
	    time <= now - HOUR_S || time > now)
		return NULL;
	at += strlen(key);
	if (str_format(name, sizeof(name), "%.*s", (int)strcspn(at, " "), at) !=
	    0)
		return NULL;
	return profile_find(name);
}

/* --- how many in the last hour --- */

/* What is in the file from there on, as text. A crash may have left zeros where
 * lines were: what stands behind them counts. */
static int
read_text(char *text, int fd, off_t from, size_t len)
{
	ssize_t n = pread(fd, text, len, from);

	if (n < 0 || (size_t)n != len)
		return -ERR_IO;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0')
			text[i] = '\n';
	text[len] = '\0';
	return 0;
}

/* Whether the first line that begins behind offset is older than an hour; false
 * as well if there is none near that says. */
static bool
is_old_at(int fd, off_t offset, off_t size, int64_t now)
{
	char text[PROBE_BYTES + 1];
	size_t len =
	    size - offset < PROBE_BYTES ? (size_t)(size - offset) : PROBE_BYTES;
	int64_t time;

	if (read_text(text, fd, offset, len) != 0)
		return false;
	for (char *at = text; (at = strchr(at, '\n')) != NULL;)
		if (line_time(&time, ++at) == 0)
			return time <= now - HOUR_S;
	return false;
}

/* Where the last hour begins, or a little before. Times rise but where the
 * clock was set; the end is looked at whatever it says. */
static off_t
find_hour(int fd, off_t size, int64_t now)
{
	off_t low = 0, high = size;

	while (high - low > PROBE_BYTES) {
		off_t middle = low + (high - low) / 2;

		if (is_old_at(fd, middle, size, now))
			low = middle;
		else
			high = middle;
	}
	return low > size - ISSUE_LOG_TAIL_BYTES
		   ? (size > ISSUE_LOG_TAIL_BYTES ? size - ISSUE_LOG_TAIL_BYTES
						  : 0)
		   : low;
}

static void
count_lines(uint32_t *counts, size_t n, char *text, int64_t now)
{
	char *next;

	/* A first line that is cut off has no time in front, and is left. */
	for (char *line = text; line != NULL; line = next) {
		const struct profile *profile;

		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		profile = recent_profile(line, now);
		if (profile != NULL && (size_t)profile->id < n)
			counts[profile->id]++;
	}
}

/* What the last counted octets have, for all of them, rounded up. */
static void
scale(uint32_t *counts, size_t n, off_t all, off_t counted)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t whole = ((uint64_t)counts[i] * (uint64_t)all +
				     (uint64_t)counted - 1) /
				 (uint64_t)counted;

		counts[i] = whole < UINT32_MAX ? (uint32_t)whole : UINT32_MAX;
	}
}

static int
count_from(uint32_t *counts, size_t n, int fd, off_t size)
{
	int64_t now = clock_now();
	off_t from = find_hour(fd, size, now), all = size - from;
	off_t counted =
	    all < ISSUE_LOG_COUNT_BYTES ? all : ISSUE_LOG_COUNT_BYTES;
	AUTOFREE char *text = malloc((size_t)counted + 1);
	int err = text != NULL
		      ? read_text(text, fd, size - counted, (size_t)counted)
		      : -ERR_NOMEM;

	if (err != 0)
		return err;
	count_lines(counts, n, text, now);
	if (counted < all)
		scale(counts, n, all, counted);
	return 0;
}

int
issue_log_recent(const char *ca_dir, uint32_t *counts, size_t n)
{
	char path[PATH_MAX];
	struct stat st;
	int err = path_of(path, ca_dir);
	int fd CLEANUP(closep) = err == 0 ? open_log(path, O_RDONLY) : -1;

	if (err != 0)
		return err;
	memset(counts, 0, n * sizeof(*counts));
	if (fd < 0 || fstat(fd, &st) != 0)
		return -ERR_IO;
	return count_from(counts, n, fd, st.st_size);
}

/* --- certificates --- */

static int
format_line(struct buf *line, const struct profile *profile,
    const struct cert_outline *info, struct bytes cert_der)
{
	char when[RFC3339_LEN], hex[2 * SHA256_LEN + 1];
	char subject[SUBJECT_QUOTED_MAX];
	uint8_t digest[SHA256_LEN];
	int err = sha256(digest, cert_der);

	if (err != 0)
		return err;
	rfc3339_format(when, clock_now());
	hex_encode(hex, (struct bytes){digest, sizeof(digest)});
	buf_printf(line, "%s serial=%s profile=%s sha256=%s subject=%s\n", when,
	    info->serial, profile->name, hex,
	    log_quote(subject, sizeof(subject), info->subject));
	return buf_status(line);
}

static int
append(struct issue_log *log, const struct buf *line)
{
	size_t done = 0;

	while (done < line->len) {
		ssize_t n = write(log->fd, line->data + done, line->len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			log->torn = log->torn || done > 0;
			return -ERR_IO;
		}
		done += (size_t)n;
	}
	log->torn = false;
	return 0;
}

int
issue_log_add(struct issue_log *log, const struct profile *profile,
    struct bytes cert_der, struct reason *why)
{
	struct buf line CLEANUP(buf_fini) = {.max = LINE_MAX_BYTES};
	struct cert_outline outline;
	int err = cert_outline_parse(&outline, cert_der, why);

	/* A line of its own for each, whatever a full disk left behind. */
	if (err == 0 && log->torn)
		buf_adds(&line, "\n");
	if (err == 0)
		err = format_line(&line, profile, &outline, cert_der);
	if (err == 0)
		err = append(log, &line);
	return err == 0 ? 0
			: reason_set(why, err,
			      "the signer's log of issued certificates cannot "
			      "be written");
}

/* --- checkpoints --- */

/* "TIME checkpoint=COUNTER last_id=ROW head=HEX", exactly. */
static int
parse_checkpoint(struct checkpoint *out, const char *line)
{
	struct checkpoint c = {.counter = 0};
	char when[RFC3339_LEN], counter[24], last_id[24];
	char head[2 * SHA256_LEN + 1], rest;

	if (sscanf(line,
		"%20s checkpoint=%20[0-9] last_id=%20[0-9] head=%64[0-9a-f]%c",
		when, counter, last_id, head, &rest) != 4 ||
	    rfc3339_parse(&c.at, when) != 0 ||
	    parse_number(&c.counter, counter, INT64_MAX) != 0 ||
	    parse_number(&c.last_id, last_id, INT64_MAX) != 0 ||
	    hex_decode(c.head, sizeof(c.head), head) != 0)
		return -ERR_INVALID;
	*out = c;
	return 0;
}

/* The last one of the whole lines in text. 1 found, 0 not. */
static int
last_in(struct checkpoint *out, char *text)
{
	int found = 0;
	char *end;

	for (char *line = text; (end = strchr(line, '\n')) != NULL;
	     line = end + 1) {
		*end = '\0';
		if (parse_checkpoint(out, line) == 0)
			found = 1;
	}
	return found;
}

/* Pieces overlap by more than a line, so that no line is cut in all of them. */
static int
search_back(struct checkpoint *out, int fd, off_t end)
{
	AUTOFREE char *text = malloc(ISSUE_LOG_TAIL_BYTES + 1);
	int found = 0;

	if (text == NULL)
		return -ERR_NOMEM;
	while (found == 0 && end > 0) {
		off_t start =
		    end > ISSUE_LOG_TAIL_BYTES ? end - ISSUE_LOG_TAIL_BYTES : 0;
		int err = read_text(text, fd, start, (size_t)(end - start));

		if (err != 0)
			return err;
		found = last_in(out, text);
		end = start > 0 ? start + LINE_MAX_BYTES : 0;
	}
	return 0;
}

int
issue_log_last_checkpoint(struct checkpoint *out, const char *ca_dir)
{
	char path[PATH_MAX];
	struct stat st;
	int err = path_of(path, ca_dir);
	int fd CLEANUP(closep) = err == 0 ? open_log(path, O_RDONLY) : -1;

	if (err != 0)
		return err;
	memset(out, 0, sizeof(*out));
	if (fd < 0 || fstat(fd, &st) != 0)
		return -ERR_IO;
	return search_back(out, fd, st.st_size);
}

int
issue_log_add_checkpoint(struct issue_log *log,
    const struct checkpoint *checkpoint, struct reason *why)
{
	struct buf line CLEANUP(buf_fini) = {.max = LINE_MAX_BYTES};
	char when[RFC3339_LEN], head[2 * SHA256_LEN + 1];
	int err;

	rfc3339_format(when, checkpoint->at);
	hex_encode(
	    head, (struct bytes){checkpoint->head, sizeof(checkpoint->head)});
	buf_printf(&line, "%s%s checkpoint=%lld last_id=%lld head=%s\n",
	    log->torn ? "\n" : "", when, (long long)checkpoint->counter,
	    (long long)checkpoint->last_id, head);
	err = buf_status(&line);
	if (err == 0)
		err = append(log, &line);
	if (err == 0 && fdatasync(log->fd) != 0)
		err = -ERR_IO;
	return err == 0 ? 0
			: reason_set(why, err,
			      "the signer's log cannot be written, so its "
			      "counter does not rise");
}
