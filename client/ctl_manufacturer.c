/* estuaryctl manufacturer. */
#include "client/ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"

#define PEM_FILE_MAX 32768
#define CREDENTIAL_MAX 4096

static const char values_usage[] =
    "[--anchor FILE ...] [--policy allow|ask|refuse|list]\n"
    "    [--serial PATTERN ...] [--serial-source subject|hardware-module]\n"
    "    [--serial-pattern TEXT] [--masa-url URL] [--masa-host HOST ...]\n"
    "    [--masa-private | --no-masa-private] [--masa-ca FILE]\n"
    "    [--voucher-ca FILE] [--masa-credential-file FILE |\n"
    "    --masa-client-cert FILE | --no-masa-credential] [--cose-type TYPE]\n"
    "    [--base64 | --no-base64] [--plain-root | --no-plain-root]\n"
    "    [--known-domain BASE64 ...] [--nonceless refuse|own|allow]\n"
    "    [--enrollment allow|ask] [--allow-name PATTERN ...]";

enum value_kind {
	VALUE_TEXT,
	VALUE_EMPTY,
	VALUE_LIST,
	VALUE_PEM,    /* files, one behind the other */
	VALUE_SECRET, /* one line of a file */
	VALUE_SECRET_PEM,
	VALUE_YES,
	VALUE_NO,
};

/* The options of what an entry holds, and where it goes in the API's. */
static const struct value_option {
	const char *name, *key;
	enum value_kind kind;
} value_options[] = {
    {"anchor", "anchors", VALUE_PEM},
    {"policy", "policy", VALUE_TEXT},
    {"serial", "serials", VALUE_LIST},
    {"serial-source", "serial_source", VALUE_TEXT},
    {"serial-pattern", "serial_pattern", VALUE_TEXT},
    {"masa-url", "masa_url", VALUE_TEXT},
    {"masa-host", "masa_hosts", VALUE_LIST},
    {"masa-private", "masa_private", VALUE_YES},
    {"no-masa-private", "masa_private", VALUE_NO},
    {"masa-ca", "masa_tls_anchors", VALUE_PEM},
    {"voucher-ca", "voucher_anchors", VALUE_PEM},
    {"masa-credential-file", "masa_credential", VALUE_SECRET},
    {"masa-client-cert", "masa_credential", VALUE_SECRET_PEM},
    {"no-masa-credential", "masa_credential", VALUE_EMPTY},
    {"cose-type", "cose_type", VALUE_TEXT},
    {"base64", "base64_bodies", VALUE_YES},
    {"no-base64", "base64_bodies", VALUE_NO},
    {"plain-root", "plain_root", VALUE_YES},
    {"no-plain-root", "plain_root", VALUE_NO},
    {"known-domain", "known_domains", VALUE_LIST},
    {"nonceless", "nonceless", VALUE_TEXT},
    {"enrollment", "enrollment", VALUE_TEXT},
    {"allow-name", "allow_names", VALUE_LIST},
};

#define N_VALUES (sizeof(value_options) / sizeof(value_options[0]))

static int
file_failed(const char *path, int err, const struct reason *why)
{
	fprintf(stderr, "estuaryctl: %s: %s\n", path,
	    why->text[0] != '\0' ? why->text : err_text(err));
	return CTL_REFUSED;
}

/* Appends the file to what the member has already. */
static int
add_file(json_t *body, const struct value_option *o, const char *path)
{
	const char *before = json_string_value(json_object_get(body, o->key));
	struct blob file CLEANUP(blob_fini) = {0};
	struct reason why = {""};
	json_t *text;
	int err = file_read(&file, path, PEM_FILE_MAX);

	if (err == 0 && strlen((const char *)file.data) != file.len)
		err = -ERR_INVALID;
	if (err != 0)
		return file_failed(path, err, &why);
	text = json_sprintf("%s%s%s", before != NULL ? before : "",
	    before != NULL ? "\n" : "", (const char *)file.data);
	if (text == NULL)
		return file_failed(path, -ERR_INVALID, &why);
	json_object_set_new(body, o->key, text);
	return CTL_DONE;
}

