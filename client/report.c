#include "client/report.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "client/resolvers.h"

static const char *
label_text(const struct resolver *resolver)
{
	return strcmp(resolver->label, LABEL_DOH) == 0 ? "DoH" : "DoT";
}

/* When the certificate ends, RFC 3339. */
static int
cert_end(char out[RFC3339_LEN], const struct resolver *resolver)
{
	struct cert_info *info CLEANUP(freep) = calloc(1, sizeof(*info));
	int err = info == NULL
		      ? -ERR_NOMEM
		      : cert_parse(info, blob_bytes(&resolver->cert), NULL);

	if (err == 0)
		rfc3339_format(out, info->not_after);
	return err;
}

static int
print_json(json_t *object)
{
	char *text = object != NULL ? json_dumps(object, JSON_INDENT(2)) : NULL;

	json_decref(object);
	if (text == NULL)
		return -ERR_NOMEM;
	puts(text);
	free(text);
	return 0;
}

static json_t *
status_resolvers(const struct resolver_set *set)
{
	json_t *list = json_array();

	for (size_t i = 0; i < set->n; i++) {
		const struct resolver *r = &set->items[i];
		json_t *item = resolver_to_json(r);
		char hex[65], end[RFC3339_LEN];

		hex_encode(hex, (struct bytes){r->sha256, sizeof(r->sha256)});
		json_object_set_new(item, "sha256", json_string(hex));
		json_object_set_new(
		    item, "srv_id", json_boolean(!resolver_is_asserted(r)));
		if (cert_end(end, r) == 0)
			json_object_set_new(
			    item, "not_after", json_string(end));
		json_array_append_new(list, item);
	}
	return list;
}

/* null when there is none. */
static json_t *
own_json(const struct enrolled *enrolled)
{
	struct cert_info *info CLEANUP(freep) = calloc(1, sizeof(*info));
	char from[RFC3339_LEN], to[RFC3339_LEN];

	if (info == NULL || enrolled->cert.len == 0 ||
	    cert_parse(info, blob_bytes(&enrolled->cert), NULL) != 0)
		return json_null();
	rfc3339_format(from, info->not_before);
	rfc3339_format(to, info->not_after);
	return json_pack("{s:s, s:s, s:s, s:s}", "subject", info->subject,
	    "serial", info->serial, "not_before", from, "not_after", to);
}

int
report_own(const struct enrolled *enrolled)
{
	struct cert_info *info CLEANUP(freep) = calloc(1, sizeof(*info));
	char end[RFC3339_LEN];
	int err = info == NULL
		      ? -ERR_NOMEM
		      : cert_parse(info, blob_bytes(&enrolled->cert), NULL);

	if (err != 0)
		return err;
	rfc3339_format(end, info->not_after);
	printf("Client      %s  certificate %s until %s\n", info->subject,
	    info->serial, end);
	return 0;
}

static int
status_json(const struct network_state *state)
{
	char opted_in[RFC3339_LEN], joined_at[RFC3339_LEN], hex[65];

	rfc3339_format(opted_in, state->opted_in);
	rfc3339_format(joined_at, state->joined_at);
	hex_encode(hex, (struct bytes){state->root_sha256, 32});
	return print_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o}",
	    "network", state->name, "server_name", state->server_name,
	    "opted_in", opted_in, "joined_at", joined_at, "trust",
	    network_trust_text(state->trust), "root_sha256",
	    state->trust == NETWORK_EXPLICIT ? json_string(hex) : json_null(),
	    "client_certificate", own_json(&state->enrolled), "resolvers",
	    status_resolvers(&state->resolvers)));
}

