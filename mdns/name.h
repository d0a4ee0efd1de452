/* The names of DNS-SD. Avahi checks less, and stops the program over a name
 * that is not UTF-8 when it looks for an alternative. */
#ifndef MDNS_NAME_H
#define MDNS_NAME_H

#include <stdbool.h>

#define MDNS_NAME_MAX 63 /* bytes of a label, RFC 1035 2.3.4 */

/* An instance name that can be shown: UTF-8 without control characters, 1 to 63
 * bytes (RFC 6763 4.1.1). */
bool mdns_name_is_valid(const char *name);

/* A host's label: letters, digits, hyphens (RFC 1123 2.1). */
bool mdns_host_is_valid(const char *label);

/* "_est._tcp": a service label of RFC 6335 5.1 over tcp or udp. */
bool mdns_type_is_valid(const char *type);

#endif
