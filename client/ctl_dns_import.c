/* estuaryctl dns-server import. */
#include "client/ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "ca/cert.h"
#include "ca/key.h"

/* A leaf and its chain, with room for the rest of the API's body. */
#define CERT_FILE_MAX 49152
/* DER begins with a SEQUENCE. */
#define DER_SEQUENCE 0x30

static const char import_usage[] =
    "dns-server import --name ADN --label domain-s[:PORT] "
    "[--label doh[:PORT] [--dohpath TEMPLATE]] [--ip A ...] --cert FILE";

struct import_options {
	const char *name, *dohpath, *cert_path;
	json_t *labels, *addresses;
};

static int
take_option(struct import_options *o, int c)
{
	switch (c) {
	case 'n':
		o->name = optarg;
		return CTL_DONE;
	case 'l':
		return ctl_dns_add_label(o->labels, optarg);
	case 'd':
		o->dohpath = optarg;
		return CTL_DONE;
	case 'i':
		json_array_append_new(o->addresses, json_string(optarg));
		return CTL_DONE;
	case 'c':
		o->cert_path = optarg;
		return CTL_DONE;
	default:
		return ctl_usage("%s", import_usage);
	}
}

static int
parse_import(struct import_options *o, int argc, char **argv)
{
	static const struct option options[] = {
	    {"name", required_argument, NULL, 'n'},
	    {"label", required_argument, NULL, 'l'},
	    {"dohpath", required_argument, NULL, 'd'},
	    {"ip", required_argument, NULL, 'i'},
	    {"cert", required_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
	int c, status = CTL_DONE;

	while (status == CTL_DONE &&
	       (c = getopt_long(argc, argv, "", options, NULL)) != -1)
		status = take_option(o, c);
	if (status != CTL_DONE)
		return status;
	if (optind != argc || o->name == NULL || o->cert_path == NULL ||
	    json_array_size(o->labels) == 0)
		return ctl_usage("%s", import_usage);
	return ctl_dns_set_dohpath(o->labels, o->dohpath);
}

/* A key never leaves this machine: not even towards the appliance. */
static int
check_no_key(const struct blob *file, const char *path)
{
	static const char word[] = "PRIVATE KEY-----";

	if (file->data == NULL ||
	    memmem(file->data, file->len, word, sizeof(word) - 1) == NULL)
		return 0;
	fprintf(stderr,
	    "estuaryctl: %s holds a private key: it stays with the DNS server; "
	    "give the certificate only\n",
	    path);
	return -ERR_REFUSED;
}

/* PEM text, from PEM or DER. */
static int
read_cert(struct buf *pem, const char *path)
{
	struct blob file CLEANUP(key_pem_fini) = {0};
	int err = file_read(&file, path, CERT_FILE_MAX);

	if (err == 0 && check_no_key(&file, path) != 0)
		return -ERR_REFUSED;
	if (err == 0 && file.len != 0 && file.data[0] == DER_SEQUENCE)
		err = cert_to_pem(pem, blob_bytes(&file));
	else if (err == 0 && strlen((char *)file.data) != file.len)
		err = -ERR_INVALID;
	else if (err == 0)
		err = buf_add(pem, file.data, file.len);
	if (err != 0)
		fprintf(stderr, "estuaryctl: %s: %s\n", path,
		    err == -ERR_INVALID ? "neither PEM nor DER"
					: err_text(err));
	return err;
}

static void
print_imported(const json_t *answer)
{
	const char *name = ctl_text(answer, "name");
	const json_t *label;
	size_t i;

	printf("Certificate %s for %s, issued by %s\n",
	    ctl_text(answer, "serial"), name, ctl_text(answer, "issuer"));
	json_array_foreach(json_object_get(answer, "labels"), i, label)
	{
		const char *text = ctl_text(label, "label");

		printf("  %s on port %lld: %s\n", text,
		    json_integer_value(json_object_get(label, "port")),
		    ctl_text(label, "state"));
		if (json_is_false(json_object_get(label, "srv_id")))
			fprintf(stderr,
			    "estuaryctl: warning: the certificate has no "
			    "SRV-ID _%s.%s: endpoints that pick by SRV-ID pass "
			    "it over\n",
			    text, name);
	}
}

static int
import(const struct ctl *ctl, const struct import_options *o)
{
	struct buf pem CLEANUP(buf_fini) = {0};
	json_t *answer = NULL, *body;
	int status;

	if (read_cert(&pem, o->cert_path) != 0)
		return CTL_REFUSED;
	body = json_pack("{ss sO sO ss}", "name", o->name, "labels", o->labels,
	    "addresses", o->addresses, "cert", buf_text(&pem));
	if (body == NULL)
		return ctl_usage("the name or the certificate is not text");
	status = ctl_call(ctl, "POST", "/dns-servers/import", body, &answer);
	if (status == CTL_DONE && ctl->json)
		ctl_print_json(answer);
	else if (status == CTL_DONE)
		print_imported(answer);
	json_decref(answer);
	return status;
}

int
ctl_dns_import(const struct ctl *ctl, int argc, char **argv)
{
	struct import_options o = {
	    .labels = json_array(), .addresses = json_array()};
	int status = parse_import(&o, argc, argv);

	if (status == CTL_DONE)
		status = import(ctl, &o);
	json_decref(o.labels);
	json_decref(o.addresses);
	return status;
}
