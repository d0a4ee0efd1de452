/* estuaryctl: a thin client of the administrators' JSON API. */
#ifndef CLIENT_CTL_H
#define CLIENT_CTL_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

enum ctl_exit {
	CTL_DONE = 0,
	CTL_REFUSED = 1,
	CTL_USAGE = 2,
	CTL_UNREACHABLE = 3,
};

struct ctl_remote;

struct ctl {
	const char *state_dir;
	const struct ctl_remote *remote; /* in place of state_dir */
	bool json;                       /* print what the API answered */
};

/* Calls the API. body (taken, may be NULL) is sent as JSON; *out (may be NULL)
 * becomes the answer, NULL for none. A refusal is printed to standard error.
 * Returns an exit status. */
int ctl_call(const struct ctl *ctl, const char *method, const char *path,
    json_t *body, json_t **out);
/* Appends /segment to path, percent-encoded. -ERR_TOO_LARGE. */
int ctl_path(char *out, size_t size, const char *prefix, const char *segment,
    const char *suffix) NODISCARD;

/* Prints value as JSON. */
void ctl_print_json(const json_t *value);
/* A member's text for people: "-" if absent or null. */
const char *ctl_text(const json_t *object, const char *key);
/* Says what was wrong with the command line; returns CTL_USAGE. */
int ctl_usage(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Prints text as a QR code of half blocks. */
void ctl_print_qr(const char *text);

/* Appends "doh:443" as an object; the port may be left out. */
int ctl_dns_add_label(json_t *labels, const char *text);
/* The template belongs to the label doh; NULL is none. */
int ctl_dns_set_dohpath(json_t *labels, const char *dohpath);

/* The rest of a command that posts to prefix/ID/suffix, with --reason where the
 * usage has it. */
int ctl_post_decision(const struct ctl *ctl, int argc, char **argv,
    const char *prefix, const char *suffix, const char *usage);

/* Commands: argv[0] is the command's last word. */
int ctl_status(const struct ctl *ctl, int argc, char **argv);
int ctl_ca_show(const struct ctl *ctl, int argc, char **argv);
int ctl_cert_list(const struct ctl *ctl, int argc, char **argv);
int ctl_cert_show(const struct ctl *ctl, int argc, char **argv);
/* audit --verify. */
int ctl_audit_verify(const struct ctl *ctl);
int ctl_audit(const struct ctl *ctl, int argc, char **argv);
int ctl_identity_add(const struct ctl *ctl, int argc, char **argv);
int ctl_identity_list(const struct ctl *ctl, int argc, char **argv);
int ctl_identity_remove(const struct ctl *ctl, int argc, char **argv);
int ctl_identity_unlock(const struct ctl *ctl, int argc, char **argv);
int ctl_identity_disable(const struct ctl *ctl, int argc, char **argv);
int ctl_identity_enable(const struct ctl *ctl, int argc, char **argv);
int ctl_token_add(const struct ctl *ctl, int argc, char **argv);
int ctl_token_list(const struct ctl *ctl, int argc, char **argv);
int ctl_token_remove(const struct ctl *ctl, int argc, char **argv);
int ctl_dns_issue(const struct ctl *ctl, int argc, char **argv);
int ctl_dns_import(const struct ctl *ctl, int argc, char **argv);
int ctl_dns_list(const struct ctl *ctl, int argc, char **argv);
int ctl_dns_promote(const struct ctl *ctl, int argc, char **argv);
int ctl_dns_retire(const struct ctl *ctl, int argc, char **argv);
int ctl_discovery_zone(const struct ctl *ctl, int argc, char **argv);
int ctl_manufacturer_add(const struct ctl *ctl, int argc, char **argv);
int ctl_manufacturer_list(const struct ctl *ctl, int argc, char **argv);
int ctl_manufacturer_show(const struct ctl *ctl, int argc, char **argv);
int ctl_manufacturer_set(const struct ctl *ctl, int argc, char **argv);
int ctl_manufacturer_prefetch(const struct ctl *ctl, int argc, char **argv);
int ctl_manufacturer_remove(const struct ctl *ctl, int argc, char **argv);
int ctl_device_list(const struct ctl *ctl, int argc, char **argv);
int ctl_device_show(const struct ctl *ctl, int argc, char **argv);
int ctl_device_refuse(const struct ctl *ctl, int argc, char **argv);
int ctl_device_accept(const struct ctl *ctl, int argc, char **argv);
int ctl_request_list(const struct ctl *ctl, int argc, char **argv);
int ctl_request_approve(const struct ctl *ctl, int argc, char **argv);
int ctl_request_deny(const struct ctl *ctl, int argc, char **argv);

#endif
