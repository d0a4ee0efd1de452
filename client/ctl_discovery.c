/* estuaryctl discovery. */
#include "client/ctl.h"

#include <curl/curl.h>
#include <stdio.h>

#include "base/str.h"

#define PATH_LEN_MAX 1024

int
ctl_discovery_zone(const struct ctl *ctl, int argc, char **argv)
{
	char path[PATH_LEN_MAX], *domain;
	json_t *answer = NULL;
	int err, status;

	if (argc != 2)
		return ctl_usage("discovery zone DOMAIN");
	domain = curl_easy_escape(NULL, argv[1], 0);
	err = domain != NULL ? str_format(path, sizeof(path),
				   "/discovery/zone?domain=%s", domain)
			     : -ERR_NOMEM;
	curl_free(domain);
	if (err != 0)
		return ctl_usage("discovery zone: '%.60s...' is not a domain "
				 "name",
		    argv[1]);
	status = ctl_call(ctl, "GET", path, NULL, &answer);
	if (status == CTL_DONE && ctl->json)
		ctl_print_json(answer);
	else if (status == CTL_DONE)
		fputs(ctl_text(answer, "zone"), stdout);
	json_decref(answer);
	return status;
}
