#include "tests/unit/cmocka.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* Standard error goes into a pipe for the length of one event. */
static void
capture(char *out, size_t size, enum log_level level, const char *text)
{
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(0, pipe2(ends, O_CLOEXEC | O_NONBLOCK));
	dup2(ends[1], STDERR_FILENO);
	log_event(level, "tested", "text=%s", text);
	dup2(saved, STDERR_FILENO);
	n = read(ends[0], out, size - 1);
	out[n > 0 ? n : 0] = '\0';
	close(ends[0]);
	close(ends[1]);
	close(saved);
}

static void
test_one_line_an_event(void **state)
{
	char line[4096], text[3000];

	(void)state;
	capture(line, sizeof(line), LOG_LEVEL_WARN, "x");
	assert_string_equal(" warn  tested text=x\n", line + 20);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	capture(line, sizeof(line), LOG_LEVEL_WARN, text);
	assert_true(strlen(line) < 1100);
	assert_ptr_equal(line + strlen(line) - 1, strchr(line, '\n'));
}

static void
test_level(void **state)
{
	char line[4096];

	(void)state;
	capture(line, sizeof(line), LOG_LEVEL_DEBUG, "x");
	assert_string_equal("", line);
	log_set_level(LOG_LEVEL_ERROR);
	capture(line, sizeof(line), LOG_LEVEL_WARN, "x");
	assert_string_equal("", line);
	capture(line, sizeof(line), LOG_LEVEL_ERROR, "x");
	assert_string_equal(" error tested text=x\n", line + 20);
	log_set_level(LOG_LEVEL_DEBUG);
	capture(line, sizeof(line), LOG_LEVEL_DEBUG, "x");
	assert_string_equal(" debug tested text=x\n", line + 20);
	log_set_level(LOG_LEVEL_INFO);
}

static void
test_quote(void **state)
{
	char out[64];

	(void)state;
	assert_string_equal(
	    "\"plain text\"", log_quote(out, sizeof(out), "plain text"));
	assert_string_equal("\"a\\x0ab\\x22c\\x5c\\xff\\x1b\"",
	    log_quote(out, sizeof(out), "a\nb\"c\\\xff\x1b"));
	assert_string_equal("\"\"", log_quote(out, sizeof(out), ""));
}

/* Cut to fit at every size, with both quotes and never beyond the end. */
static void
test_quote_cut(void **state)
{
	char out[40];

	(void)state;
	for (size_t size = 8; size < sizeof(out); size++) {
		memset(out, '!', sizeof(out));
		log_quote(out, size, "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n");
		assert_true(strlen(out) < size);
		assert_int_equal('"', out[0]);
		assert_int_equal('"', out[strlen(out) - 1]);
		assert_int_equal('!', out[size]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_line_an_event),
	    cmocka_unit_test(test_level),
	    cmocka_unit_test(test_quote),
	    cmocka_unit_test(test_quote_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
