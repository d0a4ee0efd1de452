#include "registrar/dns_import.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "ca/server_cert.h"
#include "db/certificate.h"
#include "db/dns_server.h"
#include "registrar/internal.h"

/* --- judging --- */

/* Endpoints validate paths, and nothing but itself vouches for it. */
static int
check_issuer(const struct dns_import *import, struct reason *why)
{
	const struct trust *own = import->registrar->trust;

	/* [RFC8295 3.2] */
	if (import->info.self_issued)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8295 3.2: the certificate is self-signed, and "
		    "endpoints reject what no CA that they trust issued");
	if (own == NULL || trust_verify_server(own, blob_bytes(&import->cert),
			       NULL, clock_now(), NULL) != 0)
		return 0;
	return reason_set(why, -ERR_REFUSED,
	    "the certificate is one of this appliance's own CA, which "
	    "publishes them by itself: see 'dns-server list'");
}

static int
judge(struct dns_import *import, struct bytes pem, struct reason *why)
{
	int err = dns_entry_check(&import->entry, why);

	if (err == 0)
		err = server_cert_from_pem(
		    &import->cert, &import->n_ignored, pem, why);
	if (err == 0)
		err =
		    server_cert_check(&import->info, blob_bytes(&import->cert),
			import->entry.adn, clock_now(), why);
	return err == 0 ? check_issuer(import, why) : err;
}

/* --- storing --- */

struct stored {
	const struct dns_import *import;
	int64_t id; /* 0: not there */
	struct reason *why;
};

static int
look_at_certificate(void *arg, const struct certificate *c)
{
	struct stored *stored = arg;

	if (!bytes_equal(c->der, blob_bytes(&stored->import->cert)))
		return reason_set(stored->why, -ERR_REFUSED,
		    "another certificate has the serial number %s, and this "
		    "appliance tells certificates apart by it",
		    c->serial);
	stored->id = c->id;
	return 0;
}

/* A service that has this very certificate already. */
static int
look_at_server(void *arg, const struct dns_server *s)
{
	struct stored *stored = arg;
	const struct dns_entry *entry = &stored->import->entry;

	if (s->certificate_id != stored->id ||
	    strcmp(s->state, "retired") == 0 ||
	    !ascii_equal_nocase(s->adn, entry->adn))
		return 0;
	for (size_t i = 0; i < entry->n_services; i++)
		if (strcmp(entry->services[i].label, s->label) == 0)
			return reason_set(stored->why, -ERR_REFUSED,
			    "the certificate is already there: %s for %s of "
			    "%.100s",
			    s->state, s->label, s->adn);
	return 0;
}

static int
put(struct store_txn *txn, int64_t *id, const struct dns_import *import)
{
	const struct cert_info *info = &import->info;
	const struct certificate row = {.serial = info->serial,
	    .subject = info->subject,
	    .profile = CERTIFICATE_IMPORTED,
	    .identity = import->entry.adn,
	    .issued_at = clock_now(),
	    .not_before = info->not_before,
	    .not_after = info->not_after,
	    .der = blob_bytes(&import->cert)};

	return certificate_import(txn, id, &row, import->actor);
}

static int
store_run(struct store_job *job, struct store_txn *txn)
{
	struct dns_import *import = CONTAINER_OF(job, struct dns_import, job);
	struct stored stored = {.import = import, .why = &import->why};
	struct store_reader *reader = store_txn_reader(txn);
	int err = certificate_get(
	    reader, import->info.serial, look_at_certificate, &stored);

	if (err == 0)
		err = dns_server_list(reader, look_at_server, &stored);
	else if (err == -ERR_NOT_FOUND)
		err = put(txn, &stored.id, import);
	if (err != 0)
		return err;
	return dns_entry_store(txn, &import->entry, stored.id, import->actor);
}

static void
store_done(struct store_job *job)
{
	struct dns_import *import = CONTAINER_OF(job, struct dns_import, job);

	import->result = job->result;
	if (import->result != 0 && import->why.text[0] == '\0')
		reason_set(&import->why, import->result, "%s",
		    err_text(import->result));
	import->done(import);
}

int
registrar_dns_import(struct dns_import *import, struct bytes pem)
{
	int err = judge(import, pem, &import->why);

	if (err != 0)
		return err;
	import->job = (struct store_job){
	    .run = store_run, .done = store_done, .source = import->source};
	err = store_submit(import->registrar->config.store, &import->job);
	return err == 0 ? 0
			: reason_set(&import->why, err, "%s", err_text(err));
}

void
dns_import_fini(struct dns_import *import)
{
	blob_fini(&import->cert);
}
