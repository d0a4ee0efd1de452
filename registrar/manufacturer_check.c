#include "registrar/manufacturer_check.h"

#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "ca/cert.h"
#include "ca/idevid.h"
#include "ca/key.h"
#include "registrar/glob.h"
#include "registrar/masa_url.h"
#include "registrar/name_policy.h"

#define DOMAIN_ID_MAX 64 /* octets: a SHA-1 or SHA-256, with room */
#define HOST_PATTERN_MAX (DOMAIN_MAX + 2)
#define LINE_MAX 512

typedef int (*line_fn)(const char *line, struct reason *why);

static int
each_line(
    const char *lines, const char *what, line_fn check, struct reason *why)
{
	char line[LINE_MAX];

	while (*lines != '\0') {
		size_t len = strcspn(lines, "\n");

		if (len == 0 || len >= sizeof(line))
			return reason_set(why, -ERR_INVALID,
			    "%s: an item is empty or too long", what);
		memcpy(line, lines, len);
		line[len] = '\0';
		if (check(line, why) != 0)
			return -ERR_INVALID;
		lines += len;
		lines += *lines == '\n';
	}
	return 0;
}

static int
check_serial_line(const char *line, struct reason *why)
{
	if (strlen(line) >= GLOB_MAX || !str_is_printable(line))
		return reason_set(why, -ERR_INVALID,
		    "serials: '%.60s' is too long or not printable ASCII",
		    line);
	return 0;
}

static int
check_host_line(const char *line, struct reason *why)
{
	const char *name = strncmp(line, "*.", 2) == 0 ? line + 2 : line;
	struct ip_addr ip;

	if (domain_is_valid(name) || (name == line && ip_parse(&ip, line) == 0))
		return 0;
	return reason_set(why, -ERR_INVALID,
	    "masa_hosts: '%.100s' is no host name, *.host name or address",
	    line);
}

static int
check_domain_id_line(const char *line, struct reason *why)
{
	struct blob id = {0};
	int err = base64_decode(&id, line, strlen(line));
	bool fits = err == 0 && id.len != 0 && id.len <= DOMAIN_ID_MAX;

	blob_fini(&id);
	return fits ? 0
		    : reason_set(why, -ERR_INVALID,
			  "known_domains: '%.60s' is not the base64 of a "
			  "domainID",
			  line);
}

/* words: separated by |. */
static int
check_word(
    const char *what, const char *value, const char *words, struct reason *why)
{
	size_t len = strlen(value);

	for (const char *word = words; *word != '\0';) {
		size_t word_len = strcspn(word, "|");

		if (word_len == len && memcmp(word, value, len) == 0)
			return 0;
		word += word_len;
		word += *word == '|';
	}
	return reason_set(
	    why, -ERR_INVALID, "%s: '%.60s' is none of %s", what, value, words);
}

static int
check_words(const struct manufacturer *m, struct reason *why)
{
	const struct {
		const char *what, *value, *words;
	} values[] = {
	    {"policy", m->policy, "allow|ask|refuse|list"},
	    {"serial_source", m->serial_source, "subject|hardware-module"},
	    {"cose_type", m->cose_type,
		"application/voucher+cose|application/voucher-cose+cbor"},
	    {"nonceless", m->nonceless, "refuse|own|allow"},
	    {"enrollment", m->enrollment, "allow|ask"},
	};
	int err = 0;

	for (size_t i = 0; i < ARRAY_LEN(values) && err == 0; i++)
		err = check_word(
		    values[i].what, values[i].value, values[i].words, why);
	return err;
}

static int
check_name(const char *name, struct reason *why)
{
	size_t len = strlen(name);

	if (len == 0 || len >= MANUFACTURER_NAME_MAX)
		return reason_set(why, -ERR_INVALID,
		    "name: empty, or longer than %d characters",
		    MANUFACTURER_NAME_MAX - 1);
	if (!str_is_printable(name) || name[0] == ' ' || name[len - 1] == ' ')
		return reason_set(why, -ERR_INVALID,
		    "name: not printable ASCII, or a space at an end");
	return 0;
}

static int
check_serial_pattern(const char *pattern, struct reason *why)
{
	const char *hole = strstr(pattern, "{}");

	if (pattern[0] == '\0')
		return 0;
	if (strlen(pattern) >= GLOB_MAX || !str_is_printable(pattern) ||
	    hole == NULL || strstr(hole + 1, "{}") != NULL)
		return reason_set(why, -ERR_INVALID,
		    "serial_pattern: is printable text with one {} in it");
	return 0;
}

