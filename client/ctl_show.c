/* estuaryctl status, ca, cert, audit. */
#include "client/ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

static int
no_arguments(int argc, char **argv)
{
	return argc == 1 ? CTL_DONE
			 : ctl_usage("'%s' is not an argument of this command",
			       argv[1]);
}

static void
print_status(const json_t *s)
{
	const json_t *ca = json_object_get(s, "ca");
	const json_t *pake = json_object_get(s, "pake");
	const json_t *audit = json_object_get(s, "audit");
	const json_t *store = json_object_get(s, "store");
	const json_t *own = json_object_get(s, "server_certificate");
	const json_t *address;
	size_t i;

	printf("estuaryd %s, running since %s\n", ctl_text(s, "version"),
	    ctl_text(s, "started_at"));
	printf("  server name    %s\n", ctl_text(s, "server_name"));
	printf("  listening on  ");
	json_array_foreach(json_object_get(s, "listen"), i, address)
	    printf(" %s", json_string_value(address));
	if (json_array_size(json_object_get(s, "admin_listen")) != 0)
		printf("\n  admin on      ");
	json_array_foreach(json_object_get(s, "admin_listen"), i, address)
	    printf(" %s", json_string_value(address));
	printf("\n  certificate    until %s, %s\n", ctl_text(own, "not_after"),
	    ctl_text(own, "source"));
	printf("                 issued by %s\n", ctl_text(own, "issuer"));
	if (json_object_get(own, "refused") != NULL)
		printf("                 NOT RELOADED: %s\n",
		    ctl_text(own, "refused"));
	printf("  CA             for %s, root until %s\n",
	    ctl_text(ca, "domain"), ctl_text(ca, "root_not_after"));
	printf("  root SHA-256   %s\n", ctl_text(ca, "root_sha256"));
	if (json_is_true(json_object_get(pake, "offered")))
		printf("  PAKE           offered\n");
	else
		printf("  PAKE           not offered: %s\n",
		    ctl_text(pake, "reason"));
	if (json_is_true(json_object_get(pake, "srp")))
		printf("  TLS-SRP        offered\n");
	printf("  mDNS           %s\n", ctl_text(s, "mdns"));
	printf("  audit log      %s\n", ctl_text(audit, "state"));
	if (json_object_get(audit, "reason") != NULL)
		printf("                 %s\n", ctl_text(audit, "reason"));
	if (json_object_get(store, "reason") != NULL)
		printf("  database       damaged: %s\n",
		    ctl_text(store, "reason"));
	printf("  identities     %lld\n  certificates   %lld\n"
	       "  connections    %lld\n",
	    json_integer_value(json_object_get(s, "identities")),
	    json_integer_value(json_object_get(s, "certificates")),
	    json_integer_value(json_object_get(s, "connections")));
}

int
ctl_status(const struct ctl *ctl, int argc, char **argv)
{
	json_t *answer = NULL;
	int status = no_arguments(argc, argv);

	if (status == CTL_DONE)
		status = ctl_call(ctl, "GET", "/status", NULL, &answer);
	if (status == CTL_DONE && ctl->json)
		ctl_print_json(answer);
	else if (status == CTL_DONE)
		print_status(answer);
	json_decref(answer);
	return status;
}

int
ctl_ca_show(const struct ctl *ctl, int argc, char **argv)
{
	json_t *answer = NULL;
	int status = no_arguments(argc, argv);

	if (status == CTL_DONE)
		status = ctl_call(ctl, "GET", "/ca", NULL, &answer);
	if (status == CTL_DONE && ctl->json)
		ctl_print_json(answer);
	else if (status == CTL_DONE)
		fputs(ctl_text(answer, "root"), stdout);
	json_decref(answer);
	return status;
}

static void
print_certificates(const json_t *answer)
{
	const json_t *c;
	size_t i;

	printf("%-32s  %-8s %-11s %-20s  %s\n", "SERIAL", "STATE", "PROFILE",
	    "NOT AFTER", "SUBJECT");
	json_array_foreach(json_object_get(answer, "items"), i, c)
	    printf("%-32s  %-8s %-11s %-20s  %s\n", ctl_text(c, "serial"),
		ctl_text(c, "state"), ctl_text(c, "profile"),
		ctl_text(c, "not_after"), ctl_text(c, "subject"));
	if (!json_is_null(json_object_get(answer, "next")))
		printf("more with --cursor %s\n", ctl_text(answer, "next"));
}

static bool
is_number(const char *text)
{
	int64_t n;

	return text == NULL || parse_number(&n, text, INT64_MAX) == 0;
}

