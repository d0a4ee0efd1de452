#include "client/check.h"

#include <string.h>

#include "client/net.h"

#define TARGETS_MAX 16

struct targets {
	struct dns_target items[TARGETS_MAX];
	size_t n;
};

static void
add_target(struct targets *targets, const struct resolver *resolver,
    const struct ip_addr *ip)
{
	struct dns_target *target = &targets->items[targets->n];

	if (targets->n == TARGETS_MAX)
		return;
	target->adn = resolver->adn;
	target->dohpath = resolver->dohpath;
	net_sockaddr(&target->address, ip, resolver->port);
	for (size_t i = 0; i < targets->n; i++)
		if (memcmp(&targets->items[i].address, &target->address,
			sizeof(target->address)) == 0)
			return;
	targets->n++;
}

/* The stored addresses of every certificate's entry of this service, those of
 * the next certificates last. */
static void
add_stored(struct targets *targets, const struct resolver_set *set,
    const struct resolver *service, bool next)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct resolver *r = &set->items[i];

		if (!resolver_is(r, service->adn, service->label) ||
		    (strcmp(r->state, "next") == 0) != next)
			continue;
		for (size_t k = 0; k < r->n_addresses; k++)
			add_target(targets, r, &r->addresses[k]);
	}
}

/* RFC 8310 7.2: the ADN's addresses may come from any DNS, since the
 * certificate is what counts. */
static int
find_targets(struct targets *targets, const struct resolver_set *set,
    const struct resolver *service, struct reason *why)
{
	struct ip_addr ips[NET_LOOKUP_MAX];
	size_t n = 0;
	int err;

	add_stored(targets, set, service, false);
	add_stored(targets, set, service, true);
	if (targets->n > 0)
		return 0;
	err = net_lookup(ips, &n, service->adn, why);
	for (size_t i = 0; i < n; i++)
		add_target(targets, service, &ips[i]);
	return err;
}

static enum check_outcome
answers_outcome(struct check_line *line)
{
	for (size_t i = 0; i < CHECK_QUESTIONS; i++) {
		int rcode = line->answers[i].rcode;

		if (rcode != DNS_RCODE_SERVFAIL && rcode != DNS_RCODE_REFUSED)
			continue;
		reason_set(&line->why, 0, "the resolver answers %s",
		    dns_rcode_text(rcode));
		return CHECK_NO_ANSWER;
	}
	return CHECK_OK;
}

/* Tries the targets in turn. A failed security check ends it: nothing else is
 * tried in its place, least of all clear text. */
static void
check_service(
    struct check_line *line, const struct targets *targets, struct judge *judge)
{
	bool doh = strcmp(line->resolver->label, LABEL_DOH) == 0;
	dns_ask_fn ask = doh ? doh_ask : dot_ask;

	line->outcome = CHECK_UNREACHABLE;
	for (size_t i = 0; i < targets->n; i++) {
		const struct dns_target *target = &targets->items[i];
		int err;

		endpoint_format(line->endpoint, (const void *)&target->address);
		err = ask(line->answers, target, judge, line->questions,
		    CHECK_QUESTIONS, &line->why);
		if (err == 0) {
			line->outcome = answers_outcome(line);
			return;
		}
		if (err == -ERR_REFUSED) {
			line->outcome = CHECK_REFUSED;
			return;
		}
	}
}

static bool
is_listed(const struct check_report *report, const struct resolver *resolver)
{
	for (size_t i = 0; i < report->n; i++)
		if (resolver_is(report->items[i].resolver, resolver->adn,
			resolver->label))
			return true;
	return false;
}

static int
set_questions(struct check_line *line, const char *qname)
{
	static const uint16_t types[CHECK_QUESTIONS] = {
	    DNS_TYPE_A, DNS_TYPE_AAAA};
	int err = 0;

	for (size_t i = 0; err == 0 && i < CHECK_QUESTIONS; i++)
		err = dns_question_set(&line->questions[i], qname, types[i]);
	return err;
}

static int
check_one(struct check_report *out, const struct network_state *state,
    const struct resolver *resolver, const char *qname, struct judge *judge,
    struct reason *why)
{
	struct check_line *line = &out->items[out->n];
	struct targets targets = {.n = 0};

	*line = (struct check_line){.resolver = resolver};
	if (set_questions(line, qname != NULL ? qname : resolver->adn) != 0)
		return reason_set(
		    why, -ERR_INVALID, "--name wants a domain name");
	judge->adn = resolver->adn;
	judge->label = resolver->label;
	judge->refused = false;
	line->outcome = CHECK_UNREACHABLE;
	if (find_targets(&targets, &state->resolvers, resolver, &line->why) ==
	    0)
		check_service(line, &targets, judge);
	out->n++;
	return 0;
}

int
check_network(struct check_report *out, const struct network_state *state,
    const char *qname, int64_t now, struct reason *why)
{
	struct judge judge = {.resolvers = &state->resolvers, .now = now};
	struct reason inner = {""};
	struct trust *trust = NULL;
	int err = network_state_trust(&trust, state, &inner);

	if (err != 0)
		return reason_set(why, -ERR_CORRUPT,
		    "the stored trust anchor: %.200s", inner.text);
	judge.trust = trust;
	out->n = 0;
	for (size_t i = 0; err == 0 && i < state->resolvers.n; i++) {
		const struct resolver *r = &state->resolvers.items[i];

		if (!is_listed(out, r))
			err = check_one(out, state, r, qname, &judge, why);
	}
	trust_free(trust);
	return err;
}

enum check_outcome
check_summary(const struct check_report *report)
{
	enum check_outcome worst = CHECK_OK;

	for (size_t i = 0; i < report->n; i++) {
		enum check_outcome outcome = report->items[i].outcome;

		if (outcome == CHECK_REFUSED)
			return CHECK_REFUSED;
		if (outcome != CHECK_OK)
			worst = outcome;
	}
	return worst;
}
