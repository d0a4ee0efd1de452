#include "client/command_line.h"

#include <string.h>

static const char *
option_name(const struct command_line *line, int id)
{
	const struct option *option = line->options;

	while (option->name != NULL && option->val != id)
		option++;
	return option->name != NULL ? option->name : "?";
}

int
command_line_options(unsigned int *given, const struct command_line *line,
    void *target, int argc, char **argv, struct reason *why)
{
	int id;

	*given = 0;
	opterr = 0;
	optind = 0; /* so that it may be called again */
	while ((id = getopt_long(argc, argv, ":", line->options, NULL)) != -1) {
		if (id == ':')
			return reason_set(why, -ERR_INVALID,
			    "%.80s wants a value", argv[optind - 1]);
		if (id < COMMAND_LINE_FIRST)
			return reason_set(why, -ERR_INVALID,
			    "unknown option: %.80s", argv[optind - 1]);
		if (line->set(target, id, optarg) != 0)
			return reason_set(why, -ERR_INVALID,
			    "--%s: not a valid value: %.80s",
			    option_name(line, id), optarg);
		*given |= COMMAND_LINE_BIT(id);
	}
	return 0;
}

int
command_line_word(int *command, const struct command_line *line,
    const char *name, unsigned int given, struct reason *why)
{
	const struct command_word *word = line->commands;
	const struct command_word *end = word + line->n_commands;

	while (word < end && strcmp(word->name, name) != 0)
		word++;
	if (word == end)
		return reason_set(
		    why, -ERR_INVALID, "unknown command: %.80s", name);
	for (int i = 0; line->options[i].name != NULL; i++)
		if ((given & ~word->allowed &
			COMMAND_LINE_BIT(line->options[i].val)) != 0)
			return reason_set(why, -ERR_INVALID, "%s takes no --%s",
			    name, line->options[i].name);
	*command = word->command;
	return 0;
}