static void
print_resolver(const struct resolver *resolver)
{
	char end[RFC3339_LEN] = "?";

	printf("%s  %s  port %u", label_text(resolver), resolver->adn,
	    (unsigned int)resolver->port);
	if (resolver->dohpath[0] != '\0')
		printf("  path %s", resolver->dohpath);
	for (size_t i = 0; i < resolver->n_addresses; i++) {
		char ip[IP_TEXT_MAX];

		ip_format(ip, &resolver->addresses[i]);
		printf("%s%s", i == 0 ? "  at " : ", ", ip);
	}
	if (cert_end(end, resolver) == 0)
		printf("  certificate until %s", end);
	if (resolver->state[0] != '\0')
		printf(" (%s)", resolver->state);
	if (resolver_is_asserted(resolver))
		fputs(" without SRV-ID, by the EST server's word", stdout);
	putchar('\n');
}

int
report_status(const struct network_state *state, bool json)
{
	char joined_at[RFC3339_LEN], hex[65];

	if (json)
		return status_json(state);
	rfc3339_format(joined_at, state->joined_at);
	hex_encode(hex, (struct bytes){state->root_sha256, 32});
	printf("Network     %s\n", state->name);
	printf("EST server  %s\n", state->server_name);
	printf("Joined      %s\n", joined_at);
	if (state->trust == NETWORK_EXPLICIT)
		printf("Root        SHA-256 %s\n", hex);
	else
		puts("Root        any of the system's trust store (implicit "
		     "trust)");
	if (state->enrolled.cert.len > 0) {
		int err = report_own(&state->enrolled);

		if (err != 0)
			return err;
	}
	for (size_t i = 0; i < state->resolvers.n; i++)
		print_resolver(&state->resolvers.items[i]);
	return 0;
}

static const char *
outcome_text(enum check_outcome outcome)
{
	switch (outcome) {
	case CHECK_OK:
		return "ok";
	case CHECK_REFUSED:
		return "refused";
	case CHECK_UNREACHABLE:
		return "unreachable";
	default:
		return "no-answer";
	}
}

static bool
was_answered(const struct check_line *line)
{
	return line->outcome == CHECK_OK || line->outcome == CHECK_NO_ANSWER;
}

static json_t *
answers_json(const struct check_line *line)
{
	json_t *list = json_array();

	for (size_t i = 0; was_answered(line) && i < CHECK_QUESTIONS; i++) {
		const struct dns_answer *answer = &line->answers[i];
		json_t *addresses = json_array();

		for (size_t k = 0; k < answer->n_addresses; k++) {
			char ip[IP_TEXT_MAX];

			ip_format(ip, &answer->addresses[k]);
			json_array_append_new(addresses, json_string(ip));
		}
		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:s, s:o}", "name",
			line->questions[i].name, "type",
			dns_type_text(line->questions[i].type), "rcode",
			dns_rcode_text(answer->rcode), "addresses", addresses));
	}
	return list;
}

static int
check_json(const struct network_state *state, const struct check_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->n; i++) {
		const struct check_line *line = &report->items[i];

		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "adn",
			      line->resolver->adn, "label",
			      line->resolver->label, "endpoint", line->endpoint,
			      "outcome", outcome_text(line->outcome), "reason",
			      line->why.text, "answers", answers_json(line)));
	}
	return print_json(
	    json_pack("{s:s, s:o}", "network", state->name, "resolvers", list));
}

/* "www.example.net A 192.0.2.7", or the rcode, or "none". */
static void
print_answer(
    const struct dns_question *question, const struct dns_answer *answer)
{
	printf("  %s %s", question->name, dns_type_text(question->type));
	if (answer->rcode != 0)
		printf(
		    " %s (%d)", dns_rcode_text(answer->rcode), answer->rcode);
	else if (answer->n_addresses == 0)
		fputs(" none", stdout);
	for (size_t i = 0; i < answer->n_addresses; i++) {
		char ip[IP_TEXT_MAX];

		ip_format(ip, &answer->addresses[i]);
		printf("%s%s", i == 0 ? " " : ",", ip);
	}
}

