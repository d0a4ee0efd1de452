#include "mdns/publisher.h"

#include <stdio.h>
#include <stdlib.h>

#include <avahi-common/error.h>

#include "base/log.h"
#include "mdns/daemon.h"
#include "mdns/embedded.h"
#include "mdns/publication.h"

#define RETRY_MS 30000
/* A daemon that is gone this long, or looks for a host name this long, is not
 * waited for: longer than it takes to restart it. */
#define GRACE_MS 3000
/* The embedded core gives way to a daemon that has been running this long:
 * twice as long each time that one went within STEADY_MS. */
#define SETTLE_MIN_MS 2000
#define SETTLE_MAX_MS 300000
#define STEADY_MS 60000

enum via { VIA_NOTHING, VIA_EMBEDDED, VIA_DAEMON };

struct publisher {
	const AvahiPoll *poll;
	const struct mdns_config *config;
	struct publication *publication;
	enum via via;

	struct daemon *daemon; /* NULL: not to be used */
	int64_t daemon_since;  /* when it was chosen */
	bool daemon_served;    /* it was, before the embedded core */
	int64_t settle_ms;
	int64_t grace_until;

	struct embedded *embedded;
	int64_t retry_at;

	bool failure_logged;
};

int
publisher_new(struct publisher **out, const AvahiPoll *poll,
    struct bus_guard *guard, const struct mdns_config *config)
{
	struct publisher *p = calloc(1, sizeof(*p));
	int err;

	if (p == NULL)
		return -ERR_NOMEM;
	p->poll = poll;
	p->config = config;
	p->settle_ms = SETTLE_MIN_MS;
	err = publication_new(&p->publication, config);
	if (err == 0 && guard != NULL)
		err = daemon_new(&p->daemon, guard);
	if (err != 0) {
		publisher_free(p);
		return err;
	}
	*out = p;
	return 0;
}

/* Withdraws what is published. */
static void
leave(struct publisher *p)
{
	if (p->via == VIA_NOTHING)
		return;
	publication_detach(p->publication);
	embedded_close(STEAL(p->embedded));
	p->via = VIA_NOTHING;
}

void
publisher_free(struct publisher *p)
{
	if (p == NULL)
		return;
	leave(p);
	daemon_free(p->daemon);
	publication_free(p->publication);
	free(p);
}

void
publisher_set_services(struct publisher *p, struct service_list *services)
{
	publication_set_services(p->publication, services);
}

/* Says so once for a row of failures. */
static void
log_failure(struct publisher *p, const char *reason)
{
	if (!p->failure_logged)
		log_error("mDNS not announcing", "reason=\"%s\"", reason);
	p->failure_logged = true;
}

static const char *
embedded_reason(int error)
{
	return error == AVAHI_ERR_NO_NETWORK
		   ? "port 5353 is held by an mDNS stack that does not share it"
		   : avahi_strerror(error);
}

static void
enter_embedded(struct publisher *p, int64_t now_ms)
{
	int error;

	if (p->daemon_served && now_ms - p->daemon_since >= STEADY_MS)
		p->settle_ms = SETTLE_MIN_MS;
	else if (p->daemon_served && p->settle_ms < SETTLE_MAX_MS / 2)
		p->settle_ms *= 2;
	p->daemon_served = false;
	error = embedded_open(&p->embedded, p->poll, p->config);
	if (error != 0) {
		p->retry_at = now_ms + RETRY_MS;
		log_failure(p, embedded_reason(error));
		return;
	}
	p->via = VIA_EMBEDDED;
	publication_attach(p->publication, embedded_backend(p->embedded));
	if (p->daemon == NULL)
		log_info("mDNS started", "backend=embedded");
	else
		log_info("mDNS started",
		    "backend=embedded reason=\"avahi-daemon: %s\"",
		    daemon_reason(p->daemon));
}

static void
enter_daemon(struct publisher *p, int64_t now_ms)
{
	struct backend *backend;

	leave(p);
	backend = daemon_backend(p->daemon);
	if (backend == NULL) {
		daemon_refuse(p->daemon, now_ms);
		return;
	}
	p->via = VIA_DAEMON;
	p->daemon_since = now_ms;
	p->daemon_served = true;
	publication_attach(p->publication, backend);
	log_info("mDNS started", "backend=daemon");
}

