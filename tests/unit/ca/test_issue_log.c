#include "tests/unit/cmocka.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "ca/issue_log.h"
#include "tests/unit/ca/craft.h"

#define N_PROFILES 16

struct fixture {
	char dir[64], path[128];
	struct issue_log log;
	struct crafted cert;
	const struct profile *profile;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct craft craft = {
	    .cn = "a \"quoted\" name profile=est-server"};

	strcpy(f->dir, "/tmp/estuary-issue-log-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/%s", f->dir, ISSUE_LOG_FILE);
	craft_cert(&f->cert, &craft);
	f->profile = profile_get(PROFILE_DNS_SERVER);
	assert_int_equal(0, issue_log_open(&f->log, f->dir, NULL));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	clock_set_offset(0);
	issue_log_close(&f->log);
	unlink(f->path);
	rmdir(f->dir);
	crafted_fini(&f->cert);
	free(f);
	return 0;
}

static void
add(struct fixture *f)
{
	assert_int_equal(0,
	    issue_log_add(&f->log, f->profile, blob_bytes(&f->cert.der), NULL));
}

static void
reopen(struct fixture *f)
{
	issue_log_close(&f->log);
	assert_int_equal(0, issue_log_open(&f->log, f->dir, NULL));
}

static struct blob
content(struct fixture *f)
{
	struct blob text = {0};

	assert_int_equal(0, file_read(&text, f->path, 16 * 1024 * 1024));
	return text;
}

static void
test_line(void **state)
{
	struct fixture *f = *state;
	struct blob text;
	struct cert_info info;
	struct stat st;
	char when[RFC3339_LEN], sha256[65], wanted[1024];

	assert_int_equal(0, cert_parse(&info, blob_bytes(&f->cert.der), NULL));
	clock_set_offset(INT64_C(1000000000) - clock_now());
	add(f);
	rfc3339_format(when, 1000000000);
	hex_encode(sha256, (struct bytes){info.sha256, sizeof(info.sha256)});
	snprintf(wanted, sizeof(wanted),
	    "%s serial=1267 profile=dns-server sha256=%s "
	    "subject=\"CN=a \\x5c\\x22quoted\\x5c\\x22 name "
	    "profile=est-server\"\n",
	    when, sha256);
	text = content(f);
	assert_string_equal(wanted, (const char *)text.data);
	blob_fini(&text);
	assert_int_equal(0, stat(f->path, &st));
	assert_int_equal(0600, st.st_mode & 07777);
}

static void
test_appends(void **state)
{
	struct fixture *f = *state;
	struct blob text;
	size_t n = 0;

	add(f);
	reopen(f);
	add(f);
	/* Whoever else has it open does not make it overwrite. */
	assert_int_equal(0, lseek(f->log.fd, 0, SEEK_SET));
	add(f);
	text = content(f);
	for (size_t i = 0; i < text.len; i++)
		n += text.data[i] == '\n';
	assert_int_equal(3, n);
	blob_fini(&text);
}

/* What a crash cut off stays alone on its line. */
static void
test_torn_line(void **state)
{
	struct fixture *f = *state;
	struct blob text;

	assert_int_equal(4, write(f->log.fd, "2026", 4));
	reopen(f);
	add(f);
	add(f);
	text = content(f);
	assert_memory_equal("2026\n", text.data, 5);
	assert_null(strstr((const char *)text.data, "\n\n"));
	blob_fini(&text);
}

static void
count(struct fixture *f, uint32_t wanted)
{
	uint32_t counts[N_PROFILES] = {0};

	assert_int_equal(
	    0, issue_log_recent(f->dir, counts, ARRAY_LEN(counts)));
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		assert_int_equal(
		    i == PROFILE_DNS_SERVER ? wanted : 0, counts[i]);
}

static void
test_recent(void **state)
{
	static const char odd[] = "\nnot a line\n profile=dns-server\n"
				  "2026-11-21T18:00:00Z profile=nobody\n";
	struct fixture *f = *state;

	count(f, 0);
	clock_set_offset(-7200);
	add(f);
	clock_set_offset(7200);
	add(f);
	clock_set_offset(0);
	count(f, 0);
	add(f);
	add(f);
	assert_int_equal(
	    sizeof(odd) - 1, write(f->log.fd, odd, sizeof(odd) - 1));
	add(f);
	reopen(f);
	count(f, 3);
}

/* A line that a full disk cut off was not handed out, and takes nothing from
 * those who come when there is room again. */
static void
test_recent_leaves_torn_lines(void **state)
{
	struct fixture *f = *state;
	char when[RFC3339_LEN], torn[256];

	rfc3339_format(when, clock_now());
	for (int i = 0; i < 3; i++) {
		snprintf(torn, sizeof(torn),
		    "%s serial=1267 profile=dns-server sha256=00%s\n", when,
		    i == 0 ? "" : " subject=\"CN=");
		assert_int_equal(
		    strlen(torn), write(f->log.fd, torn, strlen(torn)));
	}
	add(f);
	reopen(f);
	count(f, 1);
}

/* What is no line at all hides none before it. */
static void
test_recent_across_rubbish(void **state)
{
	struct fixture *f = *state;
	static char filler[2 * 1024 * 1024];

	add(f);
	memset(filler, 'x', sizeof(filler));
	assert_int_equal(
	    sizeof(filler), write(f->log.fd, filler, sizeof(filler)));
	reopen(f);
	add(f);
	count(f, 2);
}

