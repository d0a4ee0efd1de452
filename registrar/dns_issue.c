#include "registrar/dns_issue.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "ca/cert.h"
#include "db/dns_server.h"
#include "registrar/internal.h"
#include "registrar/issued.h"

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
check_services(const struct dns_issue *issue, struct reason *why)
{
	if (issue->n_services == 0)
		return reason_set(why, -ERR_INVALID,
		    "a DNS server needs a service label: domain-s or doh");
	for (size_t i = 0; i < issue->n_services; i++) {
		int err = check_service(&issue->services[i], why);

		if (err != 0)
			return err;
		for (size_t j = 0; j < i; j++)
			if (strcmp(issue->services[i].label,
				issue->services[j].label) == 0)
				return reason_set(why, -ERR_INVALID,
				    "the label %s is given twice",
				    issue->services[i].label);
	}
	return 0;
}

/* The ADN becomes what the certificate has: lower case, no final dot. */
static int
build_names(struct names *names, struct dns_issue *issue, struct reason *why)
{
	int err = domain_normalize(issue->adn, issue->adn);

	if (err == 0)
		err = names_add(names, NAME_DNS, issue->adn);
	if (err != 0)
		return reason_set(why, -ERR_INVALID,
		    "'%.100s' is not a domain name", issue->adn);
	for (size_t i = 0; i < issue->n_services && err == 0; i++)
		err =
		    names_add_srv(names, issue->services[i].label, issue->adn);
	for (size_t i = 0; i < issue->n_addresses && err == 0; i++) {
		char text[IP_TEXT_MAX];

		ip_format(text, &issue->addresses[i]);
		err = names_add(names, NAME_IP, text);
	}
	return err == 0
		   ? 0
		   : reason_set(why, err, "the names do not fit a certificate");
}

/* Nothing that the CSR asks for is dropped in silence. */
static int
check_csr(const struct csr *csr, const struct dns_issue *issue,
    const struct names *names, struct reason *why)
{
	const struct names *asked = csr_names(csr);
	const char *cn = csr_common_name(csr);

	if (csr_subject_has_more(csr) ||
	    (cn[0] != '\0' && !ascii_equal_nocase(cn, issue->adn)))
		return reason_set(why, -ERR_REFUSED,
		    "the CSR's subject must be empty or CN=%s", issue->adn);
	for (size_t i = 0; i < asked->n; i++)
		if (!names_has(
			names, asked->items[i].type, asked->items[i].text))
			return reason_set(why, -ERR_REFUSED,
			    "the CSR asks for the name '%.120s', which is not "
			    "this DNS server's",
			    asked->items[i].text);
	return 0;
}

static void
finish(struct dns_issue *issue, int result)
{
	issue->result = result;
	if (result != 0) {
		blob_fini(&issue->sign.cert);
		if (issue->why.text[0] == '\0')
			reason_set(&issue->why, result, "%s", err_text(result));
	}
	issue->done(issue);
}

static int
store_run(struct store_job *job, struct store_txn *txn)
{
	struct dns_issue *issue = CONTAINER_OF(job, struct dns_issue, job);
	const struct certificate certificate = {
	    .profile = profile_get(PROFILE_DNS_SERVER)->name,
	    .identity = issue->adn};
	struct buf addresses = {0};
	int64_t id;
	int err =
	    issued_put(txn, &id, issue->serial, blob_bytes(&issue->sign.cert),
		&certificate, issue->actor, &issue->why);

	for (size_t i = 0; i < issue->n_addresses; i++) {
		char text[IP_TEXT_MAX];

		ip_format(text, &issue->addresses[i]);
		buf_printf(&addresses, "%s%s", i != 0 ? "," : "", text);
	}
	if (err == 0)
		err = buf_status(&addresses);
	for (size_t i = 0; i < issue->n_services && err == 0; i++) {
		struct dns_service_request *service = &issue->services[i];
		const struct dns_server row = {.label = service->label,
		    .adn = issue->adn,
		    .port = service->port,
		    .dohpath = service->dohpath,
		    .addresses = buf_text(&addresses),
		    .certificate_id = id};

		err = dns_server_add(
		    txn, &service->state, &row, clock_now(), issue->actor);
	}
	buf_fini(&addresses);
	return err;
}

static void
store_done(struct store_job *job)
{
	struct dns_issue *issue = CONTAINER_OF(job, struct dns_issue, job);

	finish(issue, job->result);
}

static void
sign_done(struct signer_request *sign)
{
	struct dns_issue *issue = CONTAINER_OF(sign, struct dns_issue, sign);
	int err = sign->result;

	if (err != 0) {
		issue->why = sign->why;
		finish(issue, err);
		return;
	}
	issue->job = (struct store_job){
	    .run = store_run, .done = store_done, .source = issue->source};
	err = store_submit(issue->registrar->config.store, &issue->job);
	if (err != 0)
		finish(issue, err);
}

int
registrar_dns_issue(struct dns_issue *issue, const struct csr *csr)
{
	const struct registrar_config *config = &issue->registrar->config;
	struct signer_request *sign = &issue->sign;
	struct bytes der = csr_der(csr);
	int err = check_services(issue, &issue->why);

	if (err != 0)
		return err;
	*sign = (struct signer_request){.profile = PROFILE_DNS_SERVER,
	    .not_before = clock_now(),
	    .done = sign_done};
	err = build_names(&sign->names, issue, &issue->why);
	if (err == 0)
		err = check_csr(csr, issue, &sign->names, &issue->why);
	if (err == 0)
		err = profile_check_names(profile_get(PROFILE_DNS_SERVER),
		    &sign->names, config->server_name, &issue->why);
	if (err == 0)
		err = constraints_check(signer_constraints(config->signer),
		    &sign->names, &issue->why);
	if (err != 0)
		return err;
	if (der.len > sizeof(sign->csr))
		return reason_set(
		    &issue->why, -ERR_TOO_LARGE, "the CSR is too large");
	memcpy(sign->csr, der.data, der.len);
	sign->csr_len = der.len;
	if (strlen(issue->adn) <= COMMON_NAME_MAX)
		memcpy(sign->common_name, issue->adn, strlen(issue->adn) + 1);
	err = signer_submit(config->signer, sign);
	return err == 0 ? 0 : reason_set(&issue->why, err, "%s", err_text(err));
}
