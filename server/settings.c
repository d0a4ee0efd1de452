#include "server/settings.h"

#include <string.h>

#include "base/domain.h"
#include "base/str.h"
#include "ca/rate.h"
#include "db/identity.h"

const struct config_key settings_schema[] = {
    {"server.listen", CONFIG_ENDPOINTS, "[::]:8443", 0, 0, NULL,
	"Where EST is served over TLS: ADDRESS:PORT, several separated by\n"
	"commas. [::] takes IPv4 too. Port 0 lets the system choose."},
    {"server.name", CONFIG_DOMAIN, "", 0, 0, NULL,
	"The DNS-ID of this server's certificate and the server identity of\n"
	"the PAKE. Empty: est.CA.DOMAIN, or est.home.arpa without ca.domain."},
    {"server.cert", CONFIG_STRING, "", 0, 0, NULL,
	"The certificate of another CA for this server, an absolute path: "
	"PEM,\n"
	"the server's first, then its intermediates. server.name must be "
	"among\n"
	"its DNS-IDs and may then lie outside ca.domain. Empty: the embedded\n"
	"CA issues one. It is read again when it changes, and by SIGHUP."},
    {"server.key", CONFIG_STRING, "", 0, 0, NULL,
	"The private key of server.cert, an absolute path: PEM, not "
	"encrypted.\n"
	"It is refused if others can read it; a group may if root owns it."},
    {"server.workers", CONFIG_NUMBER, "0", 0, 64, NULL,
	"Worker threads. 0: one for each core."},
    {"server.idle_timeout", CONFIG_DURATION, "30s", 1, 3600, NULL,
	"A connection that is silent this long is closed, and so is one\n"
	"whose request takes twice as long to arrive."},
    {"server.handshake_timeout", CONFIG_DURATION, "10s", 1, 120, NULL,
	"A TLS handshake that takes longer is given up."},
    {"server.max_connections", CONFIG_NUMBER, "4096", 16, 100000, NULL,
	"Connections of each worker. The oldest idle one, of the source that\n"
	"has the most, gives way to one more."},
    {"server.max_per_source", CONFIG_NUMBER, "1024", 1, 1000000, NULL,
	"Connections of one address, over all workers. Its oldest idle one\n"
	"gives way to one more."},
    {"server.sandbox", CONFIG_BOOL, "yes", 0, 0, NULL,
	"Shut this process in: no file but its own and the system's, no other\n"
	"program, few ports (docs/operations.md). no: only where something in\n"
	"this system is wrongly refused, until that is mended."},
    {"admin.listen", CONFIG_ENDPOINTS, "", 0, 0, NULL,
	"Where administrators with a token are served over TLS, as\n"
	"server.listen. Empty: nowhere; estuaryctl then works on this host\n"
	"only."},
    {"ca.domain", CONFIG_DOMAIN, "", 0, 0, NULL,
	"The CA issues names in and below this domain only: a critical name\n"
	"constraint of its root, fixed at the first start. Empty: the domain\n"
	"above server.name."},
    {"ca.addresses", CONFIG_PREFIXES,
	"10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 127.0.0.0/8, fc00::/7, "
	"::1/128",
	0, 0, NULL,
	"The CA issues IP addresses in these prefixes only, as above. Empty:\n"
	"addresses are not constrained (strongSwan 5.9 loads no root with a\n"
	"critical constraint on addresses)."},
    {"ca.rate_endpoint", CONFIG_NUMBER, "1000000", 1, RATE_MAX_PER_HOUR, NULL,
	"Certificates that the signer gives endpoints in an hour, at most."},
    {"ca.rate_device", CONFIG_NUMBER, "1000000", 1, RATE_MAX_PER_HOUR, NULL,
	"The same for IoT devices."},
    {"ca.rate_dns_server", CONFIG_NUMBER, "600", 1, RATE_MAX_PER_HOUR, NULL,
	"The same for DNS servers."},
    {"mdns.enabled", CONFIG_BOOL, "yes", 0, 0, NULL,
	"Announce this server by mDNS/DNS-SD as _est._tcp."},
    {"mdns.interfaces", CONFIG_NAMES, "", 0, 0, NULL,
	"Announce on these interfaces only, separated by commas. Empty: on\n"
	"all that can multicast."},
    {"mdns.instance", CONFIG_STRING, "", 0, 0, NULL,
	"The name that people see when they browse. Empty: Estuary and\n"
	"ca.domain."},
    {"mdns.backend", CONFIG_CHOICE, "auto", 0, 0, "auto|daemon|embedded",
	"How it is announced. daemon: through avahi-daemon, or not at all "
	"while\n"
	"that does not run. embedded: by estuaryd itself, beside whatever "
	"else\n"
	"uses the port. auto: through avahi-daemon while it runs, otherwise "
	"by\n"
	"estuaryd itself."},
    {"eecerts.access", CONFIG_CHOICE, "anonymous", 0, 0,
	"anonymous|authenticated",
	"Who may fetch the DNS servers' certificates (RFC 8295 section 3)."},
    {"est.channel_binding", CONFIG_CHOICE, "if-present", 0, 0,
	"if-present|required",
	"Whether certification requests must be bound to their TLS connection\n"
	"(RFC 7030 section 3.5). A binding that is there is always checked."},
    {"pake.enabled", CONFIG_BOOL, "yes", 0, 0, NULL,
	"Offer SPAKE2+ inside TLS 1.3 to endpoints with an onboarding code."},
    {"pake.extension", CONFIG_NUMBER, "0x8a3b", 0, 0xffff, NULL,
	"TLS extension type of draft-ietf-tls-pake, not assigned yet. Both\n"
	"ends must agree."},
    {"pake.scheme", CONFIG_NUMBER, "0x7d96", 0, 0xffff, NULL,
	"PAKEScheme number of SPAKE2+, not assigned yet."},
    {"pake.guesses_password", CONFIG_NUMBER, "10", 1, 1000, NULL,
	"Wrong guesses until an identity with a chosen password is locked."},
    {"pake.guesses_code", CONFIG_NUMBER, "1000", 1, 1000000, NULL,
	"The same for an onboarding code."},
    {"pake.backoff_max", CONFIG_DURATION, "60s", 0, IDENTITY_BACKOFF_MAX_S,
	NULL,
	"From the fourth wrong guess in a row an identity waits 1, 2, 4 ...\n"
	"seconds, at most this long."},
    {"pake.source_burst", CONFIG_NUMBER, "60", 1, 1000000, NULL,
	"Attempts that one source (IPv6: a /64) may make at once; those that\n"
	"succeed do not count."},
    {"pake.source_per_minute", CONFIG_NUMBER, "30", 1, 1000000, NULL,
	"How many of them come back each minute."},
    {"pake.total_burst", CONFIG_NUMBER, "600", 1, 1000000, NULL,
	"The same for all sources together."},
    {"pake.total_per_minute", CONFIG_NUMBER, "600", 1, 1000000, NULL,
	"How many of them come back each minute."},
    {"srp.enabled", CONFIG_BOOL, "no", 0, 0, NULL,
	"TLS-SRP on TLS 1.2 (RFC 5054) for EST clients that know no other way\n"
	"to use an onboarding code. Legacy: SHA-1 and CBC. For codes made\n"
	"while it is on."},
    {"brski.enabled", CONFIG_BOOL, "yes", 0, 0, NULL,
	"Serve IoT devices by BRSKI (RFC 8995): vouchers of the manufacturers\n"
	"that are entered, and certificates for the devices. Announced as\n"
	"_brski-registrar._tcp."},
    {"brski.unknown", CONFIG_CHOICE, "refuse", 0, 0, "refuse|ask",
	"Devices of manufacturers that are not entered are refused, or wait\n"
	"for the administrator."},
    {"brski.clock_skew", CONFIG_DURATION, "5m", 0, 86400, NULL,
	"By how much the clocks of devices and MASAs may differ from ours."},
    {"brski.request_age", CONFIG_DURATION, "10m", 1, 345600, NULL,
	"How old a device's voucher request may be when it first comes."},
    {"log.level", CONFIG_CHOICE, "info", 0, 0, "error|warn|info|debug",
	"What is written to standard error."},
    {NULL, CONFIG_STRING, NULL, 0, 0, NULL, NULL},
};

int
settings_server_name(char *out, const struct config *config)
{
	const char *name = config_text(config, "server.name");
	const char *domain = config_text(config, "ca.domain");
	char text[DOMAIN_MAX + 1];

	if (name[0] != '\0')
		return domain_normalize(out, name);
	if (domain[0] == '\0')
		domain = "home.arpa";
	if (str_format(text, sizeof(text), "est.%s", domain) != 0)
		return -ERR_TOO_LARGE;
	return domain_normalize(out, text);
}

int
settings_ca_domain(char *out, const struct config *config)
{
	const char *domain = config_text(config, "ca.domain");
	char name[DOMAIN_MAX + 1];
	const char *parent;
	int err;

	if (domain[0] != '\0')
		return domain_normalize(out, domain);
	err = settings_server_name(name, config);
	if (err != 0)
		return err;
	parent = strchr(name, '.');
	if (parent != NULL && strchr(parent + 1, '.') != NULL)
		return domain_normalize(out, parent + 1);
	return domain_normalize(out, name);
}
