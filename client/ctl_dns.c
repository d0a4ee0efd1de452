/* estuaryctl dns-server. */
#include "client/ctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/str.h"
#include "ca/key.h"

#define CSR_FILE_MAX 65536
#define CSR_PEM_BEGIN "-----BEGIN CERTIFICATE REQUEST-----\n"
#define CSR_PEM_END "-----END CERTIFICATE REQUEST-----\n"

static const char issue_usage[] =
    "dns-server issue --name ADN --label domain-s[:PORT] "
    "[--label doh[:PORT] [--dohpath TEMPLATE]] [--ip A ...] "
    "(--csr FILE | --out DIR)";

struct issue_options {
	const char *name, *dohpath, *csr_path, *out_dir;
	json_t *labels, *addresses;
};

int
ctl_dns_add_label(json_t *labels, const char *text)
{
	const char *colon = strchr(text, ':');
	size_t len = colon != NULL ? (size_t)(colon - text) : strlen(text);
	json_t *item = json_pack("{ss%}", "label", text, len);
	int64_t port;

	if (colon != NULL) {
		if (parse_number(&port, colon + 1, 65535) != 0 || port == 0) {
			json_decref(item);
			return ctl_usage("--label %s: not a port", text);
		}
		json_object_set_new(item, "port", json_integer(port));
	}
	json_array_append_new(labels, item);
	return CTL_DONE;
}

static int
parse_issue(struct issue_options *o, int argc, char **argv)
{
	static const struct option options[] = {
	    {"name", required_argument, NULL, 'n'},
	    {"label", required_argument, NULL, 'l'},
	    {"dohpath", required_argument, NULL, 'd'},
	    {"ip", required_argument, NULL, 'i'},
	    {"csr", required_argument, NULL, 'c'},
	    {"out", required_argument, NULL, 'o'}, {NULL, 0, NULL, 0}};
	int c, status = CTL_DONE;

	while (status == CTL_DONE &&
	       (c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'n':
			o->name = optarg;
			break;
		case 'l':
			status = ctl_dns_add_label(o->labels, optarg);
			break;
		case 'd':
			o->dohpath = optarg;
			break;
		case 'i':
			json_array_append_new(
			    o->addresses, json_string(optarg));
			break;
		case 'c':
			o->csr_path = optarg;
			break;
		case 'o':
			o->out_dir = optarg;
			break;
		default:
			status = CTL_USAGE;
			break;
		}
	}
	if (status != CTL_DONE)
		return status;
	if (optind != argc || o->name == NULL ||
	    json_array_size(o->labels) == 0 ||
	    (o->csr_path == NULL) == (o->out_dir == NULL))
		return ctl_usage("%s", issue_usage);
	return CTL_DONE;
}

int
ctl_dns_set_dohpath(json_t *labels, const char *dohpath)
{
	json_t *item;
	size_t i;

	if (dohpath == NULL)
		return CTL_DONE;
	json_array_foreach(labels, i, item)
	{
		if (strcmp(ctl_text(item, "label"), "doh") == 0) {
			json_object_set_new(
			    item, "dohpath", json_string(dohpath));
			return CTL_DONE;
		}
	}
	return ctl_usage("--dohpath goes with --label doh");
}

/* DER begins with a SEQUENCE. */
#define DER_SEQUENCE 0x30

static int
add_armoured(struct buf *text, struct bytes csr)
{
	buf_adds(text, CSR_PEM_BEGIN);
	if (base64_encode(text, csr, 64) != 0)
		return -ERR_NOMEM;
	return buf_adds(text, CSR_PEM_END);
}

/* PEM text of a new key's request; the name comes from the appliance. */
static int
make_request(struct blob *key_pem, struct buf *csr_text)
{
	const struct names none = {.n = 0};
	struct blob csr = {0};
	struct key *key = NULL;
	int err = key_generate(&key);

	if (err == 0)
		err = key_make_csr(&csr, key, "", &none);
	if (err == 0)
		err = key_to_pem(key_pem, key);
	if (err == 0)
		err = add_armoured(csr_text, blob_bytes(&csr));
	blob_fini(&csr);
	key_free(key);
	return err;
}

static int
read_request(struct buf *csr_text, const char *path)
{
	struct blob file = {0};
	int err = file_read(&file, path, CSR_FILE_MAX);

	if (err == 0 && file.len != 0 && file.data[0] == DER_SEQUENCE)
		err = add_armoured(csr_text, blob_bytes(&file));
	else if (err == 0 && strlen((char *)file.data) != file.len)
		err = -ERR_INVALID;
	else if (err == 0)
		err = buf_add(csr_text, file.data, file.len);
	blob_fini(&file);
	if (err != 0)
		fprintf(stderr, "estuaryctl: %s: %s\n", path, err_text(err));
	return err;
}

static int
write_one(const char *dir, const char *name, struct bytes content, mode_t mode)
{
	char path[4096];
	int err = str_format(path, sizeof(path), "%s/%s", dir, name);

	if (err == 0)
		err = file_write(path, content, mode);
	if (err != 0)
		fprintf(stderr, "estuaryctl: %s/%s: %s\n", dir, name,
		    err_text(err));
	return err;
}

static struct bytes
member_bytes(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return (struct bytes){(const uint8_t *)json_string_value(value),
	    json_string_length(value)};
}

static int
write_files(const char *dir, const struct blob *key_pem, const json_t *answer)
{
	int err = write_one(dir, "key.pem", blob_bytes(key_pem), 0600);

	if (err == 0)
		err = write_one(
		    dir, "cert.pem", member_bytes(answer, "pem"), 0644);
	if (err == 0)
		err = write_one(dir, "fullchain.pem",
		    member_bytes(answer, "fullchain"), 0644);
	return err == 0 ? CTL_DONE : CTL_REFUSED;
}

