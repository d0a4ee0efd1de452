/* The JSON form of struct network_state. */
#include "client/network_state.h"

#include <string.h>

#include "base/str.h"
#include "ca/trust.h"
#include "client/json_read.h"
#include "client/resolvers.h"

#define STATE_VERSION 1
#define KEY_TRUST "trust"
#define KEY_INTERMEDIATES "intermediates"
#define KEY_CLIENT_CERT "client_certificate"
#define KEY_CLIENT_KEY "client_key"
#define CLIENT_KEY_MAX 1024
#define ANCHOR_PEM_MAX ((size_t)2 * 1024 * 1024)

const char *
network_trust_text(enum network_trust trust)
{
	return trust == NETWORK_IMPLICIT ? "implicit" : "explicit";
}

static json_t *
pem_json(const struct blob *certs, size_t n)
{
	struct buf pem = {0};
	json_t *text = NULL;
	int err = 0;

	for (size_t i = 0; err == 0 && i < n; i++)
		err = cert_to_pem(&pem, blob_bytes(&certs[i]));
	if (err == 0)
		text = json_string(buf_text(&pem));
	buf_fini(&pem);
	return text;
}

static json_t *
time_json(int64_t time)
{
	char text[RFC3339_LEN];

	rfc3339_format(text, time);
	return json_string(text);
}

static json_t *
hash_json(const uint8_t sha256[32])
{
	char hex[65];

	hex_encode(hex, (struct bytes){sha256, 32});
	return json_string(hex);
}

/* The resolvers' array with a certificate in each; NULL when out of memory. */
static json_t *
resolvers_json(const struct resolver_set *set)
{
	json_auto_t *list = json_array();

	for (size_t i = 0; i < set->n; i++) {
		const struct resolver *r = &set->items[i];
		json_t *item = resolver_to_json(r);

		if (json_array_append_new(list, item) != 0 ||
		    json_object_set_new(item, "sha256", hash_json(r->sha256)) !=
			0 ||
		    json_object_set_new(
			item, "certificate", pem_json(&r->cert, 1)) != 0)
			return NULL;
	}
	return STEAL(list);
}

/* jansson frees what it copied as it is. */
static void
wipe_json(const json_t *text)
{
	char *secret;

	if (!json_is_string(text))
		return;
	memcpy(
	    &secret, &(const char *){json_string_value(text)}, sizeof(secret));
	explicit_bzero(secret, json_string_length(text));
}

static int
add_anchor(json_t *root, const struct network_state *state)
{
	const struct cert_list *anchor = &state->anchor,
			       *more = &state->intermediates;

	if (state->trust == NETWORK_IMPLICIT)
		return json_object_set_new(
		    root, KEY_INTERMEDIATES, pem_json(more->items, more->n));
	if (json_object_set_new(
		root, "root", pem_json(anchor->items, anchor->n > 0)) != 0 ||
	    json_object_set_new(
		root, "root_sha256", hash_json(state->root_sha256)) != 0)
		return -1;
	return json_object_set_new(root, KEY_INTERMEDIATES,
	    pem_json(anchor->items + 1, anchor->n > 0 ? anchor->n - 1 : 0));
}

static int
add_enrolled(json_t *root, const struct enrolled *enrolled)
{
	const struct blob *key = &enrolled->key;

	if (enrolled->cert.len == 0)
		return 0;
	if (json_object_set_new(
		root, KEY_CLIENT_CERT, pem_json(&enrolled->cert, 1)) != 0)
		return -1;
	return json_object_set_new(root, KEY_CLIENT_KEY,
	    json_stringn((const char *)key->data, key->len));
}

int
network_state_encode(struct buf *out, const struct network_state *state)
{
	json_auto_t *root = json_pack("{s:i, s:s, s:s, s:o, s:o, s:s}",
	    "version", STATE_VERSION, "network", state->name, KEY_TRUST,
	    network_trust_text(state->trust), "opted_in",
	    time_json(state->opted_in), "joined_at",
	    time_json(state->joined_at), "server_name", state->server_name);
	char *text = NULL;
	int err = -ERR_NOMEM;

	if (root != NULL && add_anchor(root, state) == 0 &&
	    add_enrolled(root, &state->enrolled) == 0 &&
	    json_object_set_new(
		root, "resolvers", resolvers_json(&state->resolvers)) == 0)
		text = json_dumps(root, JSON_INDENT(2));
	if (text != NULL) {
		buf_adds(out, text);
		err = buf_adds(out, "\n");
		explicit_bzero(text, strlen(text));
		free(text);
	}
	wipe_json(json_object_get(root, KEY_CLIENT_KEY));
	return err;
}

static int
read_time(int64_t *out, const json_t *root, const char *key, struct reason *why)
{
	char text[RFC3339_LEN];
	int err = json_read_text(text, sizeof(text), root, key, false, why);

	if (err == 0 && rfc3339_parse(out, text) != 0)
		err =
		    reason_set(why, -ERR_INVALID, "\"%s\" is not a time", key);
	return err;
}