/* A file for its owner alone. */
static int
set_secret(json_t *body, const struct value_option *o, const char *path)
{
	struct blob file = {0};
	struct reason why = {""};
	int err = file_read_secret(&file, path, CREDENTIAL_MAX, &why);

	if (err == 0) {
		char *text = (char *)file.data;
		json_t *value;

		if (o->kind == VALUE_SECRET)
			text[strcspn(text, "\n")] = '\0';
		value = json_string(text);
		if (value == NULL || *text == '\0')
			err = -ERR_INVALID;
		json_object_set_new(body, o->key, value);
		explicit_bzero(file.data, file.len);
	}
	blob_fini(&file);
	return err == 0 ? CTL_DONE : file_failed(path, err, &why);
}

static int
set_value(json_t *body, const struct value_option *o, const char *value)
{
	json_t *list = json_object_get(body, o->key);

	switch (o->kind) {
	case VALUE_PEM:
		return add_file(body, o, value);
	case VALUE_SECRET:
	case VALUE_SECRET_PEM:
		return set_secret(body, o, value);
	case VALUE_LIST:
		if (list == NULL)
			json_object_set_new(body, o->key, list = json_array());
		/* An empty one empties the list. */
		if (value[0] != '\0' &&
		    json_array_append_new(list, json_string(value)) != 0)
			return ctl_usage("--%s: is not text", o->name);
		return CTL_DONE;
	case VALUE_YES:
	case VALUE_NO:
		json_object_set_new(
		    body, o->key, json_boolean(o->kind == VALUE_YES));
		return CTL_DONE;
	case VALUE_EMPTY:
		json_object_set_new(body, o->key, json_string(""));
		return CTL_DONE;
	case VALUE_TEXT:
	default:
		if (json_object_set_new(body, o->key, json_string(value)) != 0)
			return ctl_usage("--%s: is not text", o->name);
		return CTL_DONE;
	}
}

static bool
has_argument(enum value_kind kind)
{
	return kind != VALUE_YES && kind != VALUE_NO && kind != VALUE_EMPTY;
}

/* The values go into body; the one other argument is argv[optind]. */
static int
parse_values(json_t *body, const char *command, int argc, char **argv)
{
	struct option options[N_VALUES + 1] = {0};
	int c, index, status = CTL_DONE;

	for (size_t i = 0; i < N_VALUES; i++)
		options[i] = (struct option){value_options[i].name,
		    has_argument(value_options[i].kind) ? required_argument
							: no_argument,
		    NULL, 1};
	while (status == CTL_DONE &&
	       (c = getopt_long(argc, argv, "", options, &index)) != -1)
		status = c == 1 ? set_value(body, &value_options[index], optarg)
				: CTL_USAGE;
	if (status == CTL_DONE && optind + 1 != argc)
		return ctl_usage(
		    "manufacturer %s NAME %s", command, values_usage);
	return status;
}

int
ctl_manufacturer_add(const struct ctl *ctl, int argc, char **argv)
{
	json_t *body = json_object(), *answer = NULL;
	int status = parse_values(body, "add", argc, argv);

	if (status == CTL_DONE && json_object_get(body, "anchors") == NULL)
		status =
		    ctl_usage("manufacturer add NAME --anchor FILE: the CA "
			      "of its devices' IDevIDs is missing");
	if (status == CTL_DONE &&
	    json_object_set_new(body, "name", json_string(argv[optind])) != 0)
		status = ctl_usage("NAME is not text");
	if (status == CTL_DONE)
		status = ctl_call(
		    ctl, "POST", "/manufacturers", json_incref(body), &answer);
	if (status == CTL_DONE && ctl->json)
		ctl_print_json(answer);
	json_decref(answer);
	json_decref(body);
	return status;
}

int
ctl_manufacturer_set(const struct ctl *ctl, int argc, char **argv)
{
	json_t *body = json_object();
	char path[300];
	int status = parse_values(body, "set", argc, argv);

	if (status == CTL_DONE && json_object_size(body) == 0)
		status = ctl_usage("manufacturer set NAME: nothing to set");
	if (status == CTL_DONE && ctl_path(path, sizeof(path), "/manufacturers",
				      argv[optind], "") != 0)
		status = ctl_usage("NAME is too long");
	if (status == CTL_DONE)
		status = ctl_call(ctl, "PATCH", path, json_incref(body), NULL);
	json_decref(body);
	return status;
}

