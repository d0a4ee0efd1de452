#include "registrar/dns_issue.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "ca/cert.h"
#include "registrar/internal.h"
#include "registrar/issued.h"

static int
build_names(
    struct names *names, const struct dns_entry *entry, struct reason *why)
{
	int err = names_add(names, NAME_DNS, entry->adn);

	for (size_t i = 0; i < entry->n_services && err == 0; i++)
		err =
		    names_add_srv(names, entry->services[i].label, entry->adn);
	for (size_t i = 0; i < entry->n_addresses && err == 0; i++) {
		char text[IP_TEXT_MAX];

		ip_format(text, &entry->addresses[i]);
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
	    (cn[0] != '\0' && !ascii_equal_nocase(cn, issue->entry.adn)))
		return reason_set(why, -ERR_REFUSED,
		    "the CSR's subject must be empty or CN=%s",
		    issue->entry.adn);
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
	    .identity = issue->entry.adn};
	int64_t id;
	int err =
	    issued_put(txn, &id, issue->serial, blob_bytes(&issue->sign.cert),
		&certificate, issue->actor, &issue->why);

	return err == 0 ? dns_entry_store(txn, &issue->entry, id, issue->actor)
			: err;
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
	int err = dns_entry_check(&issue->entry, &issue->why);

	if (err != 0)
		return err;
	*sign = (struct signer_request){.profile = PROFILE_DNS_SERVER,
	    .not_before = clock_now(),
	    .done = sign_done};
	err = build_names(&sign->names, &issue->entry, &issue->why);
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
	if (strlen(issue->entry.adn) <= COMMON_NAME_MAX)
		memcpy(sign->common_name, issue->entry.adn,
		    strlen(issue->entry.adn) + 1);
	err = signer_submit(config->signer, sign);
	return err == 0 ? 0 : reason_set(&issue->why, err, "%s", err_text(err));
}
