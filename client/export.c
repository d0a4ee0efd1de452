#include "client/export.h"

#include <string.h>

#include "base/str.h"
#include "client/export_format.h"

#define ROOT_DIR_DEFAULT "/etc/estuary"
#define ROOT_PATH_MAX 1024
#define SYSTEM_ROOTS "/etc/ssl/certs/ca-certificates.crt"

static const struct export_format *const formats[] = {
    &export_systemd_resolved,
    &export_unbound,
    &export_stubby,
    &export_firefox,
    &export_chromium,
};

static const struct export_format *
find_format(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}

bool
export_format_is_known(const char *format)
{
	return find_format(format) != NULL;
}

void
export_result_fini(struct export_result *result)
{
	buf_fini(&result->config.content);
	buf_fini(&result->root.content);
	buf_fini(&result->readme.content);
}

const char *
export_domain(const struct export_job *job, size_t i)
{
	const char *domain = job->constraints->domains[i];

	return domain + (domain[0] == '.');
}

/* A path goes into quotes in several syntaxes. */
static bool
path_is_fit(const char *path)
{
	return path[0] == '/' && strlen(path) < ROOT_PATH_MAX &&
	       str_is_printable(path) && strpbrk(path, "\"'\\$`%#") == NULL;
}

/* The state was parsed strictly; this does not rely on it. */
static int
check_resolver(const struct resolver *r, struct reason *why)
{
	if (!domain_is_valid(r->adn) || r->port == 0 ||
	    !dns_label_is_known(r->label) ||
	    r->n_addresses > RESOLVER_ADDRESSES_MAX ||
	    (strcmp(r->label, LABEL_DOH) == 0 && !dohpath_is_valid(r->dohpath)))
		return reason_set(why, -ERR_REFUSED,
		    "a DNS server's name, port or path is not fit for a "
		    "configuration file");
	for (size_t i = 0; i < r->n_addresses; i++)
		if (r->addresses[i].len != 4 && r->addresses[i].len != 16)
			return reason_set(why, -ERR_REFUSED,
			    "a DNS server's address is damaged");
	return 0;
}

static int
check_input(const struct export_job *job, struct reason *why)
{
	const struct network_state *state = job->state;
	int err = 0;

	if (!network_name_is_valid(state->name) ||
	    !domain_is_valid(state->server_name))
		err = reason_set(why, -ERR_REFUSED,
		    "the network's or the server's name is not fit for a "
		    "configuration file");
	if (err == 0 && !path_is_fit(job->root_path))
		err = reason_set(why, -ERR_REFUSED,
		    "the directory's path holds a character that is not fit "
		    "for a configuration file");
	for (size_t i = 0; err == 0 && i < state->resolvers.n; i++)
		err = check_resolver(&state->resolvers.items[i], why);
	for (size_t i = 0; err == 0 && i < job->constraints->n_domains; i++)
		if (!domain_is_valid(export_domain(job, i)))
			err = reason_set(why, -ERR_REFUSED,
			    "a domain of the root certificate is not fit for "
			    "a configuration file");
	return err;
}

static void
add_target(
    struct export_job *job, const struct resolver *r, const struct ip_addr *ip)
{
	for (size_t i = 0; i < job->n_targets; i++) {
		const struct export_target *t = &job->targets[i];

		if (strcmp(t->resolver->adn, r->adn) == 0 &&
		    t->resolver->port == r->port && ip_equal(&t->ip, ip))
			return;
	}
	if (job->n_targets < EXPORT_TARGETS_MAX)
		job->targets[job->n_targets++] = (struct export_target){r, *ip};
}

static void
add_service(struct export_job *job, const struct resolver *r)
{
	bool known = false;

	for (size_t i = 0; i < job->n_services; i++)
		known = known || strcmp(job->services[i]->adn, r->adn) == 0;
	if (!known)
		job->services[job->n_services++] = r;
	for (size_t i = 0; i < r->n_addresses; i++)
		add_target(job, r, &r->addresses[i]);
}

