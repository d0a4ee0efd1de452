#include "ca/constraints_openssl.h"

#include <string.h>

#include "base/str.h"
#include "ca/openssl_util.h"

DEFINE_CLEANUP(constraints_freep, NAME_CONSTRAINTS, NAME_CONSTRAINTS_free)

/* NULL in *out if the certificate has no name constraints. */
static int
read_extension(NAME_CONSTRAINTS **out, const X509 *cert, struct reason *why)
{
	int at = x509_find_ext(cert, NID_name_constraints);

	*out = NULL;
	if (at < 0)
		return 0;
	*out = ext_decode(
	    X509_get_ext(cert, at), ASN1_ITEM_rptr(NAME_CONSTRAINTS));
	if (*out == NULL)
		return reason_set(why, -ERR_INVALID,
		    "RFC 5280 4.2.1.10: name constraints are malformed");
	return 0;
}

/* A DNS subtree's base, lower case; "" permits everything. A leading dot, which
 * RFC 5280 does not define for DNS names but many CAs write, stays. */
static int
base_domain(
    char out[DOMAIN_MAX + 2], const GENERAL_SUBTREE *tree, struct reason *why)
{
	const ASN1_IA5STRING *base = tree->base->d.dNSName;
	size_t len = (size_t)ASN1_STRING_length(base);

	if (len > DOMAIN_MAX)
		return reason_set(why, -ERR_INVALID,
		    "name constraints: DNS subtree of %zu bytes", len);
	if (len > 0)
		memcpy(out, ASN1_STRING_get0_data(base), len);
	out[len] = '\0';
	ascii_lower_all(out);
	if (strlen(out) != len ||
	    (len > 0 && !domain_is_valid(out + (out[0] == '.'))))
		return reason_set(why, -ERR_INVALID,
		    "name constraints: DNS subtree is not a domain name");
	return 0;
}

/* RFC 5280 4.2.1.10: minimum is zero and maximum absent. */
static int
check_bounds(const GENERAL_SUBTREE *tree, struct reason *why)
{
	if (tree->maximum != NULL ||
	    (tree->minimum != NULL && ASN1_INTEGER_get(tree->minimum) != 0))
		return reason_set(why, -ERR_INVALID,
		    "RFC 5280 4.2.1.10: name constraints with minimum or "
		    "maximum");
	return 0;
}

static int
add_domain(struct constraints *out, const GENERAL_SUBTREE *tree,
    bool *everything, struct reason *why)
{
	char base[DOMAIN_MAX + 2];
	int err = base_domain(base, tree, why);

	if (err != 0)
		return err;
	if (base[0] == '\0') {
		*everything = true;
		return 0;
	}
	if (out->n_domains >= CONSTRAINTS_MAX)
		return reason_set(why, -ERR_TOO_LARGE,
		    "name constraints: more than %d DNS subtrees",
		    CONSTRAINTS_MAX);
	return str_format(out->domains[out->n_domains++], DOMAIN_MAX + 1, "%s",
	    base + (base[0] == '.'));
}

/* The mask's length in bits, -1 if it has a hole. */
static int
mask_bits(const uint8_t *mask, size_t len)
{
	int bits = 0;

	while (
	    bits < (int)len * 8 && (mask[bits / 8] & (0x80 >> bits % 8)) != 0)
		bits++;
	for (int i = bits; i < (int)len * 8; i++)
		if ((mask[i / 8] & (0x80 >> i % 8)) != 0)
			return -1;
	return bits;
}

/* Address and mask, 8 or 32 octets. */
static int
add_prefix(
    struct constraints *out, const GENERAL_SUBTREE *tree, struct reason *why)
{
	const ASN1_OCTET_STRING *base = tree->base->d.iPAddress;
	const uint8_t *data = ASN1_STRING_get0_data(base);
	int len = ASN1_STRING_length(base), bits;
	struct ip_prefix prefix = {0};

	bits = len == 8 || len == 32
		   ? mask_bits(data + len / 2, (size_t)len / 2)
		   : -1;
	if (bits < 0)
		return reason_set(why, -ERR_INVALID,
		    "RFC 5280 4.2.1.10: name constraints: IP subtree is not "
		    "a prefix");
	if (out->n_prefixes >= CONSTRAINTS_MAX)
		return reason_set(why, -ERR_TOO_LARGE,
		    "name constraints: more than %d IP subtrees",
		    CONSTRAINTS_MAX);
	prefix.addr.len = (uint8_t)(len / 2);
	prefix.bits = (uint8_t)bits;
	for (int i = 0; i < len / 2; i++)
		prefix.addr.bytes[i] = data[i] & data[len / 2 + i];
	out->prefixes[out->n_prefixes++] = prefix;
	return 0;
}

static int
add_permitted(
    struct constraints *out, const NAME_CONSTRAINTS *nc, struct reason *why)
{
	bool everything = false;

	for (int i = 0; i < sk_GENERAL_SUBTREE_num(nc->permittedSubtrees);
	     i++) {
		const GENERAL_SUBTREE *tree =
		    sk_GENERAL_SUBTREE_value(nc->permittedSubtrees, i);
		int err = check_bounds(tree, why);

		if (err == 0 && tree->base->type == GEN_DNS)
			err = add_domain(out, tree, &everything, why);
		else if (err == 0 && tree->base->type == GEN_IPADD)
			err = add_prefix(out, tree, why);
		if (err != 0)
			return err;
	}
	if (everything)
		out->n_domains = 0;
	return 0;
}

