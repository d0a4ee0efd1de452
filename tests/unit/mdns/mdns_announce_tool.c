/* Announces one service as the system tests want it:
 *
 *	mdns_announce_tool HOST INSTANCE PORT INTERFACES [TXT...]
 *
 * INTERFACES is a list with commas, "-" for none. Commands come in on standard
 * input, a line each: "txt KEY=VALUE ..." replaces the TXT strings, "state"
 * prints the state, "stop" or the end of the input ends it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "mdns/announce.h"

static int
add_txt(struct mdns_service *s, const char *text)
{
	if (s->n_txt == MDNS_TXT_MAX)
		return -ERR_TOO_LARGE;
	return str_format(s->txt[s->n_txt++], sizeof(s->txt[0]), "%s", text);
}

static int
add_interfaces(struct mdns_config *config, char *list)
{
	char *rest = NULL;

	if (strcmp(list, "-") == 0)
		return 0;
	for (char *name = strtok_r(list, ",", &rest); name != NULL;
	     name = strtok_r(NULL, ",", &rest)) {
		if (config->n_interfaces == MDNS_INTERFACES_MAX ||
		    str_format(config->interfaces[config->n_interfaces++],
			sizeof(config->interfaces[0]), "%s", name) != 0)
			return -ERR_TOO_LARGE;
	}
	return 0;
}

static int
replace_txt(struct mdns_announcer *a, struct mdns_service *service, char *words)
{
	char *rest = NULL;
	int err = 0;

	service->n_txt = 0;
	for (char *word = strtok_r(words, " ", &rest); err == 0 && word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		err = add_txt(service, word);
	if (err == 0)
		err = mdns_announcer_update(a, service, 1);
	return err;
}

static int
obey(struct mdns_announcer *a, struct mdns_service *service)
{
	char line[1024], state[MDNS_STATE_TEXT_MAX];
	int err = 0;

	while (err == 0 && fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "stop") == 0)
			return 0;
		if (strncmp(line, "txt ", 4) == 0) {
			err = replace_txt(a, service, line + 4);
		} else if (strcmp(line, "state") == 0) {
			mdns_announcer_state(a, state);
			printf("%s\n", state);
			fflush(stdout);
		} else {
			err = -ERR_INVALID;
		}
	}
	return err;
}

int
main(int argc, char **argv)
{
	struct mdns_config config = {0};
	struct mdns_service service = {.type = "_est._tcp"};
	struct mdns_announcer *a;
	int64_t port;
	int err;

	if (argc < 5 || parse_number(&port, argv[3], 65535) != 0 ||
	    str_format(config.host_name, sizeof(config.host_name), "%s",
		argv[1]) != 0 ||
	    str_format(service.instance, sizeof(service.instance), "%s",
		argv[2]) != 0 ||
	    add_interfaces(&config, argv[4]) != 0)
		return 2;
	service.port = (uint16_t)port;
	for (int i = 5; i < argc; i++)
		if (add_txt(&service, argv[i]) != 0)
			return 2;
	if (getenv("MDNS_TOOL_DEBUG") != NULL)
		log_set_level(LOG_LEVEL_DEBUG);
	err = mdns_announcer_start(&a, &config, &service, 1);
	if (err != 0)
		return 1;
	err = obey(a, &service);
	mdns_announcer_stop(a);
	return err == 0 ? 0 : 1;
}
