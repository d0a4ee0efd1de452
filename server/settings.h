/* estuaryd's configuration: every key, its default, and what it means. */
#ifndef SERVER_SETTINGS_H
#define SERVER_SETTINGS_H

#include "base/config.h"

extern const struct config_key settings_schema[];

/* server.name, or what it is by default: "est." and ca.domain, or
 * "est.home.arpa" without either. Lower case; out has DOMAIN_MAX + 1 bytes. */
int settings_server_name(char *out, const struct config *config) NODISCARD;
/* ca.domain, or what it is by default: the domain above server.name, if that
 * has two labels at least, else server.name itself. */
int settings_ca_domain(char *out, const struct config *config) NODISCARD;

#endif
