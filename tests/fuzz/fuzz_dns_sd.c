/*
 * What browsing brings, as lines: "n" and an instance's name, "h" and the host
 * of its next addresses, "a" and such an address with the port in front, "t"
 * and a TXT string.
 */
#include <string.h>

#include "base/str.h"
#include "client/discover.h"
#include "mdns/instances.h"
#include "mdns/name.h"
#include "tests/fuzz/fuzz.h"

static void
take_line(struct instances *list, struct instance_entry **entry,
    struct instance_answer *answer, struct bytes line)
{
	uint8_t kind = fuzz_take_byte(&line);
	AUTOFREE char *text = fuzz_text(line);
	static char host[512];

	if (kind == 'n') {
		*entry = instances_get(list, text, 1000);
	} else if (kind == 'h') {
		(void)str_format(host, sizeof(host), "%s", text);
		answer->host = host;
	} else if (kind == 'a' && *entry != NULL) {
		answer->port = fuzz_take_byte(&line);
		if (ip_parse(&answer->ip, line.len != 0 ? text + 1 : "") == 0 &&
		    instances_add_answer(list, *entry, answer, 1000) == 0)
			FUZZ_CHECK((*entry)->instance.n_addresses > 0);
	} else if (kind == 't' && *entry != NULL) {
		instance_add_txt(&(*entry)->instance, line.data, line.len);
	}
}

static void
check_candidates(const struct instances *list)
{
	static struct candidates found;

	found.n = 0;
	for (size_t i = 0; i < list->n; i++) {
		const struct mdns_instance *m = &list->entries[i]->instance;

		FUZZ_CHECK(mdns_name_is_valid(m->name));
		FUZZ_CHECK(m->n_addresses <= MDNS_ADDRESSES_MAX);
		FUZZ_CHECK(m->n_addresses == 0 || domain_is_valid(m->host));
		if (!candidates_add_instance(&found, m))
			continue;
		FUZZ_CHECK(m->n_addresses > 0);
		FUZZ_CHECK(str_is_printable(found.items[found.n - 1].text));
	}
	FUZZ_CHECK(found.n <= CANDIDATES_MAX);
	if (found.n != 0)
		candidates_order(&found, found.items[found.n - 1].name);
	for (size_t i = 0; i < found.n; i++)
		FUZZ_CHECK(found.items[i].name[0] == '\0' ||
			   domain_is_valid(found.items[i].name));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	struct instances list = {.n = 0};
	struct instance_entry *entry = NULL;
	struct instance_answer answer = {.host = "", .if_index = 1};

	while (in.len != 0) {
		const uint8_t *end = memchr(in.data, '\n', in.len);
		size_t len = end != NULL ? (size_t)(end - in.data) : in.len;

		take_line(&list, &entry, &answer, (struct bytes){in.data, len});
		len += end != NULL ? 1 : 0;
		in = (struct bytes){in.data + len, in.len - len};
	}
	check_candidates(&list);
	instances_fini(&list);
	return 0;
}
