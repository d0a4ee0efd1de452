#include "ca/names.h"

#include <string.h>

#include "base/addr.h"
#include "base/str.h"

static int
normalize_dns(char *out, const char *text)
{
	char domain[DOMAIN_MAX + 1];
	bool wildcard = strncmp(text, "*.", 2) == 0;
	int err = domain_normalize(domain, wildcard ? text + 2 : text);

	if (err != 0)
		return err;
	return str_format(
	    out, NAME_TEXT_MAX, "%s%s", wildcard ? "*." : "", domain);
}

static int
normalize_ip(char *out, const char *text)
{
	struct ip_addr ip;
	int err = ip_parse(&ip, text);

	if (err == 0)
		ip_format(out, &ip);
	return err;
}

static int
normalize_srv(char *out, const char *text)
{
	char label[SRV_LABEL_MAX], domain[DOMAIN_MAX + 1];
	int err = srv_id_split(label, domain, text);

	if (err != 0)
		return err;
	return str_format(out, NAME_TEXT_MAX, "_%s.%s", label, domain);
}

static int
normalize(struct name *out, enum name_type type, const char *text)
{
	out->type = type;
	switch (type) {
	case NAME_DNS:
		return normalize_dns(out->text, text);
	case NAME_IP:
		return normalize_ip(out->text, text);
	case NAME_SRV:
		return normalize_srv(out->text, text);
	case NAME_OTHER:
		if (text[0] == '\0' || !str_is_printable(text))
			return -ERR_INVALID;
		return str_format(out->text, sizeof(out->text), "%s", text);
	default:
		return -ERR_INVALID;
	}
}

int
names_add(struct names *names, enum name_type type, const char *text)
{
	struct name name = {0};
	int err = normalize(&name, type, text);

	if (err != 0)
		return err;
	if (names_has(names, type, name.text))
		return 0;
	if (names->n >= NAMES_MAX)
		return -ERR_TOO_LARGE;
	names->items[names->n++] = name;
	return 0;
}

int
names_add_srv(struct names *names, const char *label, const char *domain)
{
	char text[NAME_TEXT_MAX];
	int err = str_format(text, sizeof(text), "_%s.%s", label, domain);

	return err != 0 ? err : names_add(names, NAME_SRV, text);
}

bool
names_has(const struct names *names, enum name_type type, const char *text)
{
	for (size_t i = 0; i < names->n; i++)
		if (names->items[i].type == type &&
		    ascii_equal_nocase(names->items[i].text, text))
			return true;
	return false;
}

/* Neither holds a name twice: names_add() sees to that. */
bool
names_equal(const struct names *a, const struct names *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!names_has(b, a->items[i].type, a->items[i].text))
			return false;
	return true;
}

/* RFC 4985 2: "_Service.Name". */
int
srv_id_split(
    char label[SRV_LABEL_MAX], char domain[DOMAIN_MAX + 1], const char *text)
{
	const char *dot = strchr(text, '.');
	char service[SRV_LABEL_MAX], name[DOMAIN_MAX + 1];

	if (text[0] != '_' || dot == NULL)
		return -ERR_INVALID;
	if (str_format(service, sizeof(service), "%.*s", (int)(dot - text - 1),
		text + 1) != 0 ||
	    !service_label_is_valid(service) ||
	    domain_normalize(name, dot + 1) != 0)
		return -ERR_INVALID;
	ascii_lower_all(service);
	strcpy(label, service);
	strcpy(domain, name);
	return 0;
}
