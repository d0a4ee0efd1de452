#include "client/resolvers.h"

#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "client/json_read.h"

/* The label and domain of name if it is a DNS service's SRV-ID. */
static bool
dns_srv_id(char label[SRV_LABEL_MAX], char domain[DOMAIN_MAX + 1],
    const struct name *name)
{
	return name->type == NAME_SRV &&
	       srv_id_split(label, domain, name->text) == 0 &&
	       dns_label_is_known(label);
}

bool
cert_is_dns_server(const struct cert_info *info)
{
	char label[SRV_LABEL_MAX], domain[DOMAIN_MAX + 1];

	for (size_t i = 0; i < info->names.n; i++)
		if (dns_srv_id(label, domain, &info->names.items[i]))
			return true;
	return false;
}

static int
resolvers_add(struct resolver_set *set, const char *adn, const char *label,
    const struct cert_info *info, struct bytes der)
{
	struct resolver *r = &set->items[set->n];
	int err;

	if (set->n == RESOLVERS_MAX)
		return -ERR_TOO_LARGE;
	memset(r, 0, sizeof(*r));
	err = str_format(r->adn, sizeof(r->adn), "%s", adn);
	if (err == 0)
		err = str_format(r->label, sizeof(r->label), "%s", label);
	if (err == 0)
		err = blob_copy(&r->cert, der);
	if (err != 0)
		return err;
	memcpy(r->sha256, info->sha256, sizeof(r->sha256));
	set->n++;
	return 0;
}

int
resolvers_pick(
    struct resolver_set *set, const struct cert_info *info, struct bytes der)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < info->names.n; i++) {
		char label[SRV_LABEL_MAX], domain[DOMAIN_MAX + 1];

		if (!dns_srv_id(label, domain, &info->names.items[i]))
			continue;
		if (names_has(&info->names, NAME_DNS, domain))
			err = resolvers_add(set, domain, label, info, der);
		else
			log_warn("certificate's SRV-ID ignored",
			    "serial=%s srv_id=%s reason=\"its domain is not "
			    "among the DNS-IDs\"",
			    info->serial, info->names.items[i].text);
	}
	return err;
}

/* 0 if one was added or the certificate is nothing of ours, 1 if it was
 * rejected. */
static int
pick_valid(struct resolver_set *set, struct bytes der,
    const struct trust *trust, int64_t now, struct reason *why)
{
	struct cert_info *info CLEANUP(freep) = calloc(1, sizeof(*info));
	size_t before = set->n;
	int err;

	if (info == NULL)
		return -ERR_NOMEM;
	err = cert_parse(info, der, why);
	if (err == -ERR_NOMEM)
		return err;
	if (err == 0 && !cert_is_dns_server(info))
		return 0;
	if (err == 0)
		err = trust_verify_server(trust, der, NULL, now, why);
	if (err != 0) {
		log_warn("DNS server certificate rejected",
		    "serial=%s reason=\"RFC 8295 3.2: %s\"", info->serial,
		    why->text);
		return 1;
	}
	err = resolvers_pick(set, info, der);
	if (err == -ERR_TOO_LARGE)
		return reason_set(why, err,
		    "the server lists more than %d DNS services",
		    RESOLVERS_MAX);
	if (err == 0 && set->n == before) {
		reason_set(why, -ERR_REFUSED,
		    "the SRV-ID's domain is not among the DNS-IDs");
		return 1;
	}
	return err;
}

int
resolvers_from_eecerts(struct resolver_set *out,
    const struct cert_list *eecerts, const struct trust *trust, int64_t now,
    struct reason *why)
{
	struct reason last = {""};
	size_t n_rejected = 0;

	out->n = 0;
	for (size_t i = 0; i < eecerts->n; i++) {
		int err = pick_valid(
		    out, blob_bytes(&eecerts->items[i]), trust, now, &last);

		if (err < 0) {
			resolver_set_fini(out);
			return reason_set(why, err, "%s", last.text);
		}
		n_rejected += err == 1;
	}
	if (out->n > 0)
		return 0;
	if (n_rejected > 0)
		return reason_set(why, -ERR_REFUSED,
		    "no DNS server certificate is valid (RFC 8295 3.2): %.180s",
		    last.text);
	return reason_set(why, -ERR_NOT_FOUND,
	    "the server has no DNS server's certificate yet");
}

/* Where to find it, from another certificate's entry of the same service. */
static void
copy_location(struct resolver *r, const struct resolver *from)
{
	memcpy(r->addresses, from->addresses, sizeof(r->addresses));
	r->n_addresses = from->n_addresses;
	r->port = from->port;
	memcpy(r->alpn, from->alpn, sizeof(r->alpn));
	r->n_alpn = from->n_alpn;
	memcpy(r->dohpath, from->dohpath, sizeof(r->dohpath));
}

/* Copies what the entry says into the resolver that it belongs to, if any. */
static void
describe_one(struct resolver_set *set, const struct resolver *entry,
    const uint8_t sha256[32])
{
	for (size_t i = 0; i < set->n; i++) {
		struct resolver *r = &set->items[i];

		if (!resolver_is(r, entry->adn, entry->label) ||
		    memcmp(r->sha256, sha256, 32) != 0)
			continue;
		copy_location(r, entry);
		memcpy(r->state, entry->state, sizeof(r->state));
	}
}