static int
read_hash(
    uint8_t out[32], const json_t *root, const char *key, struct reason *why)
{
	char hex[65];
	int err = json_read_text(hex, sizeof(hex), root, key, false, why);

	if (err == 0 && (strlen(hex) != 64 || hex_decode(out, 32, hex) != 0))
		err = reason_set(
		    why, -ERR_INVALID, "\"%s\" is not 64 hex digits", key);
	return err;
}

/* Appends the certificates of a PEM member to list. */
static int
read_pem(struct cert_list *list, const json_t *object, const char *key,
    struct reason *why)
{
	const json_t *member = json_object_get(object, key);
	size_t len = json_string_length(member);
	struct cert_list certs = {0};
	int err;

	if (!json_is_string(member) || len > ANCHOR_PEM_MAX)
		return reason_set(why, -ERR_INVALID,
		    "\"%s\" is missing, no string, or too long", key);
	err = cert_list_from_pem(&certs,
	    (struct bytes){(const uint8_t *)json_string_value(member), len},
	    why);
	for (size_t i = 0; err == 0 && i < certs.n; i++)
		err = cert_list_add(list, blob_bytes(&certs.items[i]));
	cert_list_fini(&certs);
	return err;
}

/* [RFC7030 3.6] Files from before know explicit trust alone. */
static int
read_trust(struct network_state *state, const json_t *root, struct reason *why)
{
	char text[16];
	int err =
	    json_read_text(text, sizeof(text), root, KEY_TRUST, true, why);

	if (err != 0)
		return err;
	if (text[0] == '\0' ||
	    strcmp(text, network_trust_text(NETWORK_EXPLICIT)) == 0)
		state->trust = NETWORK_EXPLICIT;
	else if (strcmp(text, network_trust_text(NETWORK_IMPLICIT)) == 0)
		state->trust = NETWORK_IMPLICIT;
	else
		err = reason_set(why, -ERR_INVALID,
		    "\"" KEY_TRUST "\" is neither explicit nor implicit");
	return err;
}

static int
read_intermediates(
    struct cert_list *list, const json_t *root, struct reason *why)
{
	const char *text =
	    json_string_value(json_object_get(root, KEY_INTERMEDIATES));

	if (text == NULL)
		return reason_set(
		    why, -ERR_INVALID, "\"" KEY_INTERMEDIATES "\" is missing");
	return text[0] != '\0' ? read_pem(list, root, KEY_INTERMEDIATES, why)
			       : 0;
}

static int
read_anchor(struct network_state *state, const json_t *root, struct reason *why)
{
	struct trust *trust = NULL;
	uint8_t sha256[32];
	int err = read_pem(&state->anchor, root, "root", why);

	if (err == 0 && state->anchor.n != 1)
		err = reason_set(
		    why, -ERR_INVALID, "\"root\" is not one certificate");
	if (err == 0)
		err = read_intermediates(&state->anchor, root, why);
	if (err == 0)
		err = read_hash(state->root_sha256, root, "root_sha256", why);
	if (err == 0)
		err = trust_from_certs(&trust, &state->anchor, why);
	if (err != 0)
		return err;
	trust_root_sha256(trust, sha256);
	trust_free(trust);
	if (memcmp(sha256, state->root_sha256, sizeof(sha256)) != 0)
		return reason_set(why, -ERR_INVALID,
		    "\"root_sha256\" is not the root's hash");
	return 0;
}

/* With implicit trust a root has no place: nothing may pass for an anchor. */
static int
read_anchors(
    struct network_state *state, const json_t *root, struct reason *why)
{
	int err = read_trust(state, root, why);

	if (err != 0)
		return err;
	if (state->trust == NETWORK_EXPLICIT)
		return read_anchor(state, root, why);
	if (json_object_get(root, "root") != NULL)
		return reason_set(
		    why, -ERR_INVALID, "\"root\" stands beside implicit trust");
	return read_intermediates(&state->intermediates, root, why);
}

static int
read_enrolled(struct enrolled *enrolled, const json_t *root, struct reason *why)
{
	const json_t *key = json_object_get(root, KEY_CLIENT_KEY);
	struct cert_list certs = {0};
	int err;

	if (key == NULL && json_object_get(root, KEY_CLIENT_CERT) == NULL)
		return 0;
	if (!json_is_string(key) || json_string_length(key) > CLIENT_KEY_MAX)
		return reason_set(why, -ERR_INVALID,
		    "\"" KEY_CLIENT_KEY "\" is missing or no key");
	err = read_pem(&certs, root, KEY_CLIENT_CERT, why);
	if (err == 0 && certs.n != 1)
		err = reason_set(why, -ERR_INVALID,
		    "\"" KEY_CLIENT_CERT "\" is not one certificate");
	if (err == 0)
		err = blob_copy(&enrolled->cert, blob_bytes(&certs.items[0]));
	if (err == 0)
		err = blob_copy(&enrolled->key,
		    (struct bytes){(const uint8_t *)json_string_value(key),
			json_string_length(key)});
	cert_list_fini(&certs);
	return err != 0 ? err : enrolled_check(enrolled, why);
}

