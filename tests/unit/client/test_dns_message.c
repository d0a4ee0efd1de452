#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "client/dns_message.h"

#define QUESTION_END 29 /* header of 12, name of 13, type and class */

/* A reply to "example.net A" with id 0x1234: 192.0.2.7. */
static const uint8_t reply[] = {0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0,
    7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'n', 'e', 't', 0, 0, 1, 0, 1, 0xc0,
    0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7};

static void
ask(struct dns_question *out, const char *name, uint16_t type)
{
	assert_int_equal(0, dns_question_set(out, name, type));
}

static int
parse(const uint8_t *wire, size_t len, struct dns_answer *out)
{
	struct dns_question question;
	struct reason why;

	ask(&question, "example.NET.", DNS_TYPE_A);
	return dns_reply_parse(
	    out, (struct bytes){wire, len}, &question, 0x1234, &why);
}

/* Every length of a name: whole blocks (RFC 8467 4.1). */
static void
test_queries_are_padded(void **state)
{
	char name[200] = "";

	(void)state;
	for (int i = 0; i < 90; i++) {
		struct dns_question question;
		struct blob wire = {0};

		strcat(name, i % 2 == 0 ? "a" : ".");
		ask(&question, name, DNS_TYPE_AAAA);
		assert_int_equal(0, dns_query_build(&wire, &question, 0xabcd));
		assert_int_equal(0, wire.len % DNS_PADDING_BLOCK);
		assert_int_equal(0xab, wire.data[0]);
		assert_int_equal(0xcd, wire.data[1]);
		assert_int_equal(0x01, wire.data[2]); /* RD only */
		blob_fini(&wire);
	}
}

static void
test_names(void **state)
{
	static const char *const bad[] = {"", ".", "..", "a..", "a..b", "a b",
	    "caf\xc3\xa9",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	struct dns_question question;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(-ERR_INVALID,
		    dns_question_set(&question, bad[i], DNS_TYPE_A));
	ask(&question, "_dns.example.net", DNS_TYPE_A);
}

static void
test_reply(void **state)
{
	struct dns_answer answer;
	char ip[IP_TEXT_MAX];

	(void)state;
	assert_int_equal(0, parse(reply, sizeof(reply), &answer));
	assert_int_equal(0, answer.rcode);
	assert_int_equal(1, answer.n_addresses);
	ip_format(ip, &answer.addresses[0]);
	assert_string_equal("192.0.2.7", ip);
}

static void
test_foreign_replies_refused(void **state)
{
	/* Offset and value of what makes it another's. */
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = {{0, 0x13}, {2, 0x01}, {2, 0x83}, {2, 0xa1}, {5, 0},
	    {13, 'x'}, {QUESTION_END - 3, 28}, {QUESTION_END - 1, 3}};
	uint8_t copy[sizeof(reply)];
	struct dns_answer answer;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		memcpy(copy, reply, sizeof(reply));
		copy[changes[i].at] = changes[i].value;
		assert_int_equal(
		    -ERR_INVALID, parse(copy, sizeof(copy), &answer));
	}
	for (size_t len = 0; len < sizeof(reply); len++)
		assert_int_equal(-ERR_INVALID, parse(reply, len, &answer));
}

static void
test_rcode(void **state)
{
	uint8_t copy[sizeof(reply)];
	struct dns_answer answer;

	(void)state;
	memcpy(copy, reply, sizeof(reply));
	copy[3] |= 2;
	assert_int_equal(0, parse(copy, sizeof(copy), &answer));
	assert_int_equal(DNS_RCODE_SERVFAIL, answer.rcode);
	assert_string_equal("SERVFAIL", dns_rcode_text(answer.rcode));
	assert_string_equal("RCODE", dns_rcode_text(3000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_queries_are_padded),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_reply),
	    cmocka_unit_test(test_foreign_replies_refused),
	    cmocka_unit_test(test_rcode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