static int
find_servers(struct export_job *job, const struct export_format *format,
    struct reason *why)
{
	const struct resolver_set *set = &job->state->resolvers;

	for (int next = 0; next <= 1; next++)
		for (size_t i = 0; i < set->n; i++) {
			const struct resolver *r = &set->items[i];

			if (strcmp(r->label, format->label) == 0 &&
			    (strcmp(r->state, "next") == 0) == next)
				add_service(job, r);
		}
	if (job->n_services == 0)
		return reason_set(why, -ERR_REFUSED,
		    "%s wants a %s server, and this network has none",
		    format->name,
		    strcmp(format->label, LABEL_DOH) == 0 ? "DoH" : "DoT");
	if (format->needs_addresses && job->n_targets == 0)
		return reason_set(why, -ERR_REFUSED,
		    "%s wants a server's IP address, and none is stored",
		    format->name);
	return 0;
}

static void
describe_servers(struct buf *out, const struct export_job *job)
{
	for (size_t i = 0; i < job->n_services; i++) {
		const struct resolver *r = job->services[i];

		buf_printf(out, "Server: %s, port %u%s%s\n", r->adn,
		    (unsigned int)r->port, r->dohpath[0] != '\0' ? ", " : "",
		    r->dohpath);
	}
}

static void
describe_root(struct buf *out, const struct export_job *job)
{
	const struct constraints *c = job->constraints;
	char hex[65], ip[IP_TEXT_MAX];

	if (job->implicit) {
		buf_adds(out,
		    "Implicit trust: this network has no root of its own, and "
		    "any CA of the system's\nstore may vouch for its "
		    "servers.\n");
		return;
	}
	hex_encode(hex, (struct bytes){job->state->root_sha256, 32});
	buf_printf(out, "Root certificate: SHA-256\n  %s\n", hex);
	if (c->n_domains == 0)
		buf_adds(out, "It may sign for ANY name.\n");
	for (size_t i = 0; i < c->n_domains; i++)
		buf_printf(out, "It may sign for names in %s\n",
		    export_domain(job, i));
	if (c->n_prefixes == 0)
		buf_adds(out, "It may sign for ANY address.\n");
	for (size_t i = 0; i < c->n_prefixes; i++) {
		ip_format(ip, &c->prefixes[i].addr);
		buf_printf(out, "It may sign for addresses in %s/%u\n", ip,
		    (unsigned int)c->prefixes[i].bits);
	}
}

static int
make_notes(struct buf *out, const struct export_job *job,
    const struct export_format *format)
{
	buf_printf(out,
	    "Encrypted DNS of the network %s, for %s.\n"
	    "Made by estuary-join " ESTUARY_VERSION
	    " from what the EST server %s handed out.\n\n",
	    job->state->name, format->name, job->state->server_name);
	describe_servers(out, job);
	describe_root(out, job);
	buf_printf(out,
	    "\nestuary-join check demands, each time: a certificate EQUAL to "
	    "one that was\nfetched, a valid path to %s, and the server's "
	    "name.\n",
	    job->implicit ? "a root of the system's store"
			  : "this network's own root");
	return format->notes(out, job);
}

int
export_by_hand(struct buf *out, const struct export_job *job)
{
	buf_adds(out, "By hand:\n");
	if (job->implicit)
		return buf_printf(out,
		    " - nothing about a root: the system's own are used, from\n"
		    "   %s;\n",
		    job->root_path);
	return buf_printf(out,
	    " - the root certificate has to be at %s,\n"
	    "   readable for the program;\n",
	    job->root_path);
}

/* Each line of text behind the mark. */
static int
add_comments(struct buf *out, const char *mark, const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		buf_printf(out, "%s%s%.*s\n", mark, len > 0 ? " " : "",
		    (int)len, text);
		text += len + (text[len] == '\n');
	}
	return buf_status(out);
}

