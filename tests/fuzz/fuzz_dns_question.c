/* A name to ask for, as text with its escapes; the reply to its own query is
 * not taken for one. */
#include <string.h>

#include "base/str.h"
#include "client/dns_message.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOFREE char *name = fuzz_text((struct bytes){data, size});
	struct blob query CLEANUP(blob_fini) = {0};
	struct dns_question question;
	struct dns_answer answer;
	struct reason why = {""};
	int err = dns_question_set(&question, name, DNS_TYPE_A);

	FUZZ_CHECK(err == 0 || err == -ERR_INVALID);
	if (err != 0)
		return 0;
	FUZZ_CHECK(str_is_printable(question.name));
	FUZZ_CHECK(dns_query_build(&query, &question, 7) == 0);
	FUZZ_CHECK(query.len % DNS_PADDING_BLOCK == 0);
	FUZZ_CHECK(dns_reply_parse(&answer, blob_bytes(&query), &question, 7,
		       &why) == -ERR_INVALID);
	/* With QR set it is an empty one. */
	query.data[2] |= 0x80;
	FUZZ_CHECK(dns_reply_parse(
		       &answer, blob_bytes(&query), &question, 7, &why) == 0);
	FUZZ_CHECK(answer.rcode == 0 && answer.n_addresses == 0);
	return 0;
}
