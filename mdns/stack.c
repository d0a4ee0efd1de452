#include "mdns/stack.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <avahi-common/strlst.h>
#include <avahi-core/log.h>

#include "base/clock.h"
#include "base/log.h"

#define WARNINGS_MAX 10
#define WARNINGS_WINDOW_MS 60000
/* Of received records, for each interface. */
#define CACHE_ENTRIES_MAX 2048

static int
append(AvahiStringList **list, const char *text)
{
	AvahiStringList *longer = avahi_string_list_add(*list, text);

	if (longer == NULL)
		return -ERR_NOMEM;
	*list = longer;
	return 0;
}

/* Avahi takes loopback for an interface like any other. */
static int
deny_loopback(AvahiServerConfig *config)
{
	struct ifaddrs *list;
	int err = 0;

	if (getifaddrs(&list) != 0) {
		log_error(
		    "interfaces not readable", "error=%s", strerror(errno));
		return -ERR_IO;
	}
	for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next)
		if (err == 0 && (i->ifa_flags & IFF_LOOPBACK) != 0 &&
		    i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_PACKET)
			err = append(&config->deny_interfaces, i->ifa_name);
	freeifaddrs(list);
	return err;
}

int
stack_config_init(AvahiServerConfig *out, const struct mdns_config *config)
{
	AvahiServerConfig c;
	int err = 0;

	avahi_server_config_init(&c);
	c.publish_hinfo = 0;
	c.publish_addresses = 0;
	c.publish_workstation = 0;
	c.publish_domain = 0;
	c.use_iff_running = 0;
	c.enable_reflector = 0;
	c.add_service_cookie = 0;
	c.enable_wide_area = 0;
	c.disallow_other_stacks = 0;
	c.allow_point_to_point = 0;
	c.n_cache_entries_max = CACHE_ENTRIES_MAX;
	if (config == NULL || config->n_interfaces == 0)
		err = deny_loopback(&c);
	else
		for (size_t i = 0; err == 0 && i < config->n_interfaces; i++)
			err =
			    append(&c.allow_interfaces, config->interfaces[i]);
	if (err != 0) {
		avahi_server_config_free(&c);
		return err;
	}
	*out = c;
	return 0;
}

static bool
may_warn(void)
{
	static _Thread_local int64_t window_start;
	static _Thread_local unsigned int n;
	int64_t now = clock_monotonic_ms();

	if (n == 0 || now - window_start > WARNINGS_WINDOW_MS) {
		window_start = now;
		n = 0;
	}
	return n++ < WARNINGS_MAX;
}

static void
log_line(AvahiLogLevel level, const char *text)
{
	char quoted[512];

	log_quote(quoted, sizeof(quoted), text);
	if (level <= AVAHI_LOG_ERROR && may_warn())
		log_warn("mDNS stack", "text=%s", quoted);
	else
		log_debug("mDNS stack", "text=%s", quoted);
}

void
stack_log_install(void)
{
	avahi_set_log_function(log_line);
}