int
ctl_manufacturer_remove(const struct ctl *ctl, int argc, char **argv)
{
	char path[300];

	if (argc != 2 ||
	    ctl_path(path, sizeof(path), "/manufacturers", argv[1], "") != 0)
		return ctl_usage("manufacturer remove NAME");
	return ctl_call(ctl, "DELETE", path, NULL, NULL);
}

int
ctl_manufacturer_list(const struct ctl *ctl, int argc, char **argv)
{
	json_t *answer = NULL;
	const json_t *m;
	size_t n;
	int status;

	(void)argv;
	if (argc != 1)
		return ctl_usage("manufacturer list");
	status = ctl_call(ctl, "GET", "/manufacturers", NULL, &answer);
	if (status == CTL_DONE && ctl->json) {
		ctl_print_json(answer);
	} else if (status == CTL_DONE) {
		printf("%-7s %-10s %-20s  %s\n", "POLICY", "ENROLLMENT",
		    "CHANGED", "NAME");
		json_array_foreach(json_object_get(answer, "items"), n, m)
		    printf("%-7s %-10s %-20s  %s\n", ctl_text(m, "policy"),
			ctl_text(m, "enrollment"), ctl_text(m, "changed_at"),
			ctl_text(m, "name"));
	}
	json_decref(answer);
	return status;
}

static void
print_lines(const char *label, const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) printf(
	    "  %-16s %s\n", i == 0 ? label : "", json_string_value(item));
}

/* How many certificates a PEM text has. */
static int
count_pem(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	int n = 0;

	while (text != NULL && (text = strstr(text, "-----BEGIN ")) != NULL) {
		n++;
		text++;
	}
	return n;
}

static const char *
yes_no(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key)) ? "yes" : "no";
}

static void
print_manufacturer(const json_t *m)
{
	printf("%s\n", ctl_text(m, "name"));
	printf("  %-16s %s\n", "policy", ctl_text(m, "policy"));
	print_lines("serial numbers", json_object_get(m, "serials"));
	printf("  %-16s %s, pattern %s\n", "serial from",
	    ctl_text(m, "serial_source"), ctl_text(m, "serial_pattern"));
	printf("  %-16s %d\n", "IDevID anchors", count_pem(m, "anchors"));
	printf("  %-16s %s\n", "MASA",
	    ctl_text(m, "masa_url")[0] != '-' ? ctl_text(m, "masa_url")
					      : "as the IDevID says");
	print_lines("MASA hosts", json_object_get(m, "masa_hosts"));
	printf("  %-16s %s\n", "private MASA", yes_no(m, "masa_private"));
	printf("  %-16s %d (0: the system's)\n", "MASA TLS anchors",
	    count_pem(m, "masa_tls_anchors"));
	printf("  %-16s %s\n", "MASA credential", yes_no(m, "has_credential"));
	printf("  %-16s %d (0: its signer is not judged)\n", "voucher anchors",
	    count_pem(m, "voucher_anchors"));
	printf("  %-16s %s, base64 %s, plain root %s\n", "COSE",
	    ctl_text(m, "cose_type"), yes_no(m, "base64_bodies"),
	    yes_no(m, "plain_root"));
	print_lines("known domains", json_object_get(m, "known_domains"));
	printf("  %-16s %s\n", "nonceless", ctl_text(m, "nonceless"));
	printf("  %-16s %s\n", "enrollment", ctl_text(m, "enrollment"));
	print_lines("allowed names", json_object_get(m, "allow_names"));
}

int
ctl_manufacturer_show(const struct ctl *ctl, int argc, char **argv)
{
	json_t *answer = NULL;
	char path[300];
	int status;

	if (argc != 2 ||
	    ctl_path(path, sizeof(path), "/manufacturers", argv[1], "") != 0)
		return ctl_usage("manufacturer show NAME");
	status = ctl_call(ctl, "GET", path, NULL, &answer);
	if (status == CTL_DONE && ctl->json)
		ctl_print_json(answer);
	else if (status == CTL_DONE)
		print_manufacturer(answer);
	json_decref(answer);
	return status;
}