int
ctl_cert_list(const struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"limit", required_argument, NULL, 'l'},
	    {"cursor", required_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
	const char *limit = NULL, *cursor = NULL;
	json_t *answer = NULL;
	char path[128];
	int c, status;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'l')
			limit = optarg;
		else if (c == 'c')
			cursor = optarg;
		else
			return CTL_USAGE;
	}
	if (optind != argc || !is_number(limit) || !is_number(cursor))
		return ctl_usage("cert list [--limit N] [--cursor C]");
	snprintf(path, sizeof(path), "/certificates?limit=%.20s&cursor=%.20s",
	    limit != NULL ? limit : "100", cursor != NULL ? cursor : "0");
	status = ctl_call(ctl, "GET", path, NULL, &answer);
	if (status == CTL_DONE && ctl->json)
		ctl_print_json(answer);
	else if (status == CTL_DONE)
		print_certificates(answer);
	json_decref(answer);
	return status;
}

int
ctl_cert_show(const struct ctl *ctl, int argc, char **argv)
{
	json_t *answer = NULL;
	char path[300];
	int status;

	if (argc != 2 ||
	    ctl_path(path, sizeof(path), "/certificates", argv[1], "") != 0)
		return ctl_usage("cert show SERIAL");
	status = ctl_call(ctl, "GET", path, NULL, &answer);
	if (status == CTL_DONE && ctl->json)
		ctl_print_json(answer);
	else if (status == CTL_DONE)
		printf("serial      %s\nsubject     %s\nprofile     %s\n"
		       "identity    %s\nissued      %s\nnot before  %s\n"
		       "not after   %s\nstate       %s\n%s",
		    ctl_text(answer, "serial"), ctl_text(answer, "subject"),
		    ctl_text(answer, "profile"), ctl_text(answer, "identity"),
		    ctl_text(answer, "issued_at"),
		    ctl_text(answer, "not_before"),
		    ctl_text(answer, "not_after"), ctl_text(answer, "state"),
		    ctl_text(answer, "pem"));
	json_decref(answer);
	return status;
}

static void
print_audit(const json_t *items)
{
	const json_t *row;
	size_t i;

	json_array_foreach(items, i, row)
	{
		json_int_t count =
		    json_integer_value(json_object_get(row, "count"));

		printf(
		    "%s  %-20s", ctl_text(row, "at"), ctl_text(row, "event"));
		if (strcmp(ctl_text(row, "actor"), "-") != 0)
			printf(" by %s", ctl_text(row, "actor"));
		if (strcmp(ctl_text(row, "subject"), "-") != 0)
			printf(" of %s", ctl_text(row, "subject"));
		if (strcmp(ctl_text(row, "source"), "-") != 0)
			printf(" from %s", ctl_text(row, "source"));
		if (strcmp(ctl_text(row, "detail"), "-") != 0)
			printf(": %s", ctl_text(row, "detail"));
		if (count > 1)
			printf(" (%lld times, last at %s)", count,
			    ctl_text(row, "last_at"));
		putchar('\n');
	}
}

/* "1h" means an hour ago; a time stamp means itself. */
static int
since_time(char out[RFC3339_LEN], const char *text)
{
	int64_t time, ago;

	if (text == NULL)
		time = 0;
	else if (parse_duration(&ago, text) == 0)
		time = clock_now() - ago;
	else if (rfc3339_parse(&time, text) != 0)
		return -ERR_INVALID;
	rfc3339_format(out, time);
	return 0;
}

/* Follows the pages to the end; *items collects them all. */
static int
fetch_audit(const struct ctl *ctl, const char *since, json_t *items)
{
	char cursor[32] = "0", path[160];

	for (;;) {
		json_t *answer = NULL;
		const char *next;
		int status;

		snprintf(path, sizeof(path),
		    "/audit?limit=1000&since=%s&cursor=%s", since, cursor);
		status = ctl_call(ctl, "GET", path, NULL, &answer);
		if (status != CTL_DONE)
			return status;
		json_array_extend(items, json_object_get(answer, "items"));
		next = json_string_value(json_object_get(answer, "next"));
		snprintf(
		    cursor, sizeof(cursor), "%s", next != NULL ? next : "");
		json_decref(answer);
		if (cursor[0] == '\0')
			return CTL_DONE;
	}
}

int
ctl_audit(const struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"since", required_argument, NULL, 's'},
	    {"verify", no_argument, NULL, 'v'}, {NULL, 0, NULL, 0}};
	const char *since = NULL;
	bool verify = false;
	char time[RFC3339_LEN];
	json_t *items, *document;
	int c, status;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 's')
			since = optarg;
		else if (c == 'v')
			verify = true;
		else
			return CTL_USAGE;
	}
	if (optind != argc || (verify && since != NULL) ||
	    since_time(time, since) != 0)
		return ctl_usage("audit [--since 1h | --since "
				 "2026-01-31T12:00:00Z | --verify]");
	if (verify)
		return ctl_audit_verify(ctl);
	items = json_array();
	status = fetch_audit(ctl, time, items);
	if (status == CTL_DONE && ctl->json) {
		document = json_pack("{sO sn}", "items", items, "next");
		ctl_print_json(document);
		json_decref(document);
	} else if (status == CTL_DONE) {
		print_audit(items);
	}
	json_decref(items);
	return status;
}
