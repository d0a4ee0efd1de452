#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/buf.h"

static void
test_additions(void **state)
{
	struct buf b = {0};

	(void)state;
	assert_string_equal("", buf_text(&b));
	assert_int_equal(0, buf_add(&b, NULL, 0));
	assert_int_equal(0, buf_adds(&b, "ab"));
	assert_int_equal(0, buf_add(&b, "\0c", 2));
	assert_int_equal(0, buf_printf(&b, "%d%s", 42, "x"));
	assert_int_equal(7, b.len);
	assert_memory_equal("ab\0c42x", b.data, 8); /* with the NUL behind */
	buf_fini(&b);
	assert_null(b.data);
	buf_fini(&b);
}

static void
test_wipe(void **state)
{
	struct buf b = {0};
	struct blob blob = {0};

	(void)state;
	buf_wipe(&b);
	blob_wipe(&blob);
	assert_int_equal(0, buf_adds(&b, "secret"));
	assert_int_equal(
	    0, blob_copy(&blob, (struct bytes){(uint8_t *)b.data, b.len}));
	buf_wipe(&b);
	blob_wipe(&blob);
	assert_null(b.data);
	assert_int_equal(0, b.len);
	assert_null(blob.data);
	assert_int_equal(0, blob.len);
}

static void
test_growth(void **state)
{
	struct buf b = {0};
	char chunk[100];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		memset(chunk, 'a' + i % 26, sizeof(chunk));
		assert_int_equal(0, buf_add(&b, chunk, sizeof(chunk)));
	}
	assert_int_equal(100000, b.len);
	assert_int_equal('\0', b.data[b.len]);
	for (size_t i = 0; i < b.len; i++)
		assert_int_equal('a' + i / 100 % 26, b.data[i]);
	buf_fini(&b);
}

static void
test_exactly_max_and_no_more(void **state)
{
	struct buf b = {.max = 4};

	(void)state;
	assert_int_equal(0, buf_adds(&b, "1234"));
	assert_int_equal(0, buf_adds(&b, ""));
	assert_int_equal(0, buf_status(&b));
	assert_int_equal(-ERR_TOO_LARGE, buf_adds(&b, "5"));
	assert_string_equal("1234", buf_text(&b));
	buf_fini(&b);
}

static void
test_max_holds_for_printf(void **state)
{
	struct buf b = {.max = 4};

	(void)state;
	assert_int_equal(-ERR_TOO_LARGE, buf_printf(&b, "%s", "12345"));
	assert_int_equal(0, b.len);
	buf_fini(&b);
}

static void
test_huge_length_refused(void **state)
{
	struct buf b = {0};

	(void)state;
	assert_int_equal(-ERR_TOO_LARGE, buf_add(&b, "x", SIZE_MAX));
	buf_fini(&b);
	assert_int_equal(-ERR_TOO_LARGE, buf_add(&b, "x", BUF_MAX_BYTES + 1));
	assert_null(b.data);
	buf_fini(&b);
}

/* The first failure is the one that is reported in the end, so that a caller
 * can tell "too large" from "out of memory". */
static void
test_failure_sticks(void **state)
{
	struct buf b = {.max = 4};

	(void)state;
	assert_int_equal(0, buf_adds(&b, "123"));
	assert_int_equal(-ERR_TOO_LARGE, buf_adds(&b, "45"));
	assert_int_equal(-ERR_TOO_LARGE, buf_adds(&b, "4"));
	assert_int_equal(-ERR_TOO_LARGE, buf_printf(&b, "4"));
	assert_int_equal(-ERR_TOO_LARGE, buf_status(&b));
	buf_fini(&b);
	assert_int_equal(0, buf_status(&b));
}

static void
test_blob_copy(void **state)
{
	const uint8_t data[] = {1, 2, 3};
	struct blob a = {0}, empty = {0};

	(void)state;
	assert_int_equal(0, blob_copy(&a, (struct bytes){data, 3}));
	assert_true(bytes_equal(blob_bytes(&a), (struct bytes){data, 3}));
	assert_false(bytes_equal(blob_bytes(&a), (struct bytes){data, 2}));
	a.data[2] = 4;
	assert_false(bytes_equal(blob_bytes(&a), (struct bytes){data, 3}));
	assert_int_equal(3, data[2]);
	assert_int_equal(0, blob_copy(&empty, (struct bytes){NULL, 0}));
	assert_int_equal(0, empty.len);
	assert_true(bytes_equal(blob_bytes(&empty), (struct bytes){NULL, 0}));
	blob_fini(&a);
	assert_null(a.data);
	blob_fini(&a);
	blob_fini(&empty);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_additions),
	    cmocka_unit_test(test_wipe),
	    cmocka_unit_test(test_growth),
	    cmocka_unit_test(test_exactly_max_and_no_more),
	    cmocka_unit_test(test_max_holds_for_printf),
	    cmocka_unit_test(test_huge_length_refused),
	    cmocka_unit_test(test_failure_sticks),
	    cmocka_unit_test(test_blob_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