/* So that one file on standard output has all there is. */
static int
add_root_comments(struct buf *out, const struct export_format *format,
    const struct export_job *job, const char *pem)
{
	char mark[8];
	int err = str_format(mark, sizeof(mark), "%s|", format->comment);

	if (err != 0)
		return err;
	buf_printf(out,
	    "%s\n%s The root certificate, for %s:\n"
	    "%s     sed -n 's/^%s //p' THIS-FILE\n",
	    format->comment, format->comment, job->root_path, format->comment,
	    mark);
	return add_comments(out, mark, pem);
}

static int
make_config(struct export_result *out, const struct export_job *job,
    const struct export_format *format, bool standalone, struct reason *why)
{
	struct buf *config = &out->config.content, notes = {0};
	int err = make_notes(&notes, job, format);

	if (err == 0 && format->comment != NULL)
		err = add_comments(config, format->comment, buf_text(&notes));
	else if (err == 0)
		err = buf_adds(&out->readme.content, buf_text(&notes));
	buf_fini(&notes);
	standalone = standalone && !job->implicit;
	if (err == 0 && standalone && format->comment != NULL)
		err = add_root_comments(
		    config, format, job, buf_text(&out->root.content));
	else if (err == 0 && standalone && format->wants_root_file)
		err = buf_printf(&out->readme.content,
		    "\nThe root certificate, for %s:\n%s", job->root_path,
		    buf_text(&out->root.content));
	if (err == 0 && format->comment != NULL)
		err = buf_adds(config, "\n");
	return err != 0 ? err : format->write(config, job, why);
}

static int
name_files(struct export_result *out, const struct export_format *format,
    const char *network)
{
	int err = str_format(
	    out->root.name, EXPORT_NAME_MAX, "estuary-%.64s.crt", network);

	if (err == 0 && format->named)
		err = str_format(out->config.name, EXPORT_NAME_MAX,
		    "estuary-%.64s%s", network, format->file_name);
	else if (err == 0)
		err = str_format(
		    out->config.name, EXPORT_NAME_MAX, "%s", format->file_name);
	if (err == 0 && format->comment == NULL)
		err = str_format(out->readme.name, EXPORT_NAME_MAX, "README");
	return err;
}

static int
make(struct export_result *out, struct export_job *job,
    const struct export_format *format, bool standalone, struct reason *why)
{
	int err = check_input(job, why);

	if (err == 0)
		err = find_servers(job, format, why);
	if (err == 0 && !job->implicit)
		err = cert_to_pem(&out->root.content,
		    blob_bytes(&job->state->anchor.items[0]));
	return err != 0 ? err : make_config(out, job, format, standalone, why);
}

static int
make_root_path(struct buf *out, const struct network_state *state,
    const char *dir, const char *name)
{
	if (state->trust == NETWORK_IMPLICIT)
		return buf_adds(out, SYSTEM_ROOTS);
	return buf_printf(
	    out, "%s/%s", dir != NULL ? dir : ROOT_DIR_DEFAULT, name);
}

int
export_make(struct export_result *out, const char *format_name,
    const struct network_state *state, const char *dir, struct reason *why)
{
	const struct export_format *format = find_format(format_name);
	struct export_job *job CLEANUP(freep) = calloc(1, sizeof(*job));
	struct export_result result = {0};
	struct trust *trust = NULL;
	struct buf root_path = {0};
	int err = format == NULL ? -ERR_INVALID : 0;

	if (err == 0 && job == NULL)
		err = -ERR_NOMEM;
	if (err == 0)
		err = network_state_trust(&trust, state, why);
	if (err == 0)
		err = name_files(&result, format, state->name);
	if (err == 0)
		err = make_root_path(&root_path, state, dir, result.root.name);
	if (err == 0) {
		job->implicit = state->trust == NETWORK_IMPLICIT;
		job->state = state;
		job->constraints = trust_constraints(trust);
		job->root_path = buf_text(&root_path);
		err = make(&result, job, format, dir == NULL, why);
		if (!format->wants_root_file || job->implicit)
			result.root.name[0] = '\0';
	}
	trust_free(trust);
	buf_fini(&root_path);
	if (err == 0)
		*out = result;
	else
		export_result_fini(&result);
	return err;
}
