/* estuaryctl identity. */
#include "client/ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define PASSWORD_MAX 1024

/* One line of standard input, its line feed removed. */
static int
read_password(char *out, size_t size)
{
	size_t len;

	if (isatty(STDIN_FILENO))
		fputs("Password: ", stderr);
	if (fgets(out, (int)size, stdin) == NULL)
		return -ERR_INVALID;
	len = strlen(out);
	if (len > 0 && out[len - 1] == '\n')
		out[--len] = '\0';
	else if (len + 1 == size)
		return -ERR_TOO_LARGE;
	return 0;
}

/* "XXXX-XXXX-XXXX-XXXX-XXXX": identity, secret, and a check character. */
static void
print_basic(const json_t *answer)
{
	const char *code = json_string_value(json_object_get(answer, "code"));

	if (code == NULL)
		printf("Over HTTP Basic too.\n");
	else if (strlen(code) >= 23)
		printf("Over HTTP Basic: user %.9s, password %.13s\n", code,
		    code + 10);
}

static void
print_added(const json_t *answer, bool basic)
{
	const json_t *uses = json_object_get(answer, "uses_left");
	const char *uri = json_string_value(json_object_get(answer, "uri"));
	const json_t *srp = json_object_get(answer, "srp");

	if (uri != NULL) {
		printf("Onboarding code for %s, shown this once:\n\n    %s\n\n",
		    ctl_text(answer, "name"), ctl_text(answer, "code"));
		ctl_print_qr(uri);
		printf("\n%s\n\n", uri);
	} else {
		printf("Identity %s, with the password that was given\n",
		    ctl_text(answer, "identity"));
	}
	if (basic)
		print_basic(answer);
	if (srp != NULL)
		printf("Over TLS-SRP: user %s, password %s\n",
		    ctl_text(srp, "user"), ctl_text(srp, "password"));
	if (json_is_integer(uses))
		printf("Good for %lld %s", json_integer_value(uses),
		    json_integer_value(uses) == 1 ? "use" : "uses");
	else
		printf("Good for any number of uses");
	if (json_is_string(json_object_get(answer, "expires_at")))
		printf(", until %s", ctl_text(answer, "expires_at"));
	printf(".\n");
}

struct add_options {
	const char *profile;
	int64_t uses, expires_in;
	bool password_stdin, basic, approval;
	json_t *allow_names;
};

static int
parse_add(struct add_options *o, int argc, char **argv)
{
	static const struct option options[] = {
	    {"uses", required_argument, NULL, 'u'},
	    {"expires", required_argument, NULL, 'e'},
	    {"profile", required_argument, NULL, 'p'},
	    {"allow-name", required_argument, NULL, 'a'},
	    {"basic", no_argument, NULL, 'b'},
	    {"approval", no_argument, NULL, 'w'},
	    {"password-stdin", no_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'u':
			if (parse_number(&o->uses, optarg, 1000000) != 0 ||
			    o->uses == 0)
				return ctl_usage("--uses: a number from 1");
			break;
		case 'e':
			if (parse_duration(&o->expires_in, optarg) != 0 ||
			    o->expires_in == 0)
				return ctl_usage(
				    "--expires: such as 12h or 7d");
			break;
		case 'p':
			o->profile = optarg;
			break;
		case 'a':
			json_array_append_new(
			    o->allow_names, json_string(optarg));
			break;
		case 'b':
			o->basic = true;
			break;
		case 'w':
			o->approval = true;
			break;
		case 's':
			o->password_stdin = true;
			break;
		default:
			return CTL_USAGE;
		}
	}
	if (optind + 1 == argc)
		return CTL_DONE;
	return ctl_usage(
	    "identity add NAME [--uses N] [--expires 7d] "
	    "[--profile endpoint|dns-server] [--allow-name PATTERN ...] "
	    "[--basic] [--approval] [--password-stdin]");
}

