#include "ca/profile.h"

#include <string.h>

#include "base/str.h"
#include "base/util.h"

static const struct profile profiles[] = {
    {
	.id = PROFILE_EST_SERVER,
	.name = "est-server",
	.default_days = 90,
	.max_days = 397,
	.server_auth = true,
	.cmc_ra = true,
	.allow_ip = true,
    },
    {
	.id = PROFILE_DNS_SERVER,
	.name = "dns-server",
	.default_days = 90,
	.max_days = 397,
	.server_auth = true,
	.client_auth = true,
	.allow_ip = true,
	.allow_srv = true,
    },
    {
	.id = PROFILE_ENDPOINT,
	.name = "endpoint",
	.default_days = 365,
	.max_days = 365,
	.client_auth = true,
	.allow_ip = true,
    },
    {
	.id = PROFILE_DEVICE,
	.name = "device",
	.default_days = 365,
	.max_days = 365,
	.client_auth = true,
	.allow_ip = true,
    },
};

/* SRV service labels (RFC 4985) of DNS over TLS (RFC 7858) and over HTTPS (RFC
 * 8484). */
static const char *const dns_labels[] = {"domain-s", "doh"};

const struct profile *
profile_get(enum profile_id id)
{
	for (size_t i = 0; i < ARRAY_LEN(profiles); i++)
		if (profiles[i].id == id)
			return &profiles[i];
	return NULL;
}

const struct profile *
profile_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(profiles); i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}

static int
check_type(
    const struct profile *profile, const struct name *name, struct reason *why)
{
	switch (name->type) {
	case NAME_DNS:
		if (strchr(name->text, '*') == NULL)
			return 0;
		return reason_set(why, -ERR_REFUSED,
		    "profile %s: wildcard name %s", profile->name, name->text);
	case NAME_IP:
		if (profile->allow_ip)
			return 0;
		return reason_set(why, -ERR_REFUSED,
		    "profile %s has no IP addresses: %s", profile->name,
		    name->text);
	case NAME_SRV:
		if (profile->allow_srv)
			return 0;
		return reason_set(why, -ERR_REFUSED,
		    "profile %s has no SRV-IDs: %s", profile->name, name->text);
	case NAME_OTHER:
	default:
		return reason_set(why, -ERR_REFUSED,
		    "profile %s has no names of type %s", profile->name,
		    name->text);
	}
}

static int
check_types(const struct profile *profile, const struct names *names,
    struct reason *why)
{
	for (size_t i = 0; i < names->n; i++) {
		int err = check_type(profile, &names->items[i], why);

		if (err != 0)
			return err;
	}
	return 0;
}

/* Every server's profile has exactly one DNS-ID. */
static int
find_dns_id(const char **dns_id, const struct profile *profile,
    const struct names *names, struct reason *why)
{
	const char *found = NULL;

	for (size_t i = 0; i < names->n; i++) {
		if (names->items[i].type != NAME_DNS)
			continue;
		if (found != NULL)
			return reason_set(why, -ERR_REFUSED,
			    "profile %s: one DNS name only, not both %.80s and "
			    "%.80s",
			    profile->name, found, names->items[i].text);
		found = names->items[i].text;
	}
	if (found == NULL)
		return reason_set(why, -ERR_REFUSED,
		    "profile %s: a DNS name is needed", profile->name);
	*dns_id = found;
	return 0;
}

static int
check_est_server(
    const char *dns_id, const char *server_name, struct reason *why)
{
	if (ascii_equal_nocase(dns_id, server_name))
		return 0;
	return reason_set(why, -ERR_REFUSED,
	    "profile est-server: only server.name, not %s", dns_id);
}

static bool
is_dns_label(const char *label)
{
	for (size_t i = 0; i < ARRAY_LEN(dns_labels); i++)
		if (strcmp(label, dns_labels[i]) == 0)
			return true;
	return false;
}

static int
check_dns_srv(const char *srv_id, const char *adn, struct reason *why)
{
	char label[SRV_LABEL_MAX], domain[DOMAIN_MAX + 1];

	if (srv_id_split(label, domain, srv_id) != 0)
		return reason_set(
		    why, -ERR_INVALID, "SRV-ID %s is malformed", srv_id);
	if (!is_dns_label(label))
		return reason_set(why, -ERR_REFUSED,
		    "profile dns-server: SRV label %s is neither domain-s nor "
		    "doh",
		    label);
	if (!ascii_equal_nocase(domain, adn))
		return reason_set(why, -ERR_REFUSED,
		    "profile dns-server: SRV-ID %.100s is not of %.100s",
		    srv_id, adn);
	return 0;
}

static int
check_dns_server(const struct names *names, const char *adn,
    const char *server_name, struct reason *why)
{
	if (ascii_equal_nocase(adn, server_name))
		return reason_set(why, -ERR_REFUSED,
		    "profile dns-server: %s is server.name, reserved for the "
		    "appliance",
		    adn);
	for (size_t i = 0; i < names->n; i++) {
		int err = 0;

		if (names->items[i].type == NAME_SRV)
			err = check_dns_srv(names->items[i].text, adn, why);
		if (err != 0)
			return err;
	}
	return 0;
}

static int
check_client(const struct profile *profile, const struct names *names,
    const char *server_name, struct reason *why)
{
	if (!names_has(names, NAME_DNS, server_name))
		return 0;
	return reason_set(why, -ERR_REFUSED,
	    "profile %s: %s is server.name, reserved for the appliance",
	    profile->name, server_name);
}

int
profile_check_names(const struct profile *profile, const struct names *names,
    const char *server_name, struct reason *why)
{
	const char *dns_id = NULL;
	int err = check_types(profile, names, why);

	if (err != 0)
		return err;
	if (!profile->server_auth)
		return check_client(profile, names, server_name, why);
	err = find_dns_id(&dns_id, profile, names, why);
	if (err != 0)
		return err;
	switch (profile->id) {
	case PROFILE_EST_SERVER:
		return check_est_server(dns_id, server_name, why);
	case PROFILE_DNS_SERVER:
		return check_dns_server(names, dns_id, server_name, why);
	case PROFILE_ENDPOINT:
	case PROFILE_DEVICE:
	default:
		return reason_set(
		    why, -ERR_INVALID, "unknown certificate profile");
	}
}
