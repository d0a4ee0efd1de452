#include "client/judge.h"

#include <string.h>

#include "base/str.h"

static bool
is_known(const struct judge *judge, struct bytes leaf)
{
	for (size_t i = 0; i < judge->resolvers->n; i++) {
		const struct resolver *r = &judge->resolvers->items[i];

		if (resolver_is(r, judge->adn, judge->label) &&
		    bytes_equal(blob_bytes(&r->cert), leaf))
			return true;
	}
	return false;
}

static int
judge_leaf(const struct judge *judge, struct bytes leaf, struct reason *why)
{
	struct reason inner = {""};
	bool has = false;
	int err;

	if (!is_known(judge, leaf))
		return reason_set(why, -ERR_REFUSED,
		    "certificate match: %s presents a certificate that is not "
		    "the one fetched from the EST server",
		    judge->adn);
	err = trust_verify_server(judge->trust, leaf, NULL, judge->now, &inner);
	if (err != 0)
		return reason_set(
		    why, -ERR_REFUSED, "path validation: %.220s", inner.text);
	err = cert_has_dns_id(&has, leaf, judge->adn, &inner);
	if (err != 0 || !has)
		return reason_set(why, -ERR_REFUSED,
		    "name: the certificate's DNS-ID is not %s", judge->adn);
	return 0;
}

int
judge_dns_server(
    void *arg, const struct bytes *chain, size_t n, struct reason *why)
{
	struct judge *judge = arg;
	struct reason inner = {""};
	int err;

	if (n == 0)
		err = reason_set(&inner, -ERR_REFUSED,
		    "certificate match: %s presents no certificate",
		    judge->adn);
	else
		err = judge_leaf(judge, chain[0], &inner);
	if (err == 0)
		return 0;
	judge->refused = true;
	judge->why = inner;
	/* why may be judge->why itself. */
	return reason_set(why, err, "%s", inner.text);
}

int
judge_est_chain(const struct est_judge *judge, const struct cert_list *chain,
    struct reason *why)
{
	struct reason inner = {""};
	struct bytes leaf = blob_bytes(&chain->items[0]);
	bool has = false;
	int err = cert_has_dns_id(&has, leaf, judge->server_name, why);

	if (err == 0 && !has)
		err = reason_set(why, -ERR_REFUSED,
		    "server name: the EST server's certificate has no DNS-ID "
		    "%.180s",
		    judge->server_name);
	if (err != 0)
		return err;
	err =
	    trust_verify_server(judge->trust, leaf, chain, judge->now, &inner);
	if (err != 0)
		return reason_set(why, err,
		    "path validation of the EST server's certificate: %.190s",
		    inner.text);
	return 0;
}

int
judge_est_server(
    void *arg, const struct bytes *chain, size_t n, struct reason *why)
{
	struct cert_list certs = {0};
	struct reason inner = {""};
	int err = 0;

	if (n == 0)
		return reason_set(why, -ERR_REFUSED,
		    "the EST server presents no certificate");
	for (size_t i = 0; err == 0 && i < n; i++)
		err = cert_list_add(&certs, chain[i]);
	if (err == 0)
		err = judge_est_chain(arg, &certs, &inner);
	cert_list_fini(&certs);
	return err != 0 ? reason_set(why, err, "%s", inner.text) : 0;
}

int
cert_has_dns_id(
    bool *has, struct bytes der, const char *name, struct reason *why)
{
	struct cert_info *info CLEANUP(freep) = calloc(1, sizeof(*info));
	int err = info == NULL ? -ERR_NOMEM : cert_parse(info, der, why);

	if (err == 0)
		*has = names_has(&info->names, NAME_DNS, name);
	return err;
}

int
cert_single_dns_id(
    char out[DOMAIN_MAX + 1], struct bytes der, struct reason *why)
{
	struct cert_info *info CLEANUP(freep) = calloc(1, sizeof(*info));
	const char *name = NULL;
	int err = info == NULL ? -ERR_NOMEM : cert_parse(info, der, why);

	if (err != 0)
		return err;
	for (size_t i = 0; i < info->names.n; i++) {
		if (info->names.items[i].type != NAME_DNS)
			continue;
		if (name != NULL)
			return reason_set(why, -ERR_NOT_FOUND,
			    "the server's certificate has several DNS-IDs; "
			    "give --server-name");
		name = info->names.items[i].text;
	}
	if (name == NULL || domain_normalize(out, name) != 0)
		return reason_set(why, -ERR_NOT_FOUND,
		    "the server's certificate has no DNS-ID; give "
		    "--server-name");
	return 0;
}