static void
print_line(const struct check_line *line)
{
	printf("%s  %s", label_text(line->resolver), line->resolver->adn);
	if (line->endpoint[0] != '\0')
		printf(" @ %s", line->endpoint);
	if (was_answered(line)) {
		fputs("  certificate matches", stdout);
		for (size_t i = 0; i < CHECK_QUESTIONS; i++)
			print_answer(&line->questions[i], &line->answers[i]);
	} else {
		printf("  %s: %s",
		    line->outcome == CHECK_REFUSED ? "REFUSED"
						   : "not reachable",
		    line->why.text);
	}
	putchar('\n');
}

int
report_check(const struct network_state *state,
    const struct check_report *report, bool json)
{
	if (json)
		return check_json(state, report);
	for (size_t i = 0; i < report->n; i++)
		print_line(&report->items[i]);
	return 0;
}

int
report_kept(
    const struct network_state *state, const struct check_report *report)
{
	printf("What is known of network %s is valid; nothing was fetched "
	       "(--force fetches all the same).\n",
	    state->name);
	for (size_t i = 0; i < report->n; i++) {
		const struct check_line *line = &report->items[i];

		if (line->outcome == CHECK_OK)
			continue;
		printf("%s  %s  %s (%s); nothing speaks against its "
		       "certificate\n",
		    label_text(line->resolver), line->resolver->adn,
		    line->outcome == CHECK_NO_ANSWER ? "gave no answer"
						     : "could not be asked",
		    line->why.text);
	}
	return 0;
}

/* "certificate SERIAL (until END)" */
static int
print_cert(const struct resolver *resolver)
{
	struct cert_info *info CLEANUP(freep) = calloc(1, sizeof(*info));
	char end[RFC3339_LEN];
	int err = info == NULL
		      ? -ERR_NOMEM
		      : cert_parse(info, blob_bytes(&resolver->cert), NULL);

	if (err != 0)
		return err;
	rfc3339_format(end, info->not_after);
	printf("certificate %s (until %s)", info->serial, end);
	return 0;
}

static const char *
state_text(const struct resolver *resolver)
{
	return resolver->state[0] != '\0' ? resolver->state : "of no state";
}

static void
print_place(const struct resolver *resolver)
{
	printf(" port %u", (unsigned int)resolver->port);
	if (resolver->dohpath[0] != '\0')
		printf(" path %s", resolver->dohpath);
	for (size_t i = 0; i < resolver->n_addresses; i++) {
		char ip[IP_TEXT_MAX];

		ip_format(ip, &resolver->addresses[i]);
		printf("%s%s", i == 0 ? " at " : ", ", ip);
	}
}

static int
print_resolver_change(const struct change *change)
{
	const struct resolver *r = change->before;
	int err;

	printf("%s  %s  ", label_text(r), r->adn);
	err = print_cert(r);
	switch (change->kind) {
	case CHANGE_ADDED:
		printf(" added (%s)", state_text(change->after));
		break;
	case CHANGE_REMOVED:
		fputs(" removed", stdout);
		break;
	case CHANGE_REPLACED:
		fputs(" replaced by ", stdout);
		if (err == 0)
			err = print_cert(change->after);
		break;
	case CHANGE_STATE:
		printf(" was %s, is %s", state_text(change->before),
		    state_text(change->after));
		break;
	default:
		fputs(" is served elsewhere:", stdout);
		print_place(change->after);
	}
	putchar('\n');
	return err;
}

int
report_changes(const struct network_state *state, const struct changes *changes)
{
	int err = 0;

	printf("Fetched from the EST server %s, network %s:\n",
	    state->server_name, state->name);
	if (changes->n == 0)
		puts("nothing has changed");
	for (size_t i = 0; err == 0 && i < changes->n; i++) {
		const struct change *change = &changes->items[i];

		if (change->kind == CHANGE_ROOT)
			puts("the root certificate was replaced; the one "
			     "before vouches for it");
		else if (change->kind == CHANGE_INTERMEDIATES)
			puts("the CA certificates below the root changed");
		else if (change->kind == CHANGE_OWN)
			puts("the client certificate was renewed, with a new "
			     "key");
		else
			err = print_resolver_change(change);
	}
	return err;
}
