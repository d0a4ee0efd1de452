/* estuaryctl request. */
#include "client/ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

int
ctl_post_decision(const struct ctl *ctl, int argc, char **argv,
    const char *prefix, const char *suffix, const char *usage)
{
	/* With a reason only where there is something to explain. */
	const struct option options[] = {
	    {"reason", required_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
	bool takes_reason = strstr(usage, "--reason") != NULL;
	json_t *body = json_object();
	char path[300];
	int c, status = CTL_DONE;

	while (status == CTL_DONE &&
	       (c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'r' || !takes_reason)
			status = ctl_usage("%s", usage);
		else if (json_object_set_new(
			     body, "reason", json_string(optarg)) != 0)
			status = ctl_usage("--reason: is not text");
	}
	if (status == CTL_DONE &&
	    (optind + 1 != argc || ctl_path(path, sizeof(path), prefix,
				       argv[optind], suffix) != 0))
		status = ctl_usage("%s", usage);
	if (status == CTL_DONE)
		status = ctl_call(ctl, "POST", path, json_incref(body), NULL);
	json_decref(body);
	return status;
}

static void
print_requests(const json_t *items)
{
	const json_t *r;
	size_t n;

	printf("%-5s %-10s %-8s %-20s  %-15s  %s\n", "ID", "KIND", "STATE",
	    "ASKED", "FROM", "SUBJECT");
	json_array_foreach(items, n, r)
	{
		const char *reason = ctl_text(r, "reason");

		printf("%-5lld %-10s %-8s %-20s  %-15s  %s%s%s\n",
		    json_integer_value(json_object_get(r, "id")),
		    ctl_text(r, "kind"), ctl_text(r, "state"),
		    ctl_text(r, "created_at"), ctl_text(r, "source"),
		    ctl_text(r, "subject"), reason[0] != '-' ? ": " : "",
		    reason[0] != '-' ? reason : "");
	}
}

/* Those that wait; at most as many as can wait. */
int
ctl_request_list(const struct ctl *ctl, int argc, char **argv)
{
	bool all = argc == 2 && strcmp(argv[1], "--all") == 0;
	json_t *answer = NULL;
	int status;

	if (argc != 1 && !all)
		return ctl_usage("request list [--all]");
	status = ctl_call(ctl, "GET",
	    all ? "/requests?limit=1000&state=all" : "/requests?limit=1000",
	    NULL, &answer);
	if (status == CTL_DONE && ctl->json)
		ctl_print_json(answer);
	else if (status == CTL_DONE)
		print_requests(json_object_get(answer, "items"));
	json_decref(answer);
	return status;
}

int
ctl_request_approve(const struct ctl *ctl, int argc, char **argv)
{
	return ctl_post_decision(
	    ctl, argc, argv, "/requests", "/approve", "request approve ID");
}

int
ctl_request_deny(const struct ctl *ctl, int argc, char **argv)
{
	return ctl_post_decision(ctl, argc, argv, "/requests", "/deny",
	    "request deny ID [--reason TEXT]");
}
