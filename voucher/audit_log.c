#include "voucher/audit_log.h"

#include <string.h>

#include <openssl/err.h>

#include "base/base64.h"
#include "base/str.h"
#include "voucher/json_util.h"
#include "voucher/ossl.h"
#include "voucher/date_time.h"

#define COUNT_MAX 1000000000

static int
malformed(struct reason *why, const char *what)
{
	return reason_set(why, -ERR_INVALID, "RFC 8995 5.8.1: %s", what);
}

/* --- in --- */

static int
read_domain_id(struct audit_log_event *out, const json_t *value)
{
	struct blob id AUTOBLOB = {0};

	if (!json_is_string(value) ||
	    base64_decode(
		&id, json_string_value(value), json_string_length(value)) != 0)
		return -ERR_INVALID;
	if (id.len == 0 || id.len > sizeof(out->domain_id))
		return -ERR_INVALID;
	memcpy(out->domain_id, id.data, id.len);
	out->domain_id_len = id.len;
	return 0;
}

static int
read_nonce(struct audit_log_event *out, const json_t *value)
{
	if (value == NULL || json_is_null(value))
		return 0;
	if (!json_is_string(value) ||
	    json_string_length(value) != strlen(json_string_value(value)) ||
	    !str_is_printable(json_string_value(value)))
		return -ERR_INVALID;
	/* [RFC8995 5.8.1] Some MASAs write the word instead of the value. */
	if (strcmp(json_string_value(value), "NULL") == 0)
		return 0;
	return str_format(
	    out->nonce, sizeof(out->nonce), "%s", json_string_value(value));
}

static int
read_event(struct audit_log_event *out, const json_t *event, struct reason *why)
{
	const json_t *date = json_object_get(event, "date");
	const json_t *assertion = json_object_get(event, "assertion");

	if (!json_is_object(event))
		return malformed(why, "an event is not an object");
	if (!json_is_string(date) ||
	    voucher_time_parse(&out->date, json_string_value(date),
		json_string_length(date)) != 0)
		return malformed(why, "an event's date is not RFC 3339");
	if (read_domain_id(out, json_object_get(event, "domainID")) != 0)
		return malformed(why, "an event's domainID is not base64");
	if (read_nonce(out, json_object_get(event, "nonce")) != 0)
		return malformed(why, "an event's nonce is not a text");
	if (!json_is_string(assertion) ||
	    voucher_assertion_parse(
		&out->assertion, json_string_value(assertion)) != 0)
		return malformed(why, "an event's assertion is not known");
	if (json_count(&out->truncated, event, "truncated", COUNT_MAX, 0) != 0)
		return malformed(why, "an event's truncated is not a number");
	return 0;
}

static int
read_events(struct audit_log *out, const json_t *events, struct reason *why)
{
	size_t n = json_array_size(events);
	const json_t *event;
	size_t i;

	if (!json_is_array(events))
		return malformed(why, "events is missing");
	if (n > AUDIT_LOG_EVENTS_MAX)
		return reason_set(why, -ERR_TOO_LARGE,
		    "the audit log has more than %d events",
		    AUDIT_LOG_EVENTS_MAX);
	out->events = calloc(n + 1, sizeof(*out->events));
	if (out->events == NULL)
		return -ERR_NOMEM;
	json_array_foreach(events, i, event)
	{
		int err = read_event(&out->events[i], event, why);

		if (err != 0)
			return err;
		out->n_events++;
	}
	return 0;
}

static int
read_truncation(
    struct audit_log *out, const json_t *truncation, struct reason *why)
{
	if (truncation == NULL || json_is_null(truncation))
		return 0;
	if (json_count(&out->nonced_duplicates, truncation, "nonced duplicates",
		COUNT_MAX, 0) != 0 ||
	    json_count(&out->nonceless_duplicates, truncation,
		"nonceless duplicates", COUNT_MAX, 0) != 0 ||
	    json_count(
		&out->arbitrary, truncation, "arbitrary", COUNT_MAX, 0) != 0)
		return malformed(why, "truncation is not made of numbers");
	return 0;
}

