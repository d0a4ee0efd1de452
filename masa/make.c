#include "masa/make.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "ca/idevid.h"
#include "db/masa.h"
#include "masa/files.h"

#define KEY_FILE_MAX_BYTES 65536
#define SERVICE_DAYS 3650
#define CUSTOMER_DAYS 365
#define SECONDS_A_DAY 86400
#define SERIAL_PREFIX_MAX 12

static void
key_freep(struct key **key)
{
	key_free(*key);
}

#define AUTOKEY CLEANUP(key_freep)
#define AUTOBLOB CLEANUP(blob_fini)

/* --- CAs --- */

/* A CA with its key, into two files. */
static int
make_ca(struct key **key, struct blob *cert, const char *name, const char *role,
    const char *cert_path, const char *key_path, struct reason *why)
{
	char common_name[64];
	const struct vendor_subject subject = {name, common_name};
	struct bytes der;
	int err =
	    str_format(common_name, sizeof(common_name), "%s %s", name, role);

	if (err == 0)
		err = key_generate(key);
	if (err == 0)
		err = vendor_ca_make(cert, *key, &subject, why);
	if (err == 0)
		err = pem_write(key_path, *key, NULL, 0, why);
	if (err != 0)
		return err;
	der = blob_bytes(cert);
	return pem_write(cert_path, NULL, &der, 1, why);
}

static int
load_ca(struct key **key, struct blob *cert, const struct masa_files *files,
    struct reason *why)
{
	struct blob pem CLEANUP(key_pem_fini) = {0};
	int err = cert_read(cert, files->masa_cert, why);

	if (err == 0)
		err = file_read_secret(
		    &pem, files->masa_key, KEY_FILE_MAX_BYTES, why);
	if (err == 0)
		err = key_from_pem(key, blob_bytes(&pem));
	if (err != 0 && why->text[0] == '\0')
		reason_set(why, err, "%s: %s", files->masa_key, err_text(err));
	return err;
}

/* --- the service --- */

/* Key, certificate and CA in one file. */
static int
make_service(const char *path, const struct vendor_issuer *issuer,
    const struct vendor_service *service, struct reason *why)
{
	struct key *key AUTOKEY = NULL;
	struct blob cert AUTOBLOB = {0};
	struct bytes chain[2];
	int err = key_generate(&key);

	if (err == 0)
		err = vendor_service_make(&cert, key, issuer, service, why);
	if (err != 0)
		return err;
	chain[0] = blob_bytes(&cert);
	chain[1] = issuer->cert;
	return pem_write(path, key, chain, ARRAY_LEN(chain), why);
}

static int
make_services(const struct masa_files *files,
    const struct vendor_issuer *issuer, const struct masa_options *o,
    struct reason *why)
{
	struct vendor_service service = {.role = VENDOR_TLS_SERVER,
	    .subject = {o->name, "MASA"},
	    .names = &o->names,
	    .not_after = clock_now() + (int64_t)SERVICE_DAYS * SECONDS_A_DAY};
	int err = make_service(files->tls, issuer, &service, why);

	service.role = VENDOR_VOUCHER_SIGNER;
	service.subject.common_name = "MASA vouchers";
	return err != 0 ? err
			: make_service(files->voucher, issuer, &service, why);
}

/* --- devices --- */

struct maker {
	struct store_job job;
	const struct masa_options *options;
	struct vendor_issuer issuer;
	char prefix[SERIAL_PREFIX_MAX + 1];
	struct reason *why;
};

/* Of a serial number: the name's letters and digits, in upper case. */
static void
set_prefix(struct maker *maker)
{
	size_t n = 0;

	for (const char *c = maker->options->name;
	     *c != '\0' && n < SERIAL_PREFIX_MAX; c++) {
		char upper = ascii_upper(*c);

		if ((upper >= 'A' && upper <= 'Z') ||
		    (upper >= '0' && upper <= '9'))
			maker->prefix[n++] = upper;
	}
	if (n == 0)
		strcpy(maker->prefix, "DEVICE");
}

