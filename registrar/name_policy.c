#include "registrar/name_policy.h"

#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/str.h"

#define PATTERN_MAX (DOMAIN_MAX + 1) /* with NUL; addresses are shorter */

/* Takes one line off the front of *patterns; false at the end, or for one that
 * is too long to be a pattern (which then reads as "" and matches nothing). */
static bool
next_pattern(char out[PATTERN_MAX], const char **patterns)
{
	size_t len = strcspn(*patterns, "\n");

	if (**patterns == '\0')
		return false;
	if (str_format(out, PATTERN_MAX, "%.*s", (int)len, *patterns) != 0)
		out[0] = '\0';
	*patterns += len + ((*patterns)[len] == '\n' ? 1 : 0);
	return true;
}

static bool
is_prefix(const char *pattern)
{
	struct ip_prefix prefix;

	return ip_prefix_parse(&prefix, pattern) == 0;
}

/* With each whole-label `*` made an ordinary label. */
static bool
is_domain_pattern(const char *pattern)
{
	char plain[PATTERN_MAX];
	bool starts = true;

	if (str_format(plain, sizeof(plain), "%s", pattern) != 0)
		return false;
	for (char *p = plain; *p != '\0'; p++) {
		if (*p == '*' && starts && (p[1] == '.' || p[1] == '\0'))
			*p = 'x';
		starts = *p == '.';
	}
	return domain_is_valid(plain);
}

int
name_patterns_check(const char *patterns, struct reason *why)
{
	char pattern[PATTERN_MAX], quoted[100];

	while (next_pattern(pattern, &patterns))
		if (!is_prefix(pattern) && !is_domain_pattern(pattern))
			return reason_set(why, -ERR_INVALID,
			    "allowed name %s is neither a domain name, in "
			    "which * may stand for a whole label, nor an IP "
			    "address or prefix",
			    log_quote(quoted, sizeof(quoted), pattern));
	return 0;
}

int
name_patterns_adn(
    char adn[DOMAIN_MAX + 1], const char *patterns, struct reason *why)
{
	char pattern[PATTERN_MAX];
	size_t n = 0;
	int err = name_patterns_check(patterns, why);

	if (err != 0)
		return err;
	while (next_pattern(pattern, &patterns)) {
		if (is_prefix(pattern))
			continue;
		if (n++ != 0 || strchr(pattern, '*') != NULL)
			break;
		err = domain_normalize(adn, pattern);
		if (err != 0)
			return err;
	}
	if (n == 1 && strchr(pattern, '*') == NULL)
		return 0;
	return reason_set(why, -ERR_INVALID,
	    "an identity of the profile dns-server has one allowed domain "
	    "name, its ADN, without *, and maybe IP addresses");
}

/* Label by label; `*` takes any one. Both are valid. */
static bool
domain_matches(const char *name, const char *pattern)
{
	while (*name != '\0' && *pattern != '\0') {
		size_t name_len = strcspn(name, ".");
		size_t pattern_len = strcspn(pattern, ".");
		bool any = pattern_len == 1 && pattern[0] == '*';

		if (!any && (name_len != pattern_len ||
				strncasecmp(name, pattern, name_len) != 0))
			return false;
		name += name_len;
		pattern += pattern_len;
		if (*name != *pattern)
			return false;
		if (*name == '.') {
			name++;
			pattern++;
		}
	}
	return *name == '\0' && *pattern == '\0';
}

static bool
address_matches(const char *text, const char *pattern)
{
	struct ip_prefix prefix;
	struct ip_addr ip;

	return ip_parse(&ip, text) == 0 &&
	       ip_prefix_parse(&prefix, pattern) == 0 &&
	       ip_prefix_contains(&prefix, &ip);
}

bool
name_is_allowed(const struct name *name, const char *patterns)
{
	char pattern[PATTERN_MAX];

	while (next_pattern(pattern, &patterns)) {
		if (name->type == NAME_IP &&
		    address_matches(name->text, pattern))
			return true;
		if (name->type == NAME_DNS && strchr(name->text, '*') == NULL &&
		    !is_prefix(pattern) && domain_matches(name->text, pattern))
			return true;
	}
	return false;
}

static bool
common_name_is_allowed(
    const char *common_name, const char *identity, const char *patterns)
{
	struct names *names;
	bool allowed;

	if (common_name[0] == '\0' || strcmp(common_name, identity) == 0)
		return true;
	names = calloc(1, sizeof(*names));
	allowed = names != NULL &&
		  (names_add(names, NAME_IP, common_name) == 0 ||
		      names_add(names, NAME_DNS, common_name) == 0) &&
		  name_is_allowed(&names->items[0], patterns);
	free(names);
	return allowed;
}

int
name_policy_check(const struct csr *csr, const char *identity,
    const char *patterns, struct reason *why)
{
	const char *common_name = csr_common_name(csr);
	const struct names *names = csr_names(csr);
	char quoted[160];

	if (csr_subject_has_more(csr))
		return reason_set(why, -ERR_REFUSED,
		    "the request's subject must be empty or one common name "
		    "alone");
	if (!common_name_is_allowed(common_name, identity, patterns))
		return reason_set(why, -ERR_REFUSED,
		    "the request asks for the common name %s, which is neither "
		    "the identity nor among the names allowed to it",
		    log_quote(quoted, sizeof(quoted), common_name));
	for (size_t i = 0; i < names->n; i++)
		if (!name_is_allowed(&names->items[i], patterns))
			return reason_set(why, -ERR_REFUSED,
			    "the request asks for the name %s, which is not "
			    "among those allowed to this identity",
			    log_quote(
				quoted, sizeof(quoted), names->items[i].text));
	return 0;
}