int
audit_log_parse(struct audit_log *out, struct bytes json, struct reason *why)
{
	struct audit_log log = {.version = 0};
	json_t *document AUTOJSON = NULL;
	int err = 0;

	if (json.len > AUDIT_LOG_MAX_BYTES)
		return reason_set(
		    why, -ERR_TOO_LARGE, "the audit log is too large");
	document = json_parse(json, NULL);
	if (!json_is_object(document))
		return malformed(why, "the audit log is not a JSON object");
	if (json_count(&log.version, document, "version", COUNT_MAX, -1) != 0)
		err = malformed(why, "version is missing or not a number");
	if (err == 0)
		err =
		    read_events(&log, json_object_get(document, "events"), why);
	if (err == 0)
		err = read_truncation(
		    &log, json_object_get(document, "truncation"), why);
	if (err != 0) {
		audit_log_fini(&log);
		return err;
	}
	*out = log;
	return 0;
}

void
audit_log_fini(struct audit_log *log)
{
	free(log->events);
	log->events = NULL;
	log->n_events = 0;
}

/* --- out --- */

static json_t *
event_json(const struct audit_log_event *event)
{
	struct buf domain AUTOBUF = {0};
	char date[RFC3339_LEN];
	json_t *json;

	rfc3339_format(date, event->date);
	if (base64_encode(&domain,
		(struct bytes){event->domain_id, event->domain_id_len}, 0) != 0)
		return NULL;
	json = json_pack("{s:s, s:s, s:s}", "date", date, "domainID",
	    buf_text(&domain), "assertion",
	    voucher_assertion_text(event->assertion));
	json_object_set_new(json, "nonce",
	    event->nonce[0] != '\0' ? json_string(event->nonce) : json_null());
	if (event->truncated != 0)
		json_object_set_new(
		    json, "truncated", json_integer(event->truncated));
	return json;
}

int
audit_log_encode(struct blob *out, const struct audit_log *log)
{
	json_t *events = json_array();
	json_t *json AUTOJSON = json_pack("{s:I, s:o, s:{s:I, s:I, s:I}}",
	    "version", (json_int_t)log->version, "events", events, "truncation",
	    "nonced duplicates", (json_int_t)log->nonced_duplicates,
	    "nonceless duplicates", (json_int_t)log->nonceless_duplicates,
	    "arbitrary", (json_int_t)log->arbitrary);

	if (json == NULL)
		return -ERR_NOMEM;
	for (size_t i = 0; i < log->n_events; i++)
		if (json_array_append_new(
			events, event_json(&log->events[i])) != 0)
			return -ERR_NOMEM;
	return json_to_blob(out, json);
}

int
domain_id_of(uint8_t out[DOMAIN_ID_MAX], size_t *len, struct bytes cert_der)
{
	X509 *cert CLEANUP(X509_free_p) = NULL;
	const ASN1_OCTET_STRING *id;
	uint8_t *spki = NULL;
	unsigned int digest_len = 0;
	int spki_len, err = voucher_x509_parse(&cert, cert_der);

	if (err != 0)
		return err;
	id = X509_get0_subject_key_id(cert);
	if (id != NULL && id->length > 0 && id->length <= DOMAIN_ID_MAX) {
		memcpy(out, id->data, (size_t)id->length);
		*len = (size_t)id->length;
		return 0;
	}
	spki_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &spki);
	if (spki_len <= 0 || EVP_Digest(spki, (size_t)spki_len, out,
				 &digest_len, EVP_sha256(), NULL) != 1)
		err = voucher_crypto_failed(NULL, "domainID");
	OPENSSL_free(spki);
	if (err == 0)
		*len = digest_len;
	return err;
}
