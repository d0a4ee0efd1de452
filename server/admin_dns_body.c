#include <string.h>

#include "base/str.h"
#include "server/admin_body.h"
#include "server/admin_json.h"

static int
read_service(
    struct dns_service_request *service, const json_t *item, struct reason *why)
{
	const char *dohpath;
	uint16_t port;
	int64_t number;
	int err;

	if (!json_is_object(item))
		return reason_set(
		    why, -ERR_INVALID, "labels: an item is not an object");
	err = json_copy_text(
	    service->label, sizeof(service->label), item, "label", NULL, why);
	if (err != 0)
		return err;
	ascii_lower_all(service->label);
	if (dns_label_defaults(service->label, &port, &dohpath) != 0)
		return reason_set(why, -ERR_REFUSED,
		    "the service label '%s' is not served: domain-s (DoT) or "
		    "doh (DoH)",
		    service->label);
	err = json_copy_number(&number, item, "port", 1, 65535, port, why);
	if (err == 0)
		err = json_copy_text(service->dohpath, sizeof(service->dohpath),
		    item, "dohpath", dohpath, why);
	if (err == 0)
		service->port = (uint16_t)number;
	return err;
}

static int
read_services(struct dns_entry *entry, const json_t *list, struct reason *why)
{
	size_t i;
	const json_t *item;

	if (!json_is_array(list))
		return reason_set(
		    why, -ERR_INVALID, "labels: is missing or not an array");
	if (json_array_size(list) > DNS_LABELS_MAX)
		return reason_set(
		    why, -ERR_INVALID, "labels: more than %d", DNS_LABELS_MAX);
	json_array_foreach(list, i, item)
	{
		int err = read_service(
		    &entry->services[entry->n_services++], item, why);

		if (err != 0)
			return err;
	}
	return 0;
}

static int
read_addresses(struct dns_entry *entry, const json_t *list, struct reason *why)
{
	size_t i;
	const json_t *item;

	if (list == NULL)
		return 0;
	if (!json_is_array(list) || json_array_size(list) > DNS_ADDRESSES_MAX)
		return reason_set(why, -ERR_INVALID,
		    "addresses: not an array of at most %d", DNS_ADDRESSES_MAX);
	json_array_foreach(list, i, item)
	{
		const char *text = json_string_value(item);

		if (text == NULL ||
		    ip_parse(&entry->addresses[entry->n_addresses++], text) !=
			0)
			return reason_set(why, -ERR_INVALID,
			    "addresses: '%.60s' is not an IP address",
			    text != NULL ? text : "");
	}
	return 0;
}

/* name, labels and addresses. */
static int
read_entry(struct dns_entry *entry, const json_t *body, struct reason *why)
{
	char name[DOMAIN_MAX + 2];
	int err = json_copy_text(name, sizeof(name), body, "name", NULL, why);

	if (err == 0 && domain_normalize(entry->adn, name) != 0)
		err = reason_set(why, -ERR_INVALID,
		    "name: '%.120s' is not a domain name", name);
	if (err == 0)
		err =
		    read_services(entry, json_object_get(body, "labels"), why);
	if (err == 0)
		err = read_addresses(
		    entry, json_object_get(body, "addresses"), why);
	return err;
}

int
dns_issue_body_read(struct dns_issue *issue, struct csr **csr,
    const json_t *body, struct reason *why)
{
	const char *pem = json_string_value(json_object_get(body, "csr"));
	int err = read_entry(&issue->entry, body, why);

	if (err != 0)
		return err;
	if (pem == NULL)
		return reason_set(why, -ERR_INVALID, "csr: is missing");
	return csr_parse_text(csr, pem, strlen(pem), why);
}

int
dns_import_body_read(struct dns_entry *entry, struct bytes *pem,
    const json_t *body, struct reason *why)
{
	const json_t *cert = json_object_get(body, "cert");
	int err = read_entry(entry, body, why);

	if (err != 0)
		return err;
	if (!json_is_string(cert))
		return reason_set(
		    why, -ERR_INVALID, "cert: is missing or not PEM text");
	*pem = (struct bytes){
	    (const uint8_t *)json_string_value(cert), json_string_length(cert)};
	return 0;
}
