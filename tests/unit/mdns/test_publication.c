/* Names that somebody else always has, by a backend that only says so. */
#include "tests/unit/cmocka.h"

#include <string.h>

#include "mdns/publication.h"

#define PROBES 25
#define CONFLICTS_FREE 15
#define HOLD_MS 5000

struct refuser {
	struct backend backend;
	bool host_taken, services_taken;
	bool is_host; /* what the open group is for */
	int64_t now_ms;
	int64_t probes[PROBES]; /* of names that are taken, and when */
	size_t n_probes;
};

static int
group_new(struct backend *b, struct entry_group *group)
{
	*group = (struct entry_group){
	    .handle = b, .state = AVAHI_ENTRY_GROUP_UNCOMMITED};
	return 0;
}

static void
group_free(struct backend *b, struct entry_group *group)
{
	(void)b;
	*group = (struct entry_group){.handle = NULL};
}

static int
add_address(struct backend *b, struct entry_group *group, const char *host,
    const struct interface_address *address)
{
	(void)group;
	(void)host;
	(void)address;
	CONTAINER_OF(b, struct refuser, backend)->is_host = true;
	return 0;
}

static int
add_service(struct backend *b, struct entry_group *group,
    const struct service_record *record)
{
	(void)group;
	(void)record;
	CONTAINER_OF(b, struct refuser, backend)->is_host = false;
	return 0;
}

static int
commit(struct backend *b, struct entry_group *group)
{
	struct refuser *r = CONTAINER_OF(b, struct refuser, backend);

	group->state = AVAHI_ENTRY_GROUP_ESTABLISHED;
	if (r->is_host ? r->host_taken : r->services_taken) {
		group->state = AVAHI_ENTRY_GROUP_COLLISION;
		if (r->n_probes < PROBES)
			r->probes[r->n_probes++] = r->now_ms;
	}
	return 0;
}

static struct refuser
refuser_init(void)
{
	return (struct refuser){
	    .backend = {.domain = "local",
		.through = "",
		.group_new = group_new,
		.group_free = group_free,
		.add_address = add_address,
		.add_service = add_service,
		.commit = commit},
	    .now_ms = 1000000,
	};
}

/* [RFC6762 8.1] Fifteen conflicts at once, and then five seconds at least
 * before each further probe. */
static void
assert_paced(const struct refuser *r)
{
	assert_int_equal(PROBES, r->n_probes);
	for (size_t i = 1; i < PROBES; i++)
		if (i < CONFLICTS_FREE)
			assert_in_range(
			    r->probes[i] - r->probes[i - 1], 0, HOLD_MS - 1);
		else
			assert_in_range(r->probes[i] - r->probes[i - 1],
			    HOLD_MS, 2 * HOLD_MS);
}

/* As the announcer's thread: at once, or when it is due. */
static void
publish_until_paced(struct refuser *r)
{
	/* The one interface that every machine has. */
	const struct mdns_config config = {
	    .host_name = "estuary", .interfaces = {"lo"}, .n_interfaces = 1};
	struct mdns_service service = {
	    .instance = "Estuary", .type = "_est._tcp", .port = 8443};
	struct service_list list;
	struct publication *p;
	struct reason why;

	assert_int_equal(0, service_list_copy(&list, &service, 1, &why));
	assert_int_equal(0, publication_new(&p, &config));
	publication_set_services(p, &list);
	publication_attach(p, &r->backend);
	for (int turns = 0; r->n_probes < PROBES && turns < 1000; turns++) {
		int64_t due;

		assert_int_equal(0, publication_step(p, r->now_ms));
		assert_false(publication_is_established(p));
		due = publication_due(p);
		r->now_ms = due > r->now_ms ? due : r->now_ms + 1;
	}
	assert_paced(r);
	publication_detach(p);
	publication_free(p);
}

static void
test_service_name_taken_again_and_again(void **state)
{
	struct refuser r = refuser_init();

	(void)state;
	r.services_taken = true;
	publish_until_paced(&r);
}

static void
test_host_name_taken_again_and_again(void **state)
{
	struct refuser r = refuser_init();

	(void)state;
	r.host_taken = true;
	publish_until_paced(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_service_name_taken_again_and_again),
	    cmocka_unit_test(test_host_name_taken_again_and_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