/* So many lines as the signer writes them, age_s old. */
static void
write_lines(struct fixture *f, int64_t age_s, const char *profile, size_t n)
{
	char when[RFC3339_LEN], line[256];
	FILE *file = fopen(f->path, "ae");

	assert_non_null(file);
	rfc3339_format(when, clock_now() - age_s);
	snprintf(line, sizeof(line),
	    "%s serial=00 profile=%s sha256=%064d subject=\"CN=some\"\n", when,
	    profile, 0);
	for (size_t i = 0; i < n; i++)
		assert_true(fputs(line, file) >= 0);
	assert_int_equal(0, fclose(file));
}

/* More than the end of the file that is always looked at, less than what is
 * counted: exact, behind any number of older ones. */
static void
test_recent_of_a_busy_hour(void **state)
{
	struct fixture *f = *state;

	write_lines(f, 9000, "dns-server", 50000);
	write_lines(f, 3700, "dns-server", 50000);
	write_lines(f, 3500, "dns-server", 7000);
	write_lines(f, 1, "dns-server", 8001);
	count(f, 15001);
}

/* What stands there in place of a line does not mislead the search. */
static void
test_recent_behind_torn_parts(void **state)
{
	struct fixture *f = *state;
	static char junk[300000], zeros[300000];

	memset(junk, 'x', sizeof(junk));
	write_lines(f, 3700, "dns-server", 20000);
	assert_int_equal(sizeof(junk), write(f->log.fd, junk, sizeof(junk)));
	write_lines(f, 3700, "dns-server", 1);
	write_lines(f, 3650, "dns-server", 5000);
	write_lines(f, 3500, "dns-server", 5000);
	assert_int_equal(sizeof(zeros), write(f->log.fd, zeros, sizeof(zeros)));
	write_lines(f, 10, "dns-server", 6000);
	count(f, 11000);
}

/* Of a longer hour the beginning is estimated: never less than there is when
 * all are alike, and hardly more. */
static void
test_recent_of_a_longer_hour(void **state)
{
	struct fixture *f = *state;
	uint32_t counts[N_PROFILES] = {0};

	write_lines(f, 7200, "endpoint", 30000);
	write_lines(f, 3000, "endpoint", 100000);
	assert_int_equal(
	    0, issue_log_recent(f->dir, counts, ARRAY_LEN(counts)));
	assert_in_range(counts[PROFILE_ENDPOINT], 100000, 100100);
	assert_int_equal(0, counts[PROFILE_DNS_SERVER]);
}

static void
add_checkpoint(struct fixture *f, int64_t counter)
{
	const struct checkpoint c = {
	    .counter = counter, .last_id = 1, .at = clock_now()};

	assert_int_equal(0, issue_log_add_checkpoint(&f->log, &c, NULL));
}

/* A counter is never given again: it is found however far back it is, and
 * behind the zeros that a crash left in the file. */
static void
test_last_checkpoint(void **state)
{
	static const char zeros[5000];
	struct fixture *f = *state;
	struct checkpoint last;

	assert_int_equal(0, issue_log_last_checkpoint(&last, f->dir));
	assert_int_equal(0, last.counter);
	add_checkpoint(f, 7);
	write_lines(f, 10, "endpoint", 20000);
	assert_int_equal(0, issue_log_last_checkpoint(&last, f->dir));
	assert_int_equal(7, last.counter);
	assert_int_equal(sizeof(zeros), write(f->log.fd, zeros, sizeof(zeros)));
	reopen(f);
	add_checkpoint(f, 8);
	assert_int_equal(0, issue_log_last_checkpoint(&last, f->dir));
	assert_int_equal(8, last.counter);
}

static void
test_full_disk_refused(void **state)
{
	struct fixture *f = *state;
	struct reason why = {""};
	struct rlimit limit = {100, RLIM_INFINITY}, before;
	struct blob text;

	assert_int_equal(0, getrlimit(RLIMIT_FSIZE, &before));
	limit.rlim_max = before.rlim_max;
	assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &limit));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(-ERR_IO,
	    issue_log_add(&f->log, f->profile, blob_bytes(&f->cert.der), &why));
	assert_non_null(strstr(why.text, "cannot be written"));
	assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &before));
	/* The part that fitted stays alone on its line. */
	add(f);
	text = content(f);
	assert_int_equal('\n', text.data[100]);
	assert_int_equal('\n', text.data[text.len - 1]);
	blob_fini(&text);
}

static void
test_odd_places_refused(void **state)
{
	struct fixture *f = *state;
	struct issue_log log;
	struct reason why = {""};

	assert_int_equal(-ERR_IO, issue_log_open(&log, "/nonexistent", &why));
	assert_non_null(strstr(why.text, "/nonexistent"));
	issue_log_close(&f->log);
	unlink(f->path);
	assert_int_equal(0, symlink("/dev/null", f->path));
	assert_int_equal(-ERR_IO, issue_log_open(&log, f->dir, &why));
	unlink(f->path);
	assert_int_equal(0, mkfifo(f->path, 0600));
	assert_int_equal(-ERR_IO, issue_log_open(&log, f->dir, &why));
	assert_int_equal(-1, log.fd);
}

#define LOG_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    LOG_TEST(test_line),
	    LOG_TEST(test_appends),
	    LOG_TEST(test_torn_line),
	    LOG_TEST(test_recent),
	    LOG_TEST(test_recent_leaves_torn_lines),
	    LOG_TEST(test_recent_across_rubbish),
	    LOG_TEST(test_recent_of_a_busy_hour),
	    LOG_TEST(test_recent_behind_torn_parts),
	    LOG_TEST(test_recent_of_a_longer_hour),
	    LOG_TEST(test_last_checkpoint),
	    LOG_TEST(test_full_disk_refused),
	    LOG_TEST(test_odd_places_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
