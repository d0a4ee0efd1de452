#include "registrar/enroll.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "db/identity.h"
#include "registrar/binding.h"
#include "registrar/device.h"
#include "registrar/enroll_device.h"
#include "registrar/enroll_dns.h"
#include "registrar/internal.h"
#include "registrar/issued.h"
#include "registrar/name_policy.h"
#include "registrar/refusal.h"

void
enroll_refused(struct registrar *registrar, const char *identity,
    const struct ip_addr *source, const char *detail, const char *why)
{
	const struct refusal refusal = {.event = "est.refused",
	    .detail = detail,
	    .identity = identity,
	    .source = source};
	char address[IP_TEXT_MAX], quoted[300];

	ip_format(address, source);
	log_warn("enrollment refused", "identity=%s source=%s reason=%s",
	    identity[0] != '\0' ? identity : "-", address,
	    log_quote(quoted, sizeof(quoted), why));
	refusal_record(registrar, &refusal);
}

/* What a client did wrong is audited; what is busy or broken here is not its
 * doing. */
static int
refuse(struct enroll *enroll, int err, const char *detail)
{
	if (enroll->why.text[0] == '\0')
		reason_set(&enroll->why, err, "%s", err_text(err));
	if (err == -ERR_INVALID || err == -ERR_REFUSED || err == -ERR_TOO_LARGE)
		enroll_refused(enroll->registrar, enroll->who.identity,
		    &enroll->source, detail, enroll->why.text);
	return err;
}

static const char *
detail_of(const struct enroll *enroll, int result)
{
	if (enroll->approval.result == APPROVAL_DENIED)
		return "denied by the administrator";
	return result == -ERR_INVALID ? ENROLL_BAD_REQUEST : "at issue";
}

static void
finish(struct enroll *enroll, int result)
{
	enroll->result = result;
	if (result < 0) {
		blob_fini(&enroll->sign.cert);
		refuse(enroll, result, detail_of(enroll, result));
	}
	enroll->done(enroll);
}

/* --- into the store --- */

struct standing {
	bool unlimited;
	struct reason *why;
};

static int
check_enabled(void *arg, const struct identity *identity)
{
	struct standing *standing = arg;

	standing->unlimited = identity->uses_left == IDENTITY_UNLIMITED;
	return identity->disabled ? reason_set(standing->why, -ERR_REFUSED,
					"the identity was disabled")
				  : 0;
}

/* [RFC7030 4.2.3] One approval is good for one certificate. */
static int
take_approval(struct enroll *enroll, struct store_txn *txn)
{
	int err = approval_take(txn, APPROVAL_ENROLLMENT, enroll->approval.key);

	return err == -ERR_NOT_FOUND
		   ? reason_set(&enroll->why, -ERR_REFUSED,
			 "the approval was used by another certificate")
		   : err;
}

/* A PAKE's connection took one, unless asking for approval must be free. */
static bool
takes_use(const struct enroll *enroll)
{
	return enroll->who.how == REQUESTER_BASIC ||
	       (enroll->who.how == REQUESTER_PAKE && enroll->by_approval);
}

/* The administrator may have changed his mind while the signer worked. */
static int
check_identity(struct enroll *enroll, struct store_txn *txn)
{
	struct standing standing = {.why = &enroll->why};
	int64_t id = enroll->who.identity_id;
	int err =
	    identity_get(store_txn_reader(txn), id, check_enabled, &standing);

	if (err == -ERR_NOT_FOUND)
		return reason_set(
		    &enroll->why, -ERR_REFUSED, "the identity was removed");
	if (err == 0)
		err = device_check_identity(
		    store_txn_reader(txn), id, &enroll->why);
	if (err == 0 && enroll->by_approval)
		err = take_approval(enroll, txn);
	if (err != 0 || standing.unlimited || !takes_use(enroll))
		return err;
	err = identity_take_use(txn, id);
	if (err == CONFIRM_USED_UP)
		return reason_set(&enroll->why, -ERR_REFUSED,
		    "the last use of this code or password was taken by "
		    "another certificate");
	return err;
}

