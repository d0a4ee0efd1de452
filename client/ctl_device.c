/* estuaryctl device. */
#include "client/ctl.h"

#include <stdio.h>

#include "base/str.h"

static int
fetch_page(const struct ctl *ctl, json_t **answer, const char *cursor)
{
	char path[64];

	if (str_format(path, sizeof(path), "/devices?cursor=%s", cursor) != 0)
		return CTL_UNREACHABLE;
	return ctl_call(ctl, "GET", path, NULL, answer);
}

static void
print_devices(const json_t *items)
{
	const json_t *d;
	size_t n;

	json_array_foreach(items, n, d) printf(
	    "%-5lld %-9s %-20s  %-16s %-24s %s\n",
	    json_integer_value(json_object_get(d, "id")), ctl_text(d, "state"),
	    ctl_text(d, "last_seen"), ctl_text(d, "manufacturer"),
	    ctl_text(d, "serial_number"), ctl_text(d, "verdict"));
}

int
ctl_device_list(const struct ctl *ctl, int argc, char **argv)
{
	json_t *items = json_array(), *answer = NULL;
	char cursor[24] = "0";
	int status = CTL_DONE;

	(void)argv;
	if (argc != 1)
		status = ctl_usage("device list");
	while (status == CTL_DONE && cursor[0] != '-') {
		status = fetch_page(ctl, &answer, cursor);
		if (status != CTL_DONE)
			break;
		json_array_extend(items, json_object_get(answer, "items"));
		if (str_format(cursor, sizeof(cursor), "%s",
			ctl_text(answer, "next")) != 0)
			status = CTL_UNREACHABLE;
		json_decref(STEAL(answer));
	}
	if (status == CTL_DONE && ctl->json) {
		answer = json_pack("{sO sn}", "items", items, "next");
		ctl_print_json(answer);
		json_decref(answer);
	} else if (status == CTL_DONE) {
		printf("%-5s %-9s %-20s  %-16s %-24s %s\n", "ID", "STATE",
		    "LAST SEEN", "MANUFACTURER", "SERIAL NUMBER", "VERDICT");
		print_devices(items);
	}
	json_decref(items);
	return status;
}

static void
print_device(const json_t *d)
{
	const json_t *e;
	size_t n;

	printf("%s %s: %s\n", ctl_text(d, "manufacturer"),
	    ctl_text(d, "serial_number"), ctl_text(d, "state"));
	printf("  %-14s %s\n", "verdict", ctl_text(d, "verdict"));
	printf("  %-14s %s\n", "identity", ctl_text(d, "identity"));
	printf("  %-14s %s\n", "IDevID SHA-256", ctl_text(d, "idevid_sha256"));
	printf("  %-14s %s\n", "MASA", ctl_text(d, "masa_url"));
	printf("  %-14s %s\n", "MUD", ctl_text(d, "mud_url"));
	printf("  %-14s %s\n", "first seen", ctl_text(d, "first_seen"));
	printf("  %-14s %s\n", "last seen", ctl_text(d, "last_seen"));
	json_array_foreach(json_object_get(d, "events"), n, e) printf(
	    "  %-20s %-14s %-4s %s\n", ctl_text(e, "at"), ctl_text(e, "kind"),
	    json_is_true(json_object_get(e, "good")) ? "good" : "bad",
	    ctl_text(e, "detail"));
}

int
ctl_device_show(const struct ctl *ctl, int argc, char **argv)
{
	json_t *answer = NULL;
	char path[300];
	int status;

	if (argc != 2 ||
	    ctl_path(path, sizeof(path), "/devices", argv[1], "") != 0)
		return ctl_usage("device show ID");
	status = ctl_call(ctl, "GET", path, NULL, &answer);
	if (status == CTL_DONE && ctl->json)
		ctl_print_json(answer);
	else if (status == CTL_DONE)
		print_device(answer);
	json_decref(answer);
	return status;
}

int
ctl_device_refuse(const struct ctl *ctl, int argc, char **argv)
{
	return ctl_post_decision(ctl, argc, argv, "/devices", "/refuse",
	    "device refuse ID [--reason TEXT]");
}

int
ctl_device_accept(const struct ctl *ctl, int argc, char **argv)
{
	return ctl_post_decision(
	    ctl, argc, argv, "/devices", "/accept", "device accept ID");
}