static json_t *
add_body(const struct add_options *o, const char *name, int *status)
{
	json_t *body =
	    json_pack("{ss sO}", "name", name, "allow_names", o->allow_names);
	char password[PASSWORD_MAX];

	if (o->profile != NULL)
		json_object_set_new(body, "profile", json_string(o->profile));
	if (o->basic)
		json_object_set_new(body, "basic", json_true());
	if (o->approval)
		json_object_set_new(body, "approval", json_true());
	if (o->uses != 0)
		json_object_set_new(body, "uses", json_integer(o->uses));
	if (o->expires_in != 0)
		json_object_set_new(
		    body, "expires_in", json_integer(o->expires_in));
	if (o->password_stdin) {
		if (read_password(password, sizeof(password)) != 0)
			*status = ctl_usage(
			    "no password, or one too long, on standard input");
		else
			json_object_set_new(
			    body, "password", json_string_nocheck(password));
		explicit_bzero(password, sizeof(password));
	}
	return body;
}

int
ctl_identity_add(const struct ctl *ctl, int argc, char **argv)
{
	struct add_options o = {.allow_names = json_array()};
	json_t *answer = NULL, *body;
	int status = parse_add(&o, argc, argv);

	if (status == CTL_DONE) {
		body = add_body(&o, argv[optind], &status);
		if (status == CTL_DONE)
			status =
			    ctl_call(ctl, "POST", "/identities", body, &answer);
		else
			json_decref(body);
	}
	if (status == CTL_DONE && o.uses > 1)
		fprintf(stderr,
		    "warning: whoever knows a code with several uses can play "
		    "the server to the others who hold it\n");
	if (status == CTL_DONE && ctl->json)
		ctl_print_json(answer);
	else if (status == CTL_DONE)
		print_added(answer, o.basic);
	json_decref(answer);
	json_decref(o.allow_names);
	return status;
}

int
ctl_identity_list(const struct ctl *ctl, int argc, char **argv)
{
	json_t *answer = NULL;
	const json_t *i;
	size_t n;
	int status;

	(void)argv;
	if (argc != 1)
		return ctl_usage("identity list");
	status = ctl_call(ctl, "GET", "/identities", NULL, &answer);
	if (status == CTL_DONE && ctl->json) {
		ctl_print_json(answer);
	} else if (status == CTL_DONE) {
		printf("%-16s %-8s %-9s %5s %8s  %-20s  %s\n", "IDENTITY",
		    "STATE", "PROFILE", "USES", "GUESSES", "EXPIRES", "NAME");
		json_array_foreach(json_object_get(answer, "items"), n, i)
		{
			const json_t *uses = json_object_get(i, "uses_left");
			char text[24] = "any";

			if (json_is_integer(uses))
				snprintf(text, sizeof(text), "%lld",
				    json_integer_value(uses));
			printf("%-16s %-8s %-9s %5s %8lld  %-20s  %s\n",
			    ctl_text(i, "identity"), ctl_text(i, "state"),
			    ctl_text(i, "profile"), text,
			    json_integer_value(
				json_object_get(i, "guesses_left")),
			    ctl_text(i, "expires_at"), ctl_text(i, "name"));
		}
	}
	json_decref(answer);
	return status;
}

int
ctl_identity_remove(const struct ctl *ctl, int argc, char **argv)
{
	char path[300];

	if (argc != 2 ||
	    ctl_path(path, sizeof(path), "/identities", argv[1], "") != 0)
		return ctl_usage("identity remove NAME");
	return ctl_call(ctl, "DELETE", path, NULL, NULL);
}

static int
post_change(const struct ctl *ctl, int argc, char **argv, const char *suffix)
{
	char path[300];

	if (argc != 2 ||
	    ctl_path(path, sizeof(path), "/identities", argv[1], suffix) != 0)
		return ctl_usage("identity %s NAME", suffix + 1);
	return ctl_call(ctl, "POST", path, NULL, NULL);
}

int
ctl_identity_unlock(const struct ctl *ctl, int argc, char **argv)
{
	return post_change(ctl, argc, argv, "/unlock");
}

int
ctl_identity_disable(const struct ctl *ctl, int argc, char **argv)
{
	return post_change(ctl, argc, argv, "/disable");
}

int
ctl_identity_enable(const struct ctl *ctl, int argc, char **argv)
{
	return post_change(ctl, argc, argv, "/enable");
}