static int
store_run(struct store_job *job, struct store_txn *txn)
{
	struct enroll *enroll = CONTAINER_OF(job, struct enroll, job);
	const struct profile *profile = profile_get(enroll->sign.profile);
	char source[IP_TEXT_MAX], actor[CLAIM_IDENTITY_MAX + 16];
	const struct certificate row = {.profile = profile->name,
	    .identity = enroll->who.identity,
	    .identity_id = enroll->who.identity_id,
	    .source = source};
	int64_t id = 0;
	int err = check_identity(enroll, txn);

	ip_format(source, &enroll->source);
	snprintf(actor, sizeof(actor), "identity %s", enroll->who.identity);
	if (err == 0)
		err = issued_put(txn, &id, enroll->serial,
		    blob_bytes(&enroll->sign.cert), &row, actor, &enroll->why);
	if (err == 0 && profile->id == PROFILE_DNS_SERVER)
		err = enroll_dns_store(txn, &enroll->sign.names, id, actor);
	if (err == 0)
		err = device_note_certificate(
		    txn, row.identity_id, enroll->serial, clock_now(), actor);
	return err;
}

static void
store_done(struct store_job *job)
{
	struct enroll *enroll = CONTAINER_OF(job, struct enroll, job);

	if (job->result == 0)
		log_info("certificate issued", "serial=%s identity=%s",
		    enroll->serial, enroll->who.identity);
	finish(enroll, job->result);
}

static void
sign_done(struct signer_request *sign)
{
	struct enroll *enroll = CONTAINER_OF(sign, struct enroll, sign);
	int err = sign->result;

	if (err != 0) {
		enroll->why = sign->why;
		finish(enroll, err);
		return;
	}
	enroll->job = (struct store_job){.run = store_run, .done = store_done};
	err = store_submit(enroll->registrar->config.store, &enroll->job);
	if (err != 0)
		finish(enroll, err);
}

/* --- judging --- */

/* Path validation takes a common name for a DNS-ID where there is no other: it
 * would fall under the CA's name constraints. */
