/* estuaryctl token. */
#include "client/ctl.h"

#include <getopt.h>
#include <stdio.h>

#include "base/str.h"

#define ADD_USAGE "token add NAME [--scope read|operate|admin] [--expires 90d]"

static int
parse_add(json_t *body, int argc, char **argv)
{
	static const struct option options[] = {
	    {"scope", required_argument, NULL, 's'},
	    {"expires", required_argument, NULL, 'e'}, {NULL, 0, NULL, 0}};
	int64_t expires_in;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's':
			json_object_set_new(body, "scope", json_string(optarg));
			break;
		case 'e':
			if (parse_duration(&expires_in, optarg) != 0 ||
			    expires_in == 0)
				return ctl_usage(
				    "--expires: such as 12h or 90d");
			json_object_set_new(
			    body, "expires_in", json_integer(expires_in));
			break;
		default:
			return CTL_USAGE;
		}
	}
	if (optind + 1 != argc)
		return ctl_usage(ADD_USAGE);
	json_object_set_new(body, "name", json_string(argv[optind]));
	return CTL_DONE;
}

/* The token alone goes to standard output, so that it can be kept by
 * redirecting it. */
static void
print_added(const json_t *answer)
{
	const char *until =
	    json_string_value(json_object_get(answer, "expires_at"));

	printf("%s\n", ctl_text(answer, "token"));
	fprintf(stderr,
	    "Token %s of scope %s%s%s, shown this once. Keep it in a file of "
	    "mode 0600.\n",
	    ctl_text(answer, "name"), ctl_text(answer, "scope"),
	    until != NULL ? ", until " : "", until != NULL ? until : "");
}

int
ctl_token_add(const struct ctl *ctl, int argc, char **argv)
{
	json_t *answer = NULL, *body = json_object();
	int status = parse_add(body, argc, argv);

	if (status == CTL_DONE)
		status = ctl_call(ctl, "POST", "/tokens", body, &answer);
	else
		json_decref(body);
	if (status == CTL_DONE && ctl->json)
		ctl_print_json(answer);
	else if (status == CTL_DONE)
		print_added(answer);
	json_decref(answer);
	return status;
}

int
ctl_token_list(const struct ctl *ctl, int argc, char **argv)
{
	json_t *answer = NULL;
	const json_t *t;
	size_t i;
	int status;

	(void)argv;
	if (argc != 1)
		return ctl_usage("token list");
	status = ctl_call(ctl, "GET", "/tokens", NULL, &answer);
	if (status == CTL_DONE && ctl->json) {
		ctl_print_json(answer);
	} else if (status == CTL_DONE) {
		printf("%-16s  %-8s %-8s %-20s  %-20s  %-16s %s\n", "ID",
		    "SCOPE", "STATE", "EXPIRES", "LAST USED", "MADE BY",
		    "NAME");
		json_array_foreach(json_object_get(answer, "items"), i, t)
		    printf("%-16s  %-8s %-8s %-20s  %-20s  %-16s %s\n",
			ctl_text(t, "id"), ctl_text(t, "scope"),
			ctl_text(t, "state"), ctl_text(t, "expires_at"),
			ctl_text(t, "last_used_at"), ctl_text(t, "created_by"),
			ctl_text(t, "name"));
	}
	json_decref(answer);
	return status;
}

int
ctl_token_remove(const struct ctl *ctl, int argc, char **argv)
{
	char path[300];

	if (argc != 2 ||
	    ctl_path(path, sizeof(path), "/tokens", argv[1], "") != 0)
		return ctl_usage("token remove NAME");
	return ctl_call(ctl, "DELETE", path, NULL, NULL);
}
