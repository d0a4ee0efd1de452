#include "registrar/requester.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "db/certificate.h"
#include "db/identity.h"
#include "registrar/device.h"
#include "registrar/internal.h"

struct load {
	struct requester *out;
	struct reason *why;
};

static bool
password_counts(const struct identity *i, int64_t now)
{
	return i->basic && i->uses_left != 0 && i->guesses_left > 0 &&
	       (i->expires_at == IDENTITY_NEVER || i->expires_at > now);
}

static int
load_identity(void *arg, const struct identity *i)
{
	const struct load *load = arg;
	struct requester *out = load->out;

	if (i->disabled)
		return reason_set(load->why, -ERR_REFUSED,
		    "the identity '%.80s' was disabled by the administrator",
		    i->wire_name);
	if (out->how == REQUESTER_BASIC && !password_counts(i, clock_now()))
		return -ERR_PERMISSION;
	out->identity_id = i->id;
	snprintf(out->identity, sizeof(out->identity), "%s", i->wire_name);
	snprintf(out->name, sizeof(out->name), "%s", i->name);
	out->expires_at = i->expires_at;
	out->approval = i->approval;
	snprintf(out->profile, sizeof(out->profile), "%s", i->profile);
	snprintf(
	    out->allow_names, sizeof(out->allow_names), "%s", i->allow_names);
	return 0;
}

int
requester_load(struct requester *out, struct store_reader *reader,
    int64_t identity_id, enum requester_how how, struct reason *why)
{
	struct load load = {.out = out, .why = why};
	int err;

	out->how = how;
	if (how != REQUESTER_CERT)
		out->cert_profile[0] = '\0';
	err = identity_get(reader, identity_id, load_identity, &load);
	if (err == 0)
		err = device_check_identity(reader, identity_id, why);
	if (err == -ERR_NOT_FOUND)
		return reason_set(why, -ERR_REFUSED,
		    "the identity was removed by the administrator");
	return err;
}

int
client_cert_new(
    struct client_cert **out, struct registrar *registrar, struct blob *der)
{
	struct client_cert *cert = calloc(1, sizeof(*cert));
	struct reason detail = {""};
	int err;

	if (cert == NULL)
		return -ERR_NOMEM;
	cert->der = *der;
	*der = (struct blob){NULL, 0};
	err = trust_verify_client(
	    registrar->trust, blob_bytes(&cert->der), clock_now(), &detail);
	if (err == 0)
		err = cert_parse(&cert->info, blob_bytes(&cert->der), &detail);
	if (err == -ERR_NOMEM) {
		client_cert_free(cert);
		return err;
	}
	if (err != 0)
		cert->result = reason_set(&cert->why, -ERR_PERMISSION,
		    "the client certificate is not a valid one of this CA: "
		    "%.150s",
		    detail.text);
	*out = cert;
	return 0;
}

void
client_cert_free(struct client_cert *cert)
{
	if (cert == NULL)
		return;
	blob_fini(&cert->der);
	free(cert);
}

struct stored {
	const struct client_cert *cert;
	struct requester *out;
	int64_t identity_id;
	struct reason *why;
};

static int
look_at_stored(void *arg, const struct certificate *c)
{
	struct stored *stored = arg;

	if (!bytes_equal(c->der, blob_bytes(&stored->cert->der)))
		return reason_set(stored->why, -ERR_REFUSED,
		    "the client certificate is not the one that was issued "
		    "with its serial number");
	if (strcmp(c->state, "valid") != 0)
		return reason_set(stored->why, -ERR_REFUSED,
		    "the client certificate is %.20s", c->state);
	if (c->identity_id == 0)
		return reason_set(stored->why, -ERR_REFUSED,
		    "the client certificate belongs to no identity: the "
		    "administrator issued it, and renews it");
	stored->identity_id = c->identity_id;
	snprintf(stored->out->cert_profile, sizeof(stored->out->cert_profile),
	    "%s", c->profile);
	return 0;
}

int
requester_from_cert(struct requester *out, struct store_reader *reader,
    const struct client_cert *cert, struct reason *why)
{
	struct stored stored = {.cert = cert, .out = out, .why = why};
	int64_t now = clock_now();
	int err;

	if (cert->result != 0) {
		*why = cert->why;
		return cert->result;
	}
	if (cert->info.not_after <= now || cert->info.not_before > now)
		return reason_set(why, -ERR_PERMISSION,
		    "the client certificate is outside its validity");
	err =
	    certificate_get(reader, cert->info.serial, look_at_stored, &stored);
	if (err == -ERR_NOT_FOUND)
		return reason_set(why, -ERR_REFUSED,
		    "the client certificate is not among those that this CA "
		    "keeps");
	if (err != 0)
		return err;
	return requester_load(
	    out, reader, stored.identity_id, REQUESTER_CERT, why);
}