static bool
reads_as_domain(const char *common_name)
{
	size_t len = strlen(common_name);

	return strchr(common_name, '.') != NULL &&
	       strspn(common_name, "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "-_.") == len;
}

static int
check_common_name(struct enroll *enroll)
{
	const struct constraints *c =
	    signer_constraints(enroll->registrar->config.signer);
	const char *cn = enroll->sign.common_name;
	bool inside = c->n_domains == 0;

	for (size_t i = 0; i < c->n_domains && !inside; i++)
		inside = domain_within(cn, c->domains[i]);
	if (inside || !reads_as_domain(cn))
		return 0;
	return reason_set(&enroll->why, -ERR_REFUSED,
	    "the common name %.100s reads as a domain name outside the domains "
	    "that this CA may name",
	    cn);
}

static int
send_to_signer(struct enroll *enroll)
{
	struct signer_request *sign = &enroll->sign;
	int err;

	sign->not_before = clock_now();
	sign->done = sign_done;
	err = signer_submit(enroll->registrar->config.signer, sign);
	return err == 0 ? 0
			: reason_set(&enroll->why, err,
			      "the signer takes no requests now (%s); send the "
			      "same one again later",
			      err_text(err));
}

static void
approval_done(struct approval_request *approval)
{
	struct enroll *enroll = CONTAINER_OF(approval, struct enroll, approval);
	int err = approval->result;

	switch (err) {
	case 0:
		err = send_to_signer(enroll);
		break;
	case APPROVAL_WAITING:
		err = ENROLL_WAITING;
		enroll->why = approval->why;
		enroll->retry_after_s = approval->retry_after_s;
		break;
	case APPROVAL_DENIED:
		err = -ERR_REFUSED;
		enroll->why = approval->why;
		break;
	default:
		enroll->why = approval->why;
		break;
	}
	if (err != 0)
		finish(enroll, err);
}

/* What the administrator is to decide about. */
static void
describe(char out[APPROVAL_SUBJECT_MAX], const struct enroll *enroll)
{
	const struct signer_request *sign = &enroll->sign;
	const char *cn = sign->common_name;
	struct buf text = {.max = APPROVAL_SUBJECT_MAX - sizeof(" ...")};

	buf_printf(&text, "%s (%.200s), profile %s", enroll->who.identity,
	    enroll->who.name, profile_get(sign->profile)->name);
	if (strcmp(cn, enroll->who.identity) != 0 && cn[0] != '\0')
		buf_printf(&text, ", CN=%s", cn);
	for (size_t i = 0; i < sign->names.n && text.err == 0; i++)
		buf_printf(&text, ", %s", sign->names.items[i].text);
	snprintf(out, APPROVAL_SUBJECT_MAX, "%s%s", buf_text(&text),
	    text.err != 0 ? " ..." : "");
	buf_fini(&text);
}

/* The same requester that asks for the same names for the same key asks for the
 * same. The request as a whole differs each time that it is signed anew, as it
 * must be for another connection. [RFC7030 3.5] */
static int
approval_key(
    uint8_t key[32], const struct enroll *enroll, const struct csr *csr)
{
	const struct signer_request *sign = &enroll->sign;
	uint8_t spki[32];
	struct buf text = {0};
	int err = csr_key_sha256(spki, csr);

	if (err != 0)
		return err;
	buf_printf(&text, "%lld\n%d\n%s\n", (long long)enroll->who.identity_id,
	    (int)sign->profile, sign->common_name);
	for (size_t i = 0; i < sign->names.n; i++)
		buf_printf(&text, "%d %s\n", (int)sign->names.items[i].type,
		    sign->names.items[i].text);
	err = buf_add(&text, spki, sizeof(spki));
	if (err == 0)
		cert_sha256(
		    key, (struct bytes){(uint8_t *)text.data, text.len});
	buf_fini(&text);
	return err;
}

static int
ask_approval(struct enroll *enroll, const struct csr *csr)
{
	struct approval_request *a = &enroll->approval;
	int err = approval_key(a->key, enroll, csr);

	if (err != 0)
		return err;
	a->registrar = enroll->registrar;
	a->kind = APPROVAL_ENROLLMENT;
	a->source = enroll->source;
	a->identity_id = enroll->who.identity_id;
	a->done = approval_done;
	describe(a->subject, enroll);
	err = approval_request(a);
	if (err != 0)
		enroll->why = a->why;
	return err;
}

/* Nothing that the signer would refuse is sent there. */
static int
submit(struct enroll *enroll, const struct csr *csr)
{
	const struct registrar_config *config = &enroll->registrar->config;
	struct signer_request *sign = &enroll->sign;
	struct bytes der = csr_der(csr);
	int err = profile_check_names(profile_get(sign->profile), &sign->names,
	    config->server_name, &enroll->why);

	if (err == 0)
		err = constraints_check(signer_constraints(config->signer),
		    &sign->names, &enroll->why);
	if (err == 0)
		err = check_common_name(enroll);
	if (err != 0)
		return refuse(enroll, err, "names outside profile or CA");
	/* csr_read_text() takes no more than fits here. */
	memcpy(sign->csr, der.data, der.len);
	sign->csr_len = der.len;
	if (!enroll->by_approval)
		return send_to_signer(enroll);
	/* Nobody is asked about somebody else's key. */
	err = csr_check_proof(csr, &enroll->why);
	if (err != 0)
		return refuse(enroll, -ERR_INVALID, ENROLL_BAD_REQUEST);
	return ask_approval(enroll, csr);
}

static int
check_binding(struct enroll *enroll, const struct csr *csr)
{
	int err = binding_check(csr_challenge(csr), &enroll->binding,
	    enroll->registrar->config.binding_required, &enroll->why);

	return err == 0 ? 0 : refuse(enroll, err, "channel binding");
}

/* An empty subject becomes the identity; for a DNS server, its ADN. */
static int
set_common_name(struct enroll *enroll, const struct csr *csr)
{
	const char *cn = csr_common_name(csr);

	if (cn[0] == '\0' && enroll->sign.profile == PROFILE_DNS_SERVER) {
		cn = enroll->sign.names.items[0].text;
		for (size_t i = 0; i < enroll->sign.names.n; i++)
			if (enroll->sign.names.items[i].type == NAME_DNS)
				cn = enroll->sign.names.items[i].text;
		if (strlen(cn) > COMMON_NAME_MAX)
			cn = "";
	} else if (cn[0] == '\0') {
		cn = enroll->who.identity;
	}
	return str_format(enroll->sign.common_name,
	    sizeof(enroll->sign.common_name), "%s", cn);
}

int
registrar_enroll(
    struct enroll *enroll, const struct csr *csr, struct store_reader *reader)
{
	const struct profile *profile = profile_find(enroll->who.profile);
	const char *patterns = enroll->who.allow_names;
	int err = check_binding(enroll, csr);

	if (err != 0)
		return err;
	if (profile == NULL)
		return reason_set(&enroll->why, -ERR_CORRUPT,
		    "the identity has an unknown profile");
	enroll->by_approval = enroll->who.approval;
	enroll->sign.profile = profile->id;
	enroll->sign.names = *csr_names(csr);
	if (profile->id == PROFILE_DNS_SERVER)
		err = enroll_dns_check(csr, patterns, reader, &enroll->why);
	else if (profile->id == PROFILE_DEVICE)
		err = enroll_device_check(enroll, csr, reader);
	else
		err = name_policy_check(
		    csr, enroll->who.identity, patterns, &enroll->why);
	if (err == 0 && profile->id != PROFILE_DEVICE)
		err = set_common_name(enroll, csr);
	if (err != 0)
		return refuse(enroll, err, "names that are not allowed to it");
	return submit(enroll, csr);
}

/* [RFC7030 4.2.2] The strings of the subject are compared, not their types: the
 * CA writes UTF8String whatever a request uses. */
static int
check_same(const struct csr *csr, const struct client_cert *renewed,
    struct reason *why)
{
	const struct cert_info *cert = &renewed->info;

	if (!csr_subject_is_of(csr, blob_bytes(&renewed->der)) ||
	    strcmp(csr_common_name(csr), cert->common_name) != 0 ||
	    strcmp(csr_serial_number(csr), cert->serial_number) != 0)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 7030 4.2.2: the request's subject is not identical to "
		    "the certificate's, %.100s",
		    cert->subject);
	if (!names_equal(csr_names(csr), &cert->names))
		return reason_set(why, -ERR_REFUSED,
		    "RFC 7030 4.2.2: the request's subjectAltName is not "
		    "identical to that of the certificate");
	return 0;
}

int
registrar_reenroll(struct enroll *enroll, const struct csr *csr,
    const struct client_cert *cert)
{
	const struct profile *profile = profile_find(enroll->who.cert_profile);
	int err = check_binding(enroll, csr);

	if (err != 0)
		return err;
	if (profile == NULL)
		return reason_set(&enroll->why, -ERR_CORRUPT,
		    "the certificate has an unknown profile");
	err = check_same(csr, cert, &enroll->why);
	if (err != 0)
		return refuse(
		    enroll, err, "re-enrollment with another subject or name");
	enroll->sign.profile = profile->id;
	enroll->sign.names = *csr_names(csr);
	memcpy(enroll->sign.common_name, cert->info.common_name,
	    sizeof(enroll->sign.common_name));
	memcpy(enroll->sign.serial_number, cert->info.serial_number,
	    sizeof(enroll->sign.serial_number));
	return submit(enroll, csr);
}
