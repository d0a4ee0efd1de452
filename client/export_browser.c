/* The policy files of Firefox (policies.json) and Chromium. */
#include <jansson.h>
#include <string.h>

#include "base/base64.h"
#include "client/export_format.h"

static int
firefox_notes(struct buf *out, const struct export_job *job)
{
	buf_adds(out,
	    "Firefox checks the path to a root that it trusts, and the name in "
	    "the URL. It\n"
	    "does NOT check:\n"
	    " - that the certificate equals the one fetched, nor that this "
	    "network's CA made\n"
	    "   it: a certificate of that name from any CA that Firefox trusts "
	    "will do;\n"
	    " - the SRV-ID: a certificate for another service of that name "
	    "will do.\n");
	if (!job->implicit)
		buf_adds(out,
		    "And the root: Firefox will believe it for web sites, too, "
		    "for whatever it may\n"
		    "sign (above).\n");
	buf_adds(out,
	    "One server only; network.trr.bootstrapAddr says where it is.\n");
	if (job->implicit)
		buf_adds(out, "By hand, if you want that:\n");
	else
		buf_printf(out,
		    "By hand, if you want that:\n"
		    " - the root certificate has to be at %s;\n",
		    job->root_path);
	return buf_adds(out,
	    " - put policies.json into /etc/firefox/policies and start Firefox "
	    "again; both\n"
	    "   are for all users of the machine, on every network;\n"
	    " - export again after each refresh that changes something.\n");
}

/* https://ADN:PORT and the path, as the template or without its variable. */
static int
server_url(struct buf *out, const struct resolver *r, bool template)
{
	size_t len = template ? strlen(r->dohpath) : strcspn(r->dohpath, "{");

	return buf_printf(out, "https://%s:%u%.*s", r->adn,
	    (unsigned int)r->port, (int)len, r->dohpath);
}

/* Takes the object; NULL when out of memory. */
static int
write_json(struct buf *out, json_t *object)
{
	char *text = object != NULL ? json_dumps(object, JSON_INDENT(2)) : NULL;
	int err;

	json_decref(object);
	if (text == NULL)
		return -ERR_NOMEM;
	buf_adds(out, text);
	err = buf_adds(out, "\n");
	free(text);
	return err;
}

/* The first address of the service, "" when none is stored. */
static void
first_address(char out[IP_TEXT_MAX], const struct export_job *job,
    const struct resolver *service)
{
	out[0] = '\0';
	for (size_t i = 0; i < job->n_targets; i++)
		if (strcmp(job->targets[i].resolver->adn, service->adn) == 0) {
			ip_format(out, &job->targets[i].ip);
			return;
		}
}

static int
firefox_write(struct buf *out, const struct export_job *job, struct reason *why)
{
	const struct resolver *service = job->services[0];
	struct buf url = {0};
	char ip[IP_TEXT_MAX];
	json_t *policies;
	int err = server_url(&url, service, false);

	(void)why;
	if (err != 0) {
		buf_fini(&url);
		return err;
	}
	policies =
	    json_pack("{s:{s:b, s:s, s:b, s:b}}", "DNSOverHTTPS", "Enabled", 1,
		"ProviderURL", buf_text(&url), "Locked", 1, "Fallback", 0);
	buf_fini(&url);
	if (!job->implicit)
		json_object_set_new(policies, "Certificates",
		    json_pack("{s:[s]}", "Install", job->root_path));
	first_address(ip, job, service);
	/* Else Firefox would look the server up without encryption. */
	if (ip[0] != '\0')
		json_object_set_new(policies, "Preferences",
		    json_pack("{s:{s:s, s:s}}", "network.trr.bootstrapAddr",
			"Value", ip, "Status", "locked"));
	return write_json(out, json_pack("{s:o}", "policies", policies));
}

const struct export_format export_firefox = {
    .name = "firefox",
    .label = LABEL_DOH,
    .file_name = "policies.json",
    .wants_root_file = true,
    .notes = firefox_notes,
    .write = firefox_write,
};

static int
chromium_notes(struct buf *out, const struct export_job *job)
{
	buf_adds(out,
	    "Chromium checks the path to a root that it trusts, that root's "
	    "name\n"
	    "constraints, and the name in the template. It does NOT check:\n"
	    " - that the certificate equals the one fetched, nor that this "
	    "network's CA made\n"
	    "   it: a certificate of that name from any CA that Chromium "
	    "trusts will do;\n"
	    " - the SRV-ID: a certificate for another service of that name "
	    "will do.\n");
	if (!job->implicit)
		buf_adds(out,
		    "And the root, which is within the file: Chromium will "
		    "believe it for web sites,\n"
		    "too, for whatever it may sign (above).\n");
	return buf_adds(out,
	    "By hand, if you want that:\n"
	    " - put the JSON file into /etc/chromium/policies/managed (Google "
	    "Chrome:\n"
	    "   /etc/opt/chrome/policies/managed) and start Chromium again; "
	    "the root is\n"
	    "   within it; it is for all users of the machine, on every "
	    "network;\n"
	    " - export again after each refresh that changes something.\n");
}

/* One server of the DnsOverHttpsTemplates policy's JSON form, with the
 * addresses that are stored. */
static json_t *
chromium_server(const struct export_job *job, const struct resolver *service)
{
	struct buf url = {0};
	json_t *ips = json_array(), *server = NULL;

	for (size_t i = 0; i < job->n_targets; i++) {
		char ip[IP_TEXT_MAX];

		if (strcmp(job->targets[i].resolver->adn, service->adn) != 0)
			continue;
		ip_format(ip, &job->targets[i].ip);
		json_array_append_new(ips, json_string(ip));
	}
	if (server_url(&url, service, true) == 0)
		server = json_pack("{s:s}", "template", buf_text(&url));
	if (json_array_size(ips) > 0)
		json_object_set_new(
		    server, "endpoints", json_pack("[{s:o}]", "ips", ips));
	else
		json_decref(ips);
	buf_fini(&url);
	return server;
}

static json_t *
chromium_templates(const struct export_job *job)
{
	json_t *servers = json_array(), *text;
	json_auto_t *root = NULL;
	char *dump;

	for (size_t i = 0; i < job->n_services; i++)
		json_array_append_new(
		    servers, chromium_server(job, job->services[i]));
	root = json_pack("{s:o}", "servers", servers);
	dump = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
	text = dump != NULL ? json_string(dump) : NULL;
	free(dump);
	return text;
}

static int
chromium_write(
    struct buf *out, const struct export_job *job, struct reason *why)
{
	json_t *policies = json_pack("{s:s, s:o}", "DnsOverHttpsMode", "secure",
	    "DnsOverHttpsTemplates", chromium_templates(job));
	struct buf root = {0};
	int err = 0;

	(void)why;
	if (!job->implicit) {
		err = base64_encode(
		    &root, blob_bytes(&job->state->anchor.items[0]), 0);
		json_object_set_new(policies, "CACertificates",
		    json_pack("[s]", buf_text(&root)));
		buf_fini(&root);
	}
	if (err != 0) {
		json_decref(policies);
		return err;
	}
	return write_json(out, policies);
}

const struct export_format export_chromium = {
    .name = "chromium",
    .label = LABEL_DOH,
    .file_name = ".json",
    .named = true,
    .notes = chromium_notes,
    .write = chromium_write,
};