static int
check_pem(const char *what, const char *pem, bool ca_only, struct reason *why)
{
	struct cert_list certs = {0};
	AUTOFREE struct cert_info *info = calloc(1, sizeof(*info));
	struct reason detail = {""};
	int err = info != NULL
		      ? cert_list_from_pem(&certs,
			    (struct bytes){(const uint8_t *)pem, strlen(pem)},
			    &detail)
		      : -ERR_NOMEM;

	for (size_t i = 0; i < certs.n && err == 0 && ca_only; i++) {
		err = cert_parse(info, blob_bytes(&certs.items[i]), &detail);
		if (err == 0 && !info->is_ca)
			err = reason_set(&detail, -ERR_INVALID,
			    "%.120s is not a CA certificate", info->subject);
	}
	cert_list_fini(&certs);
	return err == 0
		   ? 0
		   : reason_set(why, err, "%s: %.200s", what,
			 detail.text[0] != '\0' ? detail.text : err_text(err));
}

/* What is wrong with it is said without a word of it. */
static int
check_credential(const char *text, struct reason *why)
{
	const struct bytes pem = {(const uint8_t *)text, strlen(text)};
	struct cert_list certs = {0};
	struct key *key = NULL;
	int err;

	if (text[0] == '\0')
		return 0;
	if (pem.len > MANUFACTURER_CREDENTIAL_MAX)
		return reason_set(why, -ERR_INVALID,
		    "masa_credential: longer than %d octets",
		    MANUFACTURER_CREDENTIAL_MAX);
	if (strstr(text, "-----BEGIN ") == NULL)
		return str_is_printable(text) && strchr(text, ':') != NULL
			   ? 0
			   : reason_set(why, -ERR_INVALID,
				 "masa_credential: neither user:password "
				 "nor PEM of a certificate and its key");
	err = cert_list_from_pem(&certs, pem, NULL);
	if (err == 0)
		err = key_from_pem(&key, pem);
	if (err == 0 && !key_is_of_cert(key, blob_bytes(&certs.items[0])))
		err = -ERR_INVALID;
	key_free(key);
	cert_list_fini(&certs);
	return err == 0 ? 0
			: reason_set(why, -ERR_INVALID,
			      "masa_credential: the PEM is not a certificate "
			      "and, unencrypted, its key");
}

static int
check_masa(const struct manufacturer *m, struct reason *why)
{
	struct masa_url url;
	int err = 0;

	if (m->masa_url[0] != '\0')
		err = masa_url_parse(&url, m->masa_url, why);
	if (err == 0)
		err = each_line(
		    m->masa_hosts, "masa_hosts", check_host_line, why);
	if (err == 0 && m->masa_tls_anchors[0] != '\0')
		err = check_pem(
		    "masa_tls_anchors", m->masa_tls_anchors, true, why);
	/* A voucher's signer itself may be known. */
	if (err == 0 && m->voucher_anchors[0] != '\0')
		err = check_pem(
		    "voucher_anchors", m->voucher_anchors, false, why);
	return err == 0 ? check_credential(m->masa_credential, why) : err;
}

static int
check_sizes(const struct manufacturer *m, struct reason *why)
{
	struct manufacturer copy = *m;

	for (size_t i = 0; i < MANUFACTURER_TEXTS; i++)
		if (strlen(*manufacturer_text(&copy, i)) >
		    MANUFACTURER_TEXT_MAX)
			return reason_set(why, -ERR_TOO_LARGE,
			    "a value is longer than %d characters",
			    MANUFACTURER_TEXT_MAX);
	return 0;
}

int
manufacturer_check(const struct manufacturer *m, struct reason *why)
{
	int err = check_sizes(m, why);

	if (err == 0)
		err = check_name(m->name, why);
	if (err == 0)
		err = check_words(m, why);
	if (err == 0)
		err = each_line(m->serials, "serials", check_serial_line, why);
	if (err == 0 && strcmp(m->policy, "list") == 0 && m->serials[0] == '\0')
		err = reason_set(why, -ERR_REFUSED,
		    "policy list: no serial number is listed, so no device "
		    "would ever be taken");
	if (err == 0)
		err = check_serial_pattern(m->serial_pattern, why);
	if (err == 0)
		err = check_pem("anchors", m->anchors, true, why);
	if (err == 0)
		err = check_masa(m, why);
	if (err == 0)
		err = each_line(m->known_domains, "known_domains",
		    check_domain_id_line, why);
	return err == 0 ? name_patterns_check(m->allow_names, why) : err;
}
