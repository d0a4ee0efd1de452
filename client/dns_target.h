/* Asking one encrypted resolver at one address; DoT and DoH have the same
 * shape. */
#ifndef CLIENT_DNS_TARGET_H
#define CLIENT_DNS_TARGET_H

#include "client/dns_message.h"
#include "client/judge.h"

#define DNS_CONNECT_TIMEOUT_MS 3000
#define DNS_TIMEOUT_MS 5000 /* handshake, and each question */

struct dns_target {
	const char *adn;
	const char *dohpath; /* DoH only */
	struct sockaddr_storage address;
};

/* Connects with SNI = ADN, has the certificate judged within the handshake,
 * and asks the n questions. -ERR_REFUSED with the failed check (the target must
 * not be used), -ERR_INVALID for an unusable reply, -ERR_UNREACHABLE,
 * -ERR_TIMEOUT, -ERR_CLOSED. */
typedef int (*dns_ask_fn)(struct dns_answer *answers,
    const struct dns_target *target, struct judge *judge,
    const struct dns_question *questions, size_t n, struct reason *why);

/* RFC 7858. */
int dot_ask(struct dns_answer *answers, const struct dns_target *target,
    struct judge *judge, const struct dns_question *questions, size_t n,
    struct reason *why) NODISCARD;

/* RFC 8484, GET, over HTTP/2 where the server has it. */
int doh_ask(struct dns_answer *answers, const struct dns_target *target,
    struct judge *judge, const struct dns_question *questions, size_t n,
    struct reason *why) NODISCARD;

#endif
