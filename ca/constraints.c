#include "ca/constraints.h"

#include <string.h>

#include "base/str.h"

static bool
domain_permitted(const struct constraints *c, const char *domain)
{
	if (c->n_domains == 0)
		return true;
	for (size_t i = 0; i < c->n_domains; i++)
		if (domain_within(domain, c->domains[i]))
			return true;
	return false;
}

static bool
ip_permitted(const struct constraints *c, const struct ip_addr *ip)
{
	if (c->n_prefixes == 0)
		return true;
	for (size_t i = 0; i < c->n_prefixes; i++)
		if (ip_prefix_contains(&c->prefixes[i], ip))
			return true;
	return false;
}

static int
check_dns(const struct constraints *c, const char *text, struct reason *why)
{
	const char *domain = strncmp(text, "*.", 2) == 0 ? text + 2 : text;

	if (domain_permitted(c, domain))
		return 0;
	return reason_set(why, -ERR_REFUSED,
	    "RFC 5280 4.2.1.10: DNS name %s is outside the domains that the CA "
	    "may certify",
	    text);
}

static int
check_srv(const struct constraints *c, const char *text, struct reason *why)
{
	char label[SRV_LABEL_MAX], domain[DOMAIN_MAX + 1];

	if (srv_id_split(label, domain, text) != 0)
		return reason_set(
		    why, -ERR_INVALID, "SRV-ID %s is malformed", text);
	if (domain_permitted(c, domain))
		return 0;
	return reason_set(why, -ERR_REFUSED,
	    "SRV-ID %s is outside the domains that the CA may certify", text);
}

static int
check_ip(const struct constraints *c, const char *text, struct reason *why)
{
	struct ip_addr ip;

	if (ip_parse(&ip, text) != 0)
		return reason_set(
		    why, -ERR_INVALID, "IP address %s is malformed", text);
	if (ip_permitted(c, &ip))
		return 0;
	return reason_set(why, -ERR_REFUSED,
	    "RFC 5280 4.2.1.10: IP address %s is outside the prefixes that the "
	    "CA may certify",
	    text);
}

static int
check_name(
    const struct constraints *c, const struct name *name, struct reason *why)
{
	switch (name->type) {
	case NAME_DNS:
		return check_dns(c, name->text, why);
	case NAME_SRV:
		return check_srv(c, name->text, why);
	case NAME_IP:
		return check_ip(c, name->text, why);
	case NAME_OTHER:
	default:
		return reason_set(why, -ERR_REFUSED,
		    "a name of type %s is not certified here", name->text);
	}
}

int
constraints_check(const struct constraints *constraints,
    const struct names *names, struct reason *why)
{
	for (size_t i = 0; i < names->n; i++) {
		int err = check_name(constraints, &names->items[i], why);

		if (err != 0)
			return err;
	}
	return 0;
}

static bool
has_domain(const struct constraints *c, const char *domain)
{
	for (size_t i = 0; i < c->n_domains; i++)
		if (ascii_equal_nocase(c->domains[i], domain))
			return true;
	return false;
}

static bool
has_prefix(const struct constraints *c, const struct ip_prefix *prefix)
{
	for (size_t i = 0; i < c->n_prefixes; i++)
		if (c->prefixes[i].bits == prefix->bits &&
		    ip_equal(&c->prefixes[i].addr, &prefix->addr))
			return true;
	return false;
}

static bool
contains_all(const struct constraints *a, const struct constraints *b)
{
	for (size_t i = 0; i < b->n_domains; i++)
		if (!has_domain(a, b->domains[i]))
			return false;
	for (size_t i = 0; i < b->n_prefixes; i++)
		if (!has_prefix(a, &b->prefixes[i]))
			return false;
	return true;
}

/* Equal as sets: the order in a configuration file says nothing. */
bool
constraints_equal(const struct constraints *a, const struct constraints *b)
{
	return contains_all(a, b) && contains_all(b, a);
}
