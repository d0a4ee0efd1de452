#include "client/system_dns.h"

#include <ldns/ldns.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "client/net.h"
#include "client/svcb.h"

#define RESOLV_CONF "/etc/resolv.conf"
#define SEARCH_DOMAINS_MAX 6
#define INSTANCES_MAX 8
#define QUERY_TIMEOUT_MS 1000

struct system_dns {
	ldns_resolver *resolver;
	int64_t deadline_ms;
};

static void
packet_freep(ldns_pkt **packet)
{
	ldns_pkt_free(*packet);
}

static void
dname_freep(ldns_rdf **dname)
{
	ldns_rdf_deep_free(*dname);
}

static void
list_freep(ldns_rr_list **list)
{
	ldns_rr_list_deep_free(*list);
}

int
system_dns_new(
    struct system_dns **out, const char *resolv_conf, int64_t deadline_ms)
{
	struct system_dns *dns = calloc(1, sizeof(*dns));

	if (dns == NULL)
		return -ERR_NOMEM;
	if (ldns_resolver_new_frm_file(&dns->resolver,
		resolv_conf != NULL ? resolv_conf : RESOLV_CONF) !=
		LDNS_STATUS_OK ||
	    ldns_resolver_nameserver_count(dns->resolver) == 0) {
		system_dns_free(dns);
		return -ERR_NOT_FOUND;
	}
	ldns_resolver_set_retry(dns->resolver, 1);
	ldns_resolver_set_dnsrch(dns->resolver, false);
	ldns_resolver_set_defnames(dns->resolver, false);
	dns->deadline_ms = deadline_ms;
	*out = dns;
	return 0;
}

void
system_dns_free(struct system_dns *dns)
{
	if (dns == NULL)
		return;
	ldns_resolver_deep_free(dns->resolver);
	free(dns);
}

/* Each server gets its share of what is left of the time. */
static int
set_timeout(struct system_dns *dns)
{
	size_t n = ldns_resolver_nameserver_count(dns->resolver);
	int64_t left = dns->deadline_ms - clock_monotonic_ms();
	int64_t share = left / (int64_t)(n > 0 ? n : 1);
	struct timeval tv;

	if (share <= 0)
		return -ERR_TIMEOUT;
	if (share > QUERY_TIMEOUT_MS)
		share = QUERY_TIMEOUT_MS;
	tv.tv_sec = share / 1000;
	tv.tv_usec = share % 1000 * 1000;
	ldns_resolver_set_timeout(dns->resolver, tv);
	return 0;
}

/* The answer's records of this type (the caller frees them); -ERR_NOT_FOUND
 * without one. */
static int
ask(ldns_rr_list **out, struct system_dns *dns, const ldns_rdf *name,
    ldns_rr_type type)
{
	ldns_pkt *packet CLEANUP(packet_freep) = NULL;
	int err = set_timeout(dns);

	if (err != 0)
		return err;
	if (ldns_resolver_query_status(&packet, dns->resolver, name, type,
		LDNS_RR_CLASS_IN, LDNS_RD) != LDNS_STATUS_OK ||
	    packet == NULL)
		return -ERR_TIMEOUT;
	if (ldns_pkt_get_rcode(packet) != LDNS_RCODE_NOERROR)
		return -ERR_NOT_FOUND;
	*out = ldns_pkt_rr_list_by_type(packet, type, LDNS_SECTION_ANSWER);
	return *out != NULL ? 0 : -ERR_NOT_FOUND;
}

static int
ask_text(ldns_rr_list **out, struct system_dns *dns, const char *name,
    ldns_rr_type type)
{
	ldns_rdf *dname CLEANUP(dname_freep) = ldns_dname_new_frm_str(name);

	return dname == NULL ? -ERR_INVALID : ask(out, dns, dname, type);
}

static void
add_addresses(struct mdns_instance *instance, struct system_dns *dns,
    const ldns_rdf *host, ldns_rr_type type, uint16_t port)
{
	ldns_rr_list *list CLEANUP(list_freep) = NULL;

	if (ask(&list, dns, host, type) != 0)
		return;
	for (size_t i = 0; i < ldns_rr_list_rr_count(list) &&
			   instance->n_addresses < MDNS_ADDRESSES_MAX;
	     i++) {
		const ldns_rdf *data = ldns_rr_rdf(ldns_rr_list_rr(list, i), 0);
		struct ip_addr ip = {0};

		if (data == NULL ||
		    (ldns_rdf_size(data) != 4 && ldns_rdf_size(data) != 16))
			continue;
		ip.len = (uint8_t)ldns_rdf_size(data);
		memcpy(ip.bytes, ldns_rdf_data(data), ip.len);
		net_sockaddr(
		    &instance->addresses[instance->n_addresses++], &ip, port);
	}
}

static int
add_host(struct mdns_instance *instance, struct system_dns *dns,
    const ldns_rdf *name)
{
	ldns_rr_list *list CLEANUP(list_freep) = NULL;
	const ldns_rr *srv;
	const ldns_rdf *host;
	char *text;
	uint16_t port;
	int err = ask(&list, dns, name, LDNS_RR_TYPE_SRV);

	if (err != 0)
		return err;
	srv = ldns_rr_list_rr(list, 0);
	if (ldns_rr_rd_count(srv) != 4)
		return -ERR_INVALID;
	port = ldns_rdf2native_int16(ldns_rr_rdf(srv, 2));
	host = ldns_rr_rdf(srv, 3);
	text = ldns_rdf2str(host);
	if (text == NULL)
		return -ERR_NOMEM;
	err = str_format(instance->host, sizeof(instance->host), "%s", text);
	free(text);
	if (err != 0)
		return err;
	add_addresses(instance, dns, host, LDNS_RR_TYPE_AAAA, port);
	add_addresses(instance, dns, host, LDNS_RR_TYPE_A, port);
	return instance->n_addresses > 0 ? 0 : -ERR_NOT_FOUND;
}