int
constraints_from_cert(
    struct constraints *out, struct bytes cert_der, struct reason *why)
{
	X509 *cert CLEANUP(x509_freep) = NULL;
	NAME_CONSTRAINTS *nc CLEANUP(constraints_freep) = NULL;
	AUTOFREE struct constraints *found = calloc(1, sizeof(*found));
	int err;

	if (found == NULL)
		return reason_set(why, -ERR_NOMEM, "out of memory");
	err = x509_parse(&cert, cert_der, why);
	if (err == 0)
		err = read_extension(&nc, cert, why);
	if (err == 0 && nc != NULL)
		err = add_permitted(found, nc, why);
	if (err == 0)
		*out = *found;
	return err;
}

static bool
subtree_contains(const char *base, const char *domain)
{
	size_t base_len = strlen(base), len = strlen(domain);

	if (base_len == 0)
		return true;
	if (base[0] != '.')
		return domain_within(domain, base);
	return len > base_len &&
	       ascii_equal_nocase(domain + len - base_len, base);
}

/* any: the list has a DNS subtree at all; inside: one that contains domain. */
static int
search_subtrees(bool *any, bool *inside, STACK_OF(GENERAL_SUBTREE) * trees,
    const char *domain, struct reason *why)
{
	*any = *inside = false;
	for (int i = 0; i < sk_GENERAL_SUBTREE_num(trees); i++) {
		const GENERAL_SUBTREE *tree =
		    sk_GENERAL_SUBTREE_value(trees, i);
		char base[DOMAIN_MAX + 2];
		int err;

		if (tree->base->type != GEN_DNS)
			continue;
		err = base_domain(base, tree, why);
		if (err != 0)
			return err;
		*any = true;
		*inside = *inside || subtree_contains(base, domain);
	}
	return 0;
}

static int
check_srv_id(const NAME_CONSTRAINTS *nc, const char *srv_id, struct reason *why)
{
	char label[SRV_LABEL_MAX], domain[DOMAIN_MAX + 1];
	bool any, inside;
	int err;

	if (srv_id_split(label, domain, srv_id) != 0)
		return reason_set(
		    why, -ERR_INVALID, "SRV-ID %s is malformed", srv_id);
	err =
	    search_subtrees(&any, &inside, nc->permittedSubtrees, domain, why);
	if (err != 0)
		return err;
	if (any && !inside)
		return reason_set(why, -ERR_REFUSED,
		    "SRV-ID %s is outside the domains that its CA may certify",
		    srv_id);
	err = search_subtrees(&any, &inside, nc->excludedSubtrees, domain, why);
	if (err != 0)
		return err;
	if (inside)
		return reason_set(why, -ERR_REFUSED,
		    "SRV-ID %s is in a domain that its CA may not certify",
		    srv_id);
	return 0;
}

int
constraints_check_srv(
    const X509 *ca, const struct names *names, struct reason *why)
{
	NAME_CONSTRAINTS *nc CLEANUP(constraints_freep) = NULL;
	int err = read_extension(&nc, ca, why);

	if (nc == NULL)
		return err;
	for (size_t i = 0; i < names->n; i++) {
		if (names->items[i].type != NAME_SRV)
			continue;
		err = check_srv_id(nc, names->items[i].text, why);
		if (err != 0)
			return err;
	}
	return 0;
}

static GENERAL_SUBTREE *
subtree_of(int type, int string_type, const void *data, size_t len)
{
	GENERAL_SUBTREE *tree = GENERAL_SUBTREE_new();
	ASN1_STRING *value = ASN1_STRING_type_new(string_type);

	if (tree == NULL || value == NULL ||
	    ASN1_STRING_set(value, data, (int)len) != 1) {
		GENERAL_SUBTREE_free(tree);
		ASN1_STRING_free(value);
		return NULL;
	}
	GENERAL_NAME_set0_value(tree->base, type, value);
	return tree;
}

static GENERAL_SUBTREE *
subtree_of_prefix(const struct ip_prefix *prefix)
{
	uint8_t data[32] = {0};
	size_t len = prefix->addr.len;

	memcpy(data, prefix->addr.bytes, len);
	for (size_t i = 0; i < prefix->bits; i++)
		data[len + i / 8] |= (uint8_t)(0x80 >> i % 8);
	return subtree_of(GEN_IPADD, V_ASN1_OCTET_STRING, data, 2 * len);
}

static int
push(NAME_CONSTRAINTS *nc, GENERAL_SUBTREE *tree)
{
	if (tree != NULL &&
	    sk_GENERAL_SUBTREE_push(nc->permittedSubtrees, tree) > 0)
		return 0;
	GENERAL_SUBTREE_free(tree);
	return -ERR_NOMEM;
}

int
constraints_to_openssl(
    NAME_CONSTRAINTS **out, const struct constraints *constraints)
{
	NAME_CONSTRAINTS *nc CLEANUP(constraints_freep) =
	    NAME_CONSTRAINTS_new();

	if (nc == NULL)
		return -ERR_NOMEM;
	nc->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
	if (nc->permittedSubtrees == NULL)
		return -ERR_NOMEM;
	for (size_t i = 0; i < constraints->n_domains; i++) {
		const char *domain = constraints->domains[i];

		if (push(nc, subtree_of(GEN_DNS, V_ASN1_IA5STRING, domain,
				 strlen(domain))) != 0)
			return -ERR_NOMEM;
	}
	for (size_t i = 0; i < constraints->n_prefixes; i++)
		if (push(nc, subtree_of_prefix(&constraints->prefixes[i])) != 0)
			return -ERR_NOMEM;
	*out = STEAL(nc);
	return 0;
}