/* [RFC4985 2] A certificate of a public CA has no SRV-ID: with implicit trust
 * the EST server's word stands for it. */
static bool
label_is_good(
    const struct cert_info *info, const char *srv_id, enum network_trust trust)
{
	return names_has(&info->names, NAME_SRV, srv_id) ||
	       (trust == NETWORK_IMPLICIT && !cert_is_dns_server(info));
}

/* The certificate must be the one that sha256 names, and carry the SRV-ID and
 * the DNS-ID that the entry is for. */
static int
read_resolver_cert(struct resolver *resolver, const json_t *object,
    enum network_trust trust, struct reason *why)
{
	struct cert_info *info CLEANUP(freep) = calloc(1, sizeof(*info));
	struct cert_list certs = {0};
	char srv_id[NAME_TEXT_MAX];
	int err = info == NULL ? -ERR_NOMEM
			       : read_pem(&certs, object, "certificate", why);

	if (err == 0 && certs.n != 1)
		err = reason_set(why, -ERR_INVALID,
		    "\"certificate\" is not one certificate");
	if (err == 0)
		err = read_hash(resolver->sha256, object, "sha256", why);
	if (err == 0)
		err = cert_parse(info, blob_bytes(&certs.items[0]), why);
	if (err == 0)
		err = str_format(srv_id, sizeof(srv_id), "_%s.%s",
		    resolver->label, resolver->adn);
	if (err == 0 && (memcmp(info->sha256, resolver->sha256, 32) != 0 ||
			    !label_is_good(info, srv_id, trust) ||
			    !names_has(&info->names, NAME_DNS, resolver->adn)))
		err = reason_set(why, -ERR_INVALID,
		    "a certificate is not of the resolver it stands with");
	if (err == 0) {
		resolver->cert = certs.items[0];
		certs.items[0] = (struct blob){0};
	}
	cert_list_fini(&certs);
	return err;
}

static int
read_resolvers(
    struct network_state *state, const json_t *root, struct reason *why)
{
	struct resolver_set *set = &state->resolvers;
	const json_t *list = NULL;
	int err = json_read_array(
	    &list, root, "resolvers", RESOLVERS_MAX, false, why);

	if (err == 0 && json_array_size(list) == 0)
		err = reason_set(why, -ERR_INVALID, "\"resolvers\" is empty");
	for (size_t i = 0; err == 0 && i < json_array_size(list); i++) {
		const json_t *object = json_array_get(list, i);
		struct resolver *r = &set->items[i];

		err = resolver_from_json(r, object, why);
		if (err == 0 && !dns_label_is_known(r->label))
			err = reason_set(
			    why, -ERR_INVALID, "\"label\" is no DNS service's");
		if (err == 0)
			err = read_resolver_cert(r, object, state->trust, why);
		if (err == 0)
			set->n++;
	}
	return err;
}

static int
read_state(struct network_state *state, const json_t *root, struct reason *why)
{
	char server_name[DOMAIN_MAX + 2];
	int64_t version;
	int err = json_read_integer(
	    &version, root, "version", STATE_VERSION, STATE_VERSION, -1, why);

	if (err == 0)
		err = json_read_text(state->name, sizeof(state->name), root,
		    "network", false, why);
	if (err == 0 && !network_name_is_valid(state->name))
		err = reason_set(
		    why, -ERR_INVALID, "\"network\" is not a valid name");
	if (err == 0)
		err = json_read_text(server_name, sizeof(server_name), root,
		    "server_name", false, why);
	if (err == 0 && domain_normalize(state->server_name, server_name) != 0)
		err = reason_set(
		    why, -ERR_INVALID, "\"server_name\" is not a domain name");
	if (err == 0)
		err = read_time(&state->opted_in, root, "opted_in", why);
	if (err == 0)
		err = read_time(&state->joined_at, root, "joined_at", why);
	if (err == 0)
		err = read_anchors(state, root, why);
	if (err == 0)
		err = read_enrolled(&state->enrolled, root, why);
	return err != 0 ? err : read_resolvers(state, root, why);
}

int
network_state_parse(
    struct network_state *out, struct bytes json, struct reason *why)
{
	struct network_state *state CLEANUP(freep) = calloc(1, sizeof(*state));
	json_auto_t *root = NULL;
	struct reason inner = {""};
	int err;

	if (state == NULL)
		return -ERR_NOMEM;
	err = json_read_object(&root, json, NETWORK_STATE_MAX_BYTES, &inner);
	if (err == 0)
		err = read_state(state, root, &inner);
	wipe_json(json_object_get(root, KEY_CLIENT_KEY));
	if (err == 0) {
		*out = *state;
		return 0;
	}
	network_state_fini(state);
	if (err == -ERR_NOMEM)
		return err;
	return reason_set(why, -ERR_CORRUPT, "damaged: %.240s", inner.text);
}
