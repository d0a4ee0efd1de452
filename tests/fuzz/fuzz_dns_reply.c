/* The reply of an encrypted resolver to one question for each type. */
#include "client/dns_message.h"
#include "tests/fuzz/fuzz.h"

#define QUERY_ID 0x1234

static void
check_type(uint16_t type, struct bytes wire)
{
	struct dns_question question;
	struct dns_answer answer;
	struct reason why = {""};
	int err;

	FUZZ_CHECK(dns_question_set(&question, "www.example.net", type) == 0);
	err = dns_reply_parse(&answer, wire, &question, QUERY_ID, &why);
	fuzz_check_refusal(err, &why);
	if (err != 0)
		return;
	FUZZ_CHECK(answer.rcode >= 0 && answer.rcode < 4096);
	FUZZ_CHECK(dns_rcode_text(answer.rcode)[0] != '\0');
	FUZZ_CHECK(answer.n_addresses <= DNS_ADDRESSES_MAX);
	for (size_t i = 0; i < answer.n_addresses; i++)
		FUZZ_CHECK(
		    answer.addresses[i].len == (type == DNS_TYPE_A ? 4 : 16));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_type(DNS_TYPE_A, (struct bytes){data, size});
	check_type(DNS_TYPE_AAAA, (struct bytes){data, size});
	return 0;
}