/* Of auto, after the daemon had its say. */
static void
choose_embedded(struct publisher *p, enum daemon_state state, int64_t now_ms)
{
	/* One that is there, but has no host name yet, is waited for. */
	if (state == DAEMON_STARTING && p->grace_until == 0)
		p->grace_until = now_ms + GRACE_MS;
	if (now_ms >= p->grace_until && now_ms >= p->retry_at)
		enter_embedded(p, now_ms);
}

static void
choose(struct publisher *p, enum daemon_state state, int64_t now_ms)
{
	/* Without a client there is no daemon that runs. */
	bool runs = state == DAEMON_RUNNING;

	if (runs &&
	    (p->via == VIA_NOTHING ||
		(p->via == VIA_EMBEDDED &&
		    now_ms >= daemon_settled_at(p->daemon, p->settle_ms))))
		enter_daemon(p, now_ms);
	if (p->via != VIA_NOTHING)
		return;
	if (p->config->backend != MDNS_DAEMON)
		choose_embedded(p, state, now_ms);
	else if (!p->failure_logged && state == DAEMON_ABSENT) {
		log_warn("mDNS waits for avahi-daemon", "reason=\"%s\"",
		    daemon_reason(p->daemon));
		p->failure_logged = true;
	}
}

/* What it had is void; the daemon may be running again already. */
static void
lose_daemon(struct publisher *p, int64_t now_ms)
{
	leave(p);
	p->grace_until = now_ms + GRACE_MS;
}

static void
fail(struct publisher *p, int error, int64_t now_ms)
{
	enum via via = p->via;

	leave(p);
	if (via == VIA_EMBEDDED) {
		p->retry_at = now_ms + RETRY_MS;
		log_failure(p, embedded_reason(error));
	} else if (!daemon_holds(p->daemon)) {
		/* It went while it was asked. */
		p->grace_until = now_ms + GRACE_MS;
	} else {
		log_warn("mDNS refused by avahi-daemon", "reason=\"%s\"",
		    avahi_strerror(error));
		daemon_refuse(p->daemon, now_ms);
	}
}

void
publisher_step(struct publisher *p, int64_t now_ms)
{
	enum daemon_state state = DAEMON_ABSENT;
	int error = 0;

	if (p->via == VIA_DAEMON && !daemon_holds(p->daemon))
		lose_daemon(p, now_ms);
	/* A step may close the client, so only when nothing is published. */
	if (p->via == VIA_DAEMON)
		state = DAEMON_RUNNING;
	else if (p->daemon != NULL)
		state = daemon_step(p->daemon, now_ms);
	if (p->via == VIA_EMBEDDED)
		error = embedded_error(p->embedded);
	if (error == 0)
		choose(p, state, now_ms);
	if (error == 0 && p->via != VIA_NOTHING)
		error = publication_step(p->publication, now_ms);
	if (error != 0)
		fail(p, error, now_ms);
	else if (p->via != VIA_NOTHING &&
		 publication_is_established(p->publication))
		p->failure_logged = false;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
publisher_due(const struct publisher *p)
{
	int64_t due = INT64_MAX;

	if (p->daemon != NULL)
		due = daemon_due(p->daemon);
	if (p->via != VIA_NOTHING)
		due = earlier(due, publication_due(p->publication));
	else if (p->config->backend != MDNS_DAEMON)
		due = earlier(due, p->grace_until > p->retry_at ? p->grace_until
								: p->retry_at);
	if (p->via == VIA_DAEMON && !daemon_holds(p->daemon))
		return 0;
	if (p->via == VIA_EMBEDDED && p->daemon != NULL)
		due = earlier(due, daemon_settled_at(p->daemon, p->settle_ms));
	return due;
}

void
publisher_state(const struct publisher *p, char out[MDNS_STATE_TEXT_MAX])
{
	if (p->via != VIA_NOTHING)
		publication_state(p->publication, out);
	else if (p->config->backend == MDNS_DAEMON)
		snprintf(out, MDNS_STATE_TEXT_MAX,
		    "waiting for avahi-daemon: %s", daemon_reason(p->daemon));
	else
		snprintf(
		    out, MDNS_STATE_TEXT_MAX, "not announcing, trying again");
}
