#include "registrar/enroll_dns.h"

#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "db/dns_server.h"
#include "registrar/dns_issue.h"
#include "registrar/name_policy.h"

#define ADDRESSES_TEXT_MAX (DNS_ADDRESSES_MAX * IP_TEXT_MAX)

static const char *const labels[] = {"domain-s", "doh"};

/* --- what is registered --- */

/* Of one ADN, and one label unless that is NULL. */
struct registered {
	const char *adn, *label;
	int rank; /* 0: nothing */
	uint16_t port;
	char dohpath[DOHPATH_MAX];
	char addresses[ADDRESSES_TEXT_MAX];
};

/* What is in use says most, then what will be, then what was. */
static int
rank_of(const char *state)
{
	if (strcmp(state, "current") == 0)
		return 3;
	return strcmp(state, "next") == 0 ? 2 : 1;
}

static int
look_at_server(void *arg, const struct dns_server *server)
{
	struct registered *r = arg;
	int rank = rank_of(server->state);

	if (!ascii_equal_nocase(server->adn, r->adn) ||
	    (r->label != NULL && strcmp(server->label, r->label) != 0) ||
	    rank < r->rank)
		return 0;
	r->rank = rank;
	r->port = server->port;
	if (str_format(r->dohpath, sizeof(r->dohpath), "%s", server->dohpath) !=
		0 ||
	    str_format(r->addresses, sizeof(r->addresses), "%s",
		server->addresses) != 0)
		return -ERR_CORRUPT;
	return 0;
}

/* Adds the addresses of a comma-separated list. */
static int
add_addresses(struct names *out, const char *list)
{
	while (*list != '\0') {
		size_t len = strcspn(list, ",");
		char text[IP_TEXT_MAX];
		int err =
		    str_format(text, sizeof(text), "%.*s", (int)len, list);

		if (err == 0)
			err = names_add(out, NAME_IP, text);
		if (err != 0)
			return err;
		list += len + (list[len] == ',' ? 1 : 0);
	}
	return 0;
}

/* Every address that any label of the ADN has, if it is still in use. */
static int
registered_addresses(
    struct names *out, const char *adn, struct store_reader *reader)
{
	int err = 0;

	for (size_t i = 0; i < ARRAY_LEN(labels) && err == 0; i++) {
		struct registered r = {.adn = adn, .label = labels[i]};

		err = dns_server_list(reader, look_at_server, &r);
		if (err == 0 && r.rank > rank_of("retired"))
			err = add_addresses(out, r.addresses);
	}
	return err;
}

/* --- what may be asked for --- */

static int
check_subject(const struct csr *csr, const char *adn, struct reason *why)
{
	const char *cn = csr_common_name(csr);

	if (!csr_subject_has_more(csr) &&
	    (cn[0] == '\0' || ascii_equal_nocase(cn, adn)))
		return 0;
	return reason_set(why, -ERR_REFUSED,
	    "the request's subject must be empty or CN=%s", adn);
}

static bool
is_srv_id_of(const char *srv_id, const char *adn)
{
	char label[SRV_LABEL_MAX], domain[DOMAIN_MAX + 1];
	const char *dohpath;
	uint16_t port;

	return srv_id_split(label, domain, srv_id) == 0 &&
	       ascii_equal_nocase(domain, adn) &&
	       dns_label_defaults(label, &port, &dohpath) == 0;
}

static bool
may_have(const struct name *name, const char *adn, const char *patterns,
    const struct names *registered)
{
	switch (name->type) {
	case NAME_DNS:
		return ascii_equal_nocase(name->text, adn);
	case NAME_SRV:
		return is_srv_id_of(name->text, adn);
	case NAME_IP:
		return name_is_allowed(name, patterns) ||
		       names_has(registered, NAME_IP, name->text);
	case NAME_OTHER:
		break;
	}
	return false;
}

static int
check_names(const struct names *names, const char *adn, const char *patterns,
    const struct names *registered, struct reason *why)
{
	bool has_srv = false;
	char quoted[160];

	for (size_t i = 0; i < names->n; i++) {
		const struct name *name = &names->items[i];

		if (!may_have(name, adn, patterns, registered))
			return reason_set(why, -ERR_REFUSED,
			    "the request asks for the name %s, which is "
			    "neither %.80s nor an SRV-ID or an address of it",
			    log_quote(quoted, sizeof(quoted), name->text), adn);
		has_srv = has_srv || name->type == NAME_SRV;
	}
	if (has_srv && names_has(names, NAME_DNS, adn))
		return 0;
	return reason_set(why, -ERR_REFUSED,
	    "the request of a DNS server must ask for the name %.80s and its "
	    "SRV-ID _domain-s or _doh (csrattrs says which)",
	    adn);
}

