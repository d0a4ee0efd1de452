#include "registrar/dns_entry.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "db/dns_server.h"

int
dns_label_defaults(const char *label, uint16_t *port, const char **dohpath)
{
	if (strcmp(label, "domain-s") == 0) {
		*port = 853;
		*dohpath = "";
	} else if (strcmp(label, "doh") == 0) {
		*port = 443;
		*dohpath = "/dns-query{?dns}";
	} else {
		return -ERR_NOT_FOUND;
	}
	return 0;
}

/* A relative URI template with the variable dns, RFC 9461 section 5. */
static bool
dohpath_is_valid(const char *path)
{
	return path[0] == '/' && str_is_printable(path) &&
	       strstr(path, "{?dns}") != NULL &&
	       strpbrk(path, " \"<>\\") == NULL;
}

static int
check_service(const struct dns_service_request *service, struct reason *why)
{
	const char *dohpath;
	uint16_t port;

	if (dns_label_defaults(service->label, &port, &dohpath) != 0)
		return reason_set(why, -ERR_REFUSED,
		    "the service label '%s' is not served: domain-s (DoT) or "
		    "doh (DoH)",
		    service->label);
	if (service->port == 0)
		return reason_set(why, -ERR_INVALID, "port 0 is not a port");
	if (strcmp(service->label, "doh") != 0)
		return service->dohpath[0] == '\0'
			   ? 0
			   : reason_set(why, -ERR_INVALID,
				 "only the label doh has a dohpath");
	if (!dohpath_is_valid(service->dohpath))
		return reason_set(why, -ERR_INVALID,
		    "the dohpath is not a template such as "
		    "/dns-query{?dns} (RFC 9461 section 5)");
	return 0;
}

static int
check_services(const struct dns_entry *entry, struct reason *why)
{
	if (entry->n_services == 0)
		return reason_set(why, -ERR_INVALID,
		    "a DNS server needs a service label: domain-s or doh");
	for (size_t i = 0; i < entry->n_services; i++) {
		int err = check_service(&entry->services[i], why);

		if (err != 0)
			return err;
		for (size_t j = 0; j < i; j++)
			if (strcmp(entry->services[i].label,
				entry->services[j].label) == 0)
				return reason_set(why, -ERR_INVALID,
				    "the label %s is given twice",
				    entry->services[i].label);
	}
	return 0;
}

int
dns_entry_check(struct dns_entry *entry, struct reason *why)
{
	int err = check_services(entry, why);

	if (err == 0 && domain_normalize(entry->adn, entry->adn) != 0)
		err = reason_set(why, -ERR_INVALID,
		    "'%.100s' is not a domain name", entry->adn);
	return err;
}

static int
addresses_text(struct buf *out, const struct dns_entry *entry)
{
	for (size_t i = 0; i < entry->n_addresses; i++) {
		char text[IP_TEXT_MAX];

		ip_format(text, &entry->addresses[i]);
		buf_printf(out, "%s%s", i != 0 ? "," : "", text);
	}
	return buf_status(out);
}

int
dns_entry_store(struct store_txn *txn, struct dns_entry *entry,
    int64_t certificate_id, const char *actor)
{
	struct buf addresses CLEANUP(buf_fini) = {0};
	int err = addresses_text(&addresses, entry);

	for (size_t i = 0; i < entry->n_services && err == 0; i++) {
		struct dns_service_request *service = &entry->services[i];
		const struct dns_server row = {.label = service->label,
		    .adn = entry->adn,
		    .port = service->port,
		    .dohpath = service->dohpath,
		    .addresses = buf_text(&addresses),
		    .certificate_id = certificate_id};

		err = dns_server_add(
		    txn, &service->state, &row, clock_now(), actor);
	}
	return err;
}
