/* estuaryctl manufacturer prefetch: vouchers without a nonce, fetched ahead. */
#include <getopt.h>
#include <stdio.h>

#include "client/ctl.h"

static int
usage(void)
{
	return ctl_usage("manufacturer prefetch NAME --serial S [--serial S "
			 "...] [--format MEDIA_TYPE]");
}

static int
parse(json_t *body, int argc, char **argv)
{
	static const struct option options[] = {
	    {"serial", required_argument, NULL, 's'},
	    {"format", required_argument, NULL, 'f'}, {NULL, 0, NULL, 0}};
	json_t *serials = json_array();
	int c;

	json_object_set_new(body, "serials", serials);
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		json_t *value = json_string(optarg);

		if (c == 's' && value != NULL)
			json_array_append_new(serials, value);
		else if (c == 'f' && value != NULL)
			json_object_set_new(body, "format", value);
		else
			return usage();
	}
	return optind + 1 == argc && json_array_size(serials) != 0 ? CTL_DONE
								   : usage();
}

/* Refused when one of them was. */
static int
print_items(const json_t *answer)
{
	const json_t *item;
	int status = CTL_DONE;
	size_t i;

	json_array_foreach(json_object_get(answer, "items"), i, item)
	{
		bool kept = json_is_true(json_object_get(item, "kept"));

		if (kept) {
			printf("%s: kept\n", ctl_text(item, "serial_number"));
			continue;
		}
		fprintf(stderr, "estuaryctl: %s: %s\n",
		    ctl_text(item, "serial_number"), ctl_text(item, "reason"));
		status = CTL_REFUSED;
	}
	return status;
}

int
ctl_manufacturer_prefetch(const struct ctl *ctl, int argc, char **argv)
{
	json_t *body = json_object(), *answer = NULL;
	char path[300];
	int status = parse(body, argc, argv);

	if (status == CTL_DONE && ctl_path(path, sizeof(path), "/manufacturers",
				      argv[optind], "/prefetch") != 0)
		status = usage();
	if (status == CTL_DONE)
		status =
		    ctl_call(ctl, "POST", path, json_incref(body), &answer);
	if (status == CTL_DONE && ctl->json)
		ctl_print_json(answer);
	else if (status == CTL_DONE)
		status = print_items(answer);
	json_decref(answer);
	json_decref(body);
	return status;
}