static void
add_txt(struct mdns_instance *instance, struct system_dns *dns,
    const ldns_rdf *name)
{
	ldns_rr_list *list CLEANUP(list_freep) = NULL;
	const ldns_rr *txt;

	if (ask(&list, dns, name, LDNS_RR_TYPE_TXT) != 0)
		return;
	txt = ldns_rr_list_rr(list, 0);
	for (size_t i = 0;
	     i < ldns_rr_rd_count(txt) && instance->n_txt < MDNS_TXT_MAX; i++) {
		/* A character-string: its length, then that many bytes. */
		const ldns_rdf *data = ldns_rr_rdf(txt, i);
		const uint8_t *bytes = ldns_rdf_data(data);
		char *out = instance->txt[instance->n_txt];

		if (ldns_rdf_size(data) < 1 ||
		    ldns_rdf_size(data) != 1u + bytes[0] ||
		    memchr(bytes + 1, '\0', bytes[0]) != NULL)
			continue;
		memcpy(out, bytes + 1, bytes[0]);
		out[bytes[0]] = '\0';
		instance->n_txt++;
	}
}

/* The first label of the instance's name (RFC 6763 4.1). */
static void
set_instance_name(struct mdns_instance *instance, const ldns_rdf *name)
{
	const uint8_t *wire = ldns_rdf_data(name);

	if (ldns_rdf_size(name) > 1u + wire[0] &&
	    wire[0] < sizeof(instance->name)) {
		memcpy(instance->name, wire + 1, wire[0]);
		instance->name[wire[0]] = '\0';
	}
}

/* Non-zero when found wants no more. */
static int
browse_instance(struct system_dns *dns, const ldns_rdf *name,
    mdns_instance_fn found, void *arg)
{
	struct mdns_instance *instance CLEANUP(freep) =
	    calloc(1, sizeof(*instance));

	if (instance == NULL || add_host(instance, dns, name) != 0)
		return 0;
	set_instance_name(instance, name);
	add_txt(instance, dns, name);
	return found(arg, instance);
}

static int
browse_domain(struct system_dns *dns, const char *type, const char *domain,
    mdns_instance_fn found, void *arg)
{
	ldns_rr_list *list CLEANUP(list_freep) = NULL;
	char name[DOMAIN_MAX + 40];
	int stop = 0;

	if (str_format(name, sizeof(name), "%s.%s", type, domain) != 0 ||
	    ask_text(&list, dns, name, LDNS_RR_TYPE_PTR) != 0)
		return 0;
	for (size_t i = 0;
	     stop == 0 && i < INSTANCES_MAX && i < ldns_rr_list_rr_count(list);
	     i++) {
		const ldns_rdf *target =
		    ldns_rr_rdf(ldns_rr_list_rr(list, i), 0);

		if (target != NULL)
			stop = browse_instance(dns, target, found, arg);
	}
	return stop;
}

int
system_dns_browse(
    struct system_dns *dns, const char *type, mdns_instance_fn found, void *arg)
{
	size_t n = ldns_resolver_searchlist_count(dns->resolver);
	ldns_rdf **search = ldns_resolver_searchlist(dns->resolver);
	int stop = 0;

	for (size_t i = 0; stop == 0 && i < n && i < SEARCH_DOMAINS_MAX; i++) {
		char *domain = ldns_rdf2str(search[i]);

		if (domain == NULL)
			return -ERR_NOMEM;
		stop = browse_domain(dns, type, domain, found, arg);
		free(domain);
	}
	return 0;
}

int
system_dns_svcb(struct system_dns *dns, struct resolver *resolver)
{
	ldns_rr_list *list CLEANUP(list_freep) = NULL;
	struct resolver best = *resolver;
	char name[DOMAIN_MAX + 8];
	unsigned int best_priority = UINT16_MAX + 1;
	int err = str_format(name, sizeof(name), "_dns.%s", resolver->adn);

	if (err == 0)
		err = ask_text(&list, dns, name, LDNS_RR_TYPE_SVCB);
	for (size_t i = 0; err == 0 && i < ldns_rr_list_rr_count(list); i++) {
		ldns_buffer *rdata = ldns_buffer_new(LDNS_MAX_PACKETLEN);
		struct resolver found = *resolver;
		uint16_t priority;

		if (rdata == NULL)
			return -ERR_NOMEM;
		if (ldns_rr_rdata2buffer_wire(
			rdata, ldns_rr_list_rr(list, i)) == LDNS_STATUS_OK &&
		    svcb_parse(&found, &priority,
			(struct bytes){ldns_buffer_begin(rdata),
			    ldns_buffer_position(rdata)}) == 0 &&
		    priority < best_priority) {
			best = found;
			best_priority = priority;
		}
		ldns_buffer_free(rdata);
	}
	if (best_priority > UINT16_MAX)
		return -ERR_NOT_FOUND;
	*resolver = best;
	return 0;
}