static void
print_issued(const json_t *answer, const char *dir)
{
	const json_t *label;
	size_t i;

	printf("Certificate %s for %s\n", ctl_text(answer, "serial"),
	    ctl_text(answer, "name"));
	json_array_foreach(json_object_get(answer, "labels"), i, label)
	    printf("  %s on port %lld: %s\n", ctl_text(label, "label"),
		json_integer_value(json_object_get(label, "port")),
		ctl_text(label, "state"));
	printf("Written: %s/key.pem, cert.pem, fullchain.pem\n", dir);
}

static int
issue(const struct ctl *ctl, struct issue_options *o)
{
	struct blob key_pem = {0};
	struct buf csr_text = {0};
	json_t *answer = NULL, *body;
	int status = CTL_REFUSED;

	if (o->out_dir != NULL && mkdir(o->out_dir, 0755) != 0 &&
	    errno != EEXIST) {
		fprintf(stderr, "estuaryctl: %s: %s\n", o->out_dir,
		    strerror(errno));
		return CTL_REFUSED;
	}
	if ((o->csr_path != NULL ? read_request(&csr_text, o->csr_path)
				 : make_request(&key_pem, &csr_text)) == 0) {
		body = json_pack("{ss sO sO ss}", "name", o->name, "labels",
		    o->labels, "addresses", o->addresses, "csr",
		    buf_text(&csr_text));
		status =
		    body != NULL
			? ctl_call(ctl, "POST", "/dns-servers", body, &answer)
			: ctl_usage("the name or the CSR is not text");
	}
	if (status == CTL_DONE && o->out_dir != NULL)
		status = write_files(o->out_dir, &key_pem, answer);
	if (status == CTL_DONE && ctl->json)
		ctl_print_json(answer);
	else if (status == CTL_DONE && o->out_dir != NULL)
		print_issued(answer, o->out_dir);
	else if (status == CTL_DONE)
		fputs(ctl_text(answer, "pem"), stdout);
	json_decref(answer);
	buf_fini(&csr_text);
	key_pem_fini(&key_pem);
	return status;
}

int
ctl_dns_issue(const struct ctl *ctl, int argc, char **argv)
{
	struct issue_options o = {
	    .labels = json_array(), .addresses = json_array()};
	int status = parse_issue(&o, argc, argv);

	if (status == CTL_DONE)
		status = ctl_dns_set_dohpath(o.labels, o.dohpath);
	if (status == CTL_DONE)
		status = issue(ctl, &o);
	json_decref(o.labels);
	json_decref(o.addresses);
	return status;
}

static void
print_servers(const json_t *items)
{
	const json_t *s, *address;
	size_t i, j;

	printf("%-8s %-24s %-9s %-5s %-20s  %-40s  %-32s  %s\n", "STATE",
	    "NAME", "LABEL", "PORT", "NOT AFTER", "SERIAL", "ISSUER",
	    "ADDRESSES");
	json_array_foreach(items, i, s)
	{
		printf("%-8s %-24s %-9s %-5lld %-20s  %-40s  %-32s ",
		    ctl_text(s, "state"), ctl_text(s, "name"),
		    ctl_text(s, "label"),
		    json_integer_value(json_object_get(s, "port")),
		    ctl_text(s, "not_after"), ctl_text(s, "serial"),
		    ctl_text(s, "issuer"));
		json_array_foreach(json_object_get(s, "addresses"), j, address)
		    printf(" %s", json_string_value(address));
		putchar('\n');
	}
}

int
ctl_dns_list(const struct ctl *ctl, int argc, char **argv)
{
	json_t *answer = NULL;
	int status;

	(void)argv;
	if (argc != 1)
		return ctl_usage("dns-server list");
	status = ctl_call(ctl, "GET", "/dns-servers", NULL, &answer);
	if (status == CTL_DONE && ctl->json)
		ctl_print_json(answer);
	else if (status == CTL_DONE)
		print_servers(json_object_get(answer, "items"));
	json_decref(answer);
	return status;
}

/* promote and retire: NAME, or --name NAME; --label for one label only,
 * --serial (retire) for one certificate only. */
static int
change(const struct ctl *ctl, int argc, char **argv, const char *what)
{
	static const struct option options[] = {
	    {"name", required_argument, NULL, 'n'},
	    {"label", required_argument, NULL, 'l'},
	    {"serial", required_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
	const char *name = NULL;
	json_t *body = json_object();
	char path[400], suffix[32];
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'n')
			name = optarg;
		else if (c == 'l')
			json_object_set_new(body, "label", json_string(optarg));
		else if (c == 's')
			json_object_set_new(
			    body, "serial", json_string(optarg));
		else
			break;
	}
	if (name == NULL && optind < argc)
		name = argv[optind++];
	snprintf(suffix, sizeof(suffix), "/%s", what);
	if (c != -1 || name == NULL || optind != argc ||
	    ctl_path(path, sizeof(path), "/dns-servers", name, suffix) != 0) {
		json_decref(body);
		return ctl_usage(
		    "dns-server %s ADN [--label L] [--serial S]", what);
	}
	return ctl_call(ctl, "POST", path, body, NULL);
}

int
ctl_dns_promote(const struct ctl *ctl, int argc, char **argv)
{
	return change(ctl, argc, argv, "promote");
}

int
ctl_dns_retire(const struct ctl *ctl, int argc, char **argv)
{
	return change(ctl, argc, argv, "retire");
}
