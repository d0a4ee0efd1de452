/* DNS messages (RFC 1035) for the few questions that the endpoint asks its
 * encrypted resolvers. */
#ifndef CLIENT_DNS_MESSAGE_H
#define CLIENT_DNS_MESSAGE_H

#include "base/addr.h"
#include "base/buf.h"

#define DNS_NAME_TEXT_MAX 256
#define DNS_ADDRESSES_MAX 8
#define DNS_MESSAGE_MAX 65535
#define DNS_PADDING_BLOCK 128 /* RFC 8467 4.1 */

#define DNS_TYPE_A 1
#define DNS_TYPE_AAAA 28

#define DNS_RCODE_SERVFAIL 2
#define DNS_RCODE_REFUSED 5

struct dns_question {
	char name[DNS_NAME_TEXT_MAX]; /* without the final dot */
	uint16_t type;
};

struct dns_answer {
	int rcode; /* with its extended bits, RFC 6891 6.1.3 */
	struct ip_addr addresses[DNS_ADDRESSES_MAX];
	size_t n_addresses; /* more than fit are left out */
};

/* A question's name and type; -ERR_INVALID for a name that is none. */
int dns_question_set(
    struct dns_question *out, const char *name, uint16_t type) NODISCARD;

/* A query in wire form, recursion desired, padded to whole blocks (RFC 7830,
 * RFC 8467). */
int dns_query_build(struct blob *out, const struct dns_question *question,
    uint16_t id) NODISCARD;

/* Reads the reply to the query with this id: refuses what is not a complete
 * reply to this very question. */
int dns_reply_parse(struct dns_answer *out, struct bytes wire,
    const struct dns_question *question, uint16_t id,
    struct reason *why) NODISCARD;

/* "A" or "AAAA". */
const char *dns_type_text(uint16_t type);
/* "NOERROR", "SERVFAIL", or "RCODE" for one without a name. */
const char *dns_rcode_text(int rcode);

#endif