static int
write_device(const struct maker *maker, const char *serial_number,
    const struct key *key, struct bytes cert)
{
	const char *out = maker->options->out;
	char path[PATH_MAX];
	int err =
	    str_format(path, sizeof(path), "%s/%s.key.pem", out, serial_number);

	if (err == 0)
		err = pem_write(path, key, NULL, 0, maker->why);
	if (err == 0)
		err = str_format(
		    path, sizeof(path), "%s/%s.cert.pem", out, serial_number);
	return err != 0 ? err : pem_write(path, NULL, &cert, 1, maker->why);
}

/* What a registrar would read of it is read here, too. */
static int
check_device(struct bytes der, struct reason *why)
{
	struct idevid idevid;
	int err = idevid_parse(&idevid, der, why);

	if (err == 0)
		idevid_fini(&idevid);
	return err;
}

static int
make_device(struct maker *maker, struct store_txn *txn, int64_t number)
{
	char serial_number[SERIAL_PREFIX_MAX + 16], common_name[64];
	const struct masa_options *o = maker->options;
	const struct vendor_device device = {.subject = {o->name, common_name},
	    .serial_number = serial_number,
	    .masa_url = o->masa_url,
	    .mud_url = o->mud_url,
	    .hardware_module = o->hardware_module};
	struct key *key AUTOKEY = NULL;
	struct blob cert AUTOBLOB = {0};
	int err = str_format(serial_number, sizeof(serial_number), "%s-%04lld",
	    maker->prefix, (long long)number);

	if (err == 0)
		err = str_format(common_name, sizeof(common_name), "%s %s",
		    o->name, serial_number);
	if (err == 0)
		err = key_generate(&key);
	if (err == 0)
		err = vendor_idevid_make(
		    &cert, key, &maker->issuer, &device, maker->why);
	if (err == 0)
		err = check_device(blob_bytes(&cert), maker->why);
	if (err == 0)
		err = masa_device_add(txn, serial_number, blob_bytes(&cert));
	return err != 0
		   ? err
		   : write_device(maker, serial_number, key, blob_bytes(&cert));
}

static int
devices_run(struct store_job *job, struct store_txn *txn)
{
	struct maker *maker = CONTAINER_OF(job, struct maker, job);
	int err = 0;

	for (int64_t i = 1; i <= maker->options->n_devices && err == 0; i++)
		err = make_device(maker, txn, i);
	return err;
}

/* The database is made last: with it the manufacturer is there. */
static int
make_devices(const struct masa_files *files, struct maker *maker)
{
	struct store *store = NULL;
	int err =
	    masa_store_open(&store, files->database, STORE_CREATE, maker->why);

	if (err == 0)
		err = store_apply(store, &maker->job);
	store_close(store);
	if (err != 0)
		unlink(files->database);
	return err;
}

/* --- what a registrar has to know --- */

/* An address that a registrar asks only where it is told to. */
static bool
is_private(const char *host)
{
	static const char *const prefixes[] = {"10.0.0.0/8", "127.0.0.0/8",
	    "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1",
	    "fc00::/7", "fe80::/10"};
	struct ip_addr ip;

	if (ip_parse(&ip, host) != 0)
		return strcmp(host, "localhost") == 0;
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		struct ip_prefix prefix;

		if (ip_prefix_parse(&prefix, prefixes[i]) == 0 &&
		    ip_prefix_contains(&prefix, &ip))
			return true;
	}
	return false;
}

static int
write_anchors(const struct masa_options *o, struct bytes vendor,
    struct bytes masa, struct reason *why)
{
	char path[PATH_MAX];
	int err = file_in(path, o->out, "vendor-ca.pem");

	if (err == 0)
		err = pem_write(path, NULL, &vendor, 1, why);
	if (err == 0)
		err = file_in(path, o->out, "masa-ca.pem");
	return err != 0 ? err : pem_write(path, NULL, &masa, 1, why);
}

static int
print_command(const struct masa_options *o)
{
	char host[NAME_TEXT_MAX];
	uint16_t port;
	int err = host_port_split(host, sizeof(host), &port, o->masa_url, 0);

	if (err != 0)
		return err;
	printf("estuaryctl manufacturer add \"%s\" --policy allow"
	       " --anchor \"%s/vendor-ca.pem\" --masa-ca \"%s/masa-ca.pem\""
	       " --voucher-ca \"%s/masa-ca.pem\" --masa-host %s%s%s\n",
	    o->name, o->out, o->out, o->out, host,
	    is_private(host) ? " --masa-private" : "",
	    o->hardware_module ? " --serial-source hardware-module" : "");
	return 0;
}