int
enroll_dns_check(const struct csr *csr, const char *patterns,
    struct store_reader *reader, struct reason *why)
{
	AUTOFREE struct names *registered = calloc(1, sizeof(*registered));
	char adn[DOMAIN_MAX + 1] = "";
	int err = registered != NULL ? 0 : -ERR_NOMEM;

	if (err == 0)
		err = name_patterns_adn(adn, patterns, why);
	if (err == 0)
		err = check_subject(csr, adn, why);
	if (err == 0)
		err = registered_addresses(registered, adn, reader);
	if (err == 0)
		err =
		    check_names(csr_names(csr), adn, patterns, registered, why);
	return err;
}

/* --- what is best asked for --- */

static int
add_srv_ids(struct names *out, const char *adn, struct store_reader *reader)
{
	size_t before = out->n;
	int err = 0;

	for (size_t i = 0; i < ARRAY_LEN(labels) && err == 0; i++) {
		struct registered r = {.adn = adn, .label = labels[i]};

		err = dns_server_list(reader, look_at_server, &r);
		if (err == 0 && r.rank > rank_of("retired"))
			err = names_add_srv(out, labels[i], adn);
	}
	if (err != 0 || out->n != before)
		return err;
	for (size_t i = 0; i < ARRAY_LEN(labels) && err == 0; i++)
		err = names_add_srv(out, labels[i], adn);
	return err;
}

/* The patterns that are one address each. */
static int
add_pattern_addresses(struct names *out, const char *patterns)
{
	while (*patterns != '\0') {
		size_t len = strcspn(patterns, "\n");
		char text[IP_TEXT_MAX];
		struct ip_addr ip;
		int err = 0;

		if (str_format(
			text, sizeof(text), "%.*s", (int)len, patterns) == 0 &&
		    ip_parse(&ip, text) == 0)
			err = names_add(out, NAME_IP, text);
		if (err != 0)
			return err;
		patterns += len + (patterns[len] == '\n' ? 1 : 0);
	}
	return 0;
}

int
enroll_dns_names(struct names *out, const char *patterns,
    struct store_reader *reader, struct reason *why)
{
	char adn[DOMAIN_MAX + 1] = "";
	int err = name_patterns_adn(adn, patterns, why);

	if (err == 0)
		err = names_add(out, NAME_DNS, adn);
	if (err == 0)
		err = add_srv_ids(out, adn, reader);
	if (err == 0)
		err = registered_addresses(out, adn, reader);
	return err == 0 ? add_pattern_addresses(out, patterns) : err;
}

/* --- where the certificate goes --- */

static int
certificate_addresses(char out[ADDRESSES_TEXT_MAX], const struct names *names)
{
	struct buf list = {0};
	int err;

	for (size_t i = 0; i < names->n; i++)
		if (names->items[i].type == NAME_IP)
			buf_printf(&list, "%s%s", list.len != 0 ? "," : "",
			    names->items[i].text);
	err = buf_status(&list);
	if (err == 0)
		err =
		    str_format(out, ADDRESSES_TEXT_MAX, "%s", buf_text(&list));
	buf_fini(&list);
	return err;
}

static int
store_label(struct store_txn *txn, const struct names *names,
    const char *srv_id, int64_t certificate_id, const char *actor)
{
	char label[SRV_LABEL_MAX] = "", adn[DOMAIN_MAX + 1] = "";
	struct registered r = {.adn = adn, .label = label};
	struct dns_server row = {.label = label,
	    .adn = adn,
	    .dohpath = r.dohpath,
	    .addresses = r.addresses,
	    .certificate_id = certificate_id};
	const char *state;
	int err = srv_id_split(label, adn, srv_id);

	if (err == 0)
		err =
		    dns_server_list(store_txn_reader(txn), look_at_server, &r);
	row.port = r.port;
	if (err == 0 && r.rank == 0) {
		err = dns_label_defaults(label, &row.port, &row.dohpath);
		if (err == 0)
			err = certificate_addresses(r.addresses, names);
	}
	return err != 0 ? err
			: dns_server_add(txn, &state, &row, clock_now(), actor);
}

int
enroll_dns_store(struct store_txn *txn, const struct names *names,
    int64_t certificate_id, const char *actor)
{
	int err = 0;

	for (size_t i = 0; i < names->n && err == 0; i++)
		if (names->items[i].type == NAME_SRV)
			err = store_label(txn, names, names->items[i].text,
			    certificate_id, actor);
	return err;
}