/* A certificate that has no entry serves where the others of its ADN and label
 * do. */
static void
share_locations(struct resolver_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		struct resolver *r = &set->items[i];

		for (size_t k = 0; k < set->n && r->port == 0; k++)
			if (resolver_is(&set->items[k], r->adn, r->label) &&
			    set->items[k].port != 0)
				copy_location(r, &set->items[k]);
	}
}

/* An entry without its certificate, and the certificate's hash. */
static int
read_entry(struct resolver *entry, uint8_t sha256[32], const json_t *object,
    struct reason *why)
{
	char hex[65];
	int err = resolver_from_json(entry, object, why);

	if (err == 0)
		err = json_read_text(
		    hex, sizeof(hex), object, "sha256", false, why);
	if (err == 0 && (strlen(hex) != 64 || hex_decode(sha256, 32, hex) != 0))
		err = reason_set(
		    why, -ERR_INVALID, "\"sha256\" is not 64 hex digits");
	return err;
}

typedef int (*entry_fn)(void *arg, const struct resolver *entry,
    const uint8_t sha256[32], struct reason *why);

/* Calls back for each entry of a /resolvers.json text. */
static int
for_each_entry(
    struct bytes json, entry_fn callback, void *arg, struct reason *why)
{
	struct reason inner = {""};
	const json_t *entries = NULL;
	json_t *root = NULL;
	int err =
	    json_read_object(&root, json, RESOLVERS_JSON_MAX_BYTES, &inner);

	if (err == 0)
		err = json_read_array(&entries, root, "resolvers",
		    RESOLVERS_JSON_MAX_ENTRIES, false, &inner);
	for (size_t i = 0; err == 0 && i < json_array_size(entries); i++) {
		struct resolver entry;
		uint8_t sha256[32];

		err = read_entry(
		    &entry, sha256, json_array_get(entries, i), &inner);
		if (err == 0)
			err = callback(arg, &entry, sha256, &inner);
	}
	json_decref(root);
	if (err == 0)
		return 0;
	return reason_set(why, err, "/resolvers.json: %.220s",
	    inner.text[0] != '\0' ? inner.text : err_text(err));
}

static int
describe_entry(void *arg, const struct resolver *entry,
    const uint8_t sha256[32], struct reason *why)
{
	(void)why;
	describe_one(arg, entry, sha256);
	return 0;
}

int
resolvers_describe(
    struct resolver_set *set, struct bytes json, struct reason *why)
{
	int err = for_each_entry(json, describe_entry, set, why);

	if (err == 0)
		share_locations(set);
	return err;
}

struct assertion {
	struct resolver_set *set;
	const struct cert_list *eecerts;
	const struct trust *trust;
	int64_t now;
};

static bool
has_entry(const struct resolver_set *set, const struct resolver *entry,
    const uint8_t sha256[32])
{
	for (size_t i = 0; i < set->n; i++)
		if (resolver_is(&set->items[i], entry->adn, entry->label) &&
		    memcmp(set->items[i].sha256, sha256, 32) == 0)
			return true;
	return false;
}

static int
add_asserted(struct assertion *a, const struct resolver *entry,
    struct bytes der, struct reason *why)
{
	struct cert_info *info CLEANUP(freep) = calloc(1, sizeof(*info));
	struct reason inner = {""};
	int err = info == NULL ? -ERR_NOMEM : cert_parse(info, der, why);

	if (err != 0)
		return err;
	if (cert_is_dns_server(info))
		return 0;
	err = trust_verify_server(a->trust, der, NULL, a->now, &inner);
	if (err == 0 && !names_has(&info->names, NAME_DNS, entry->adn))
		err = reason_set(
		    &inner, -ERR_REFUSED, "the ADN is not among its DNS-IDs");
	if (err == 0)
		return resolvers_add(
		    a->set, entry->adn, entry->label, info, der);
	log_warn("DNS server certificate rejected",
	    "serial=%s reason=\"RFC 8295 3.2: %s\"", info->serial, inner.text);
	return err == -ERR_NOMEM ? err : 0;
}

/* An entry_fn. */
static int
assert_entry(void *arg, const struct resolver *entry, const uint8_t sha256[32],
    struct reason *why)
{
	struct assertion *a = arg;

	if (!dns_label_is_known(entry->label) ||
	    has_entry(a->set, entry, sha256))
		return 0;
	for (size_t i = 0; i < a->eecerts->n; i++) {
		struct bytes der = blob_bytes(&a->eecerts->items[i]);
		uint8_t hash[32];

		cert_sha256(hash, der);
		if (memcmp(hash, sha256, sizeof(hash)) == 0)
			return add_asserted(a, entry, der, why);
	}
	return 0;
}

int
resolvers_add_asserted(struct resolver_set *set,
    const struct cert_list *eecerts, struct bytes json,
    const struct trust *trust, int64_t now, struct reason *why)
{
	struct assertion assertion = {set, eecerts, trust, now};

	return for_each_entry(json, assert_entry, &assertion, why);
}

bool
resolver_is_asserted(const struct resolver *resolver)
{
	struct cert_info *info CLEANUP(freep) = calloc(1, sizeof(*info));

	return info != NULL &&
	       cert_parse(info, blob_bytes(&resolver->cert), NULL) == 0 &&
	       !cert_is_dns_server(info);
}