/* --- commands --- */

static int
make(const struct masa_options *o, const struct masa_files *files,
    struct reason *why)
{
	struct key *vendor_key AUTOKEY = NULL, *masa_key AUTOKEY = NULL;
	struct blob vendor AUTOBLOB = {0}, masa AUTOBLOB = {0};
	struct maker maker = {
	    .job = {.run = devices_run}, .options = o, .why = why};
	struct vendor_issuer issuer;
	int err = make_ca(&vendor_key, &vendor, o->name, "Vendor CA",
	    files->vendor_cert, files->vendor_key, why);

	if (err == 0)
		err = make_ca(&masa_key, &masa, o->name, "MASA CA",
		    files->masa_cert, files->masa_key, why);
	if (err != 0)
		return err;
	issuer = (struct vendor_issuer){blob_bytes(&masa), masa_key};
	maker.issuer = (struct vendor_issuer){blob_bytes(&vendor), vendor_key};
	set_prefix(&maker);
	err = make_services(files, &issuer, o, why);
	if (err == 0)
		err = write_anchors(
		    o, blob_bytes(&vendor), blob_bytes(&masa), why);
	return err != 0 ? err : make_devices(files, &maker);
}

int
masa_make(const struct masa_options *o, struct reason *why)
{
	AUTOFREE struct masa_files *files = calloc(1, sizeof(*files));
	int err = files != NULL ? masa_files_init(files, o->state_dir, why)
				: -ERR_NOMEM;

	if (err == 0 && file_exists(files->database))
		err = reason_set(why, -ERR_EXISTS,
		    "%s: a manufacturer is there already; use another state "
		    "directory",
		    o->state_dir);
	if (err == 0)
		err = dir_make(o->state_dir, 0700, why);
	if (err == 0)
		err = dir_make(o->out, 0755, why);
	if (err == 0)
		err = make(o, files, why);
	return err != 0 ? err : print_command(o);
}

int
masa_customer(const struct masa_options *o, struct reason *why)
{
	AUTOFREE struct masa_files *files = calloc(1, sizeof(*files));
	struct key *key AUTOKEY = NULL;
	struct blob cert AUTOBLOB = {0};
	const struct vendor_service service = {.role = VENDOR_CUSTOMER,
	    .subject = {o->name, "MASA customer"},
	    .not_after = clock_now() + (int64_t)CUSTOMER_DAYS * SECONDS_A_DAY};
	struct vendor_issuer issuer;
	int err = files != NULL ? masa_files_init(files, o->state_dir, why)
				: -ERR_NOMEM;

	if (err == 0)
		err = load_ca(&key, &cert, files, why);
	if (err != 0)
		return err;
	issuer = (struct vendor_issuer){blob_bytes(&cert), key};
	return make_service(o->out, &issuer, &service, why);
}

struct own_job {
	struct store_job job;
	const char *serial_number;
	struct bytes owner;
};

static int
own_run(struct store_job *job, struct store_txn *txn)
{
	struct own_job *own = CONTAINER_OF(job, struct own_job, job);

	return masa_device_own(txn, own->serial_number, own->owner);
}

int
masa_own(const struct masa_options *o, struct reason *why)
{
	AUTOFREE struct masa_files *files = calloc(1, sizeof(*files));
	struct own_job own = {
	    .job = {.run = own_run}, .serial_number = o->serial_number};
	struct blob owner AUTOBLOB = {0};
	struct store *store = NULL;
	int err = files != NULL ? masa_files_init(files, o->state_dir, why)
				: -ERR_NOMEM;

	if (err == 0)
		err = cert_read(&owner, o->domain_ca, why);
	if (err == 0)
		err = masa_store_open(&store, files->database, STORE_OPEN, why);
	own.owner = blob_bytes(&owner);
	if (err == 0)
		err = store_apply(store, &own.job);
	if (err == -ERR_NOT_FOUND && why->text[0] == '\0')
		reason_set(why, err,
		    "no device of this manufacturer has the serial number %s",
		    o->serial_number);
	store_close(store);
	return err;
}
