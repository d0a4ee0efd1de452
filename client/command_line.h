/* The grammar that estuary-join and estuary-pledge share: long options, and a
 * command that takes some of them. */
#ifndef CLIENT_COMMAND_LINE_H
#define CLIENT_COMMAND_LINE_H

#include <getopt.h>

#include "base/error.h"

/* The options' val: from here on, one after the other, at most 32. */
#define COMMAND_LINE_FIRST 256
#define COMMAND_LINE_BIT(id) (1u << ((id)-COMMAND_LINE_FIRST))

struct command_word {
	const char *name;
	int command;
	unsigned int allowed; /* bits of the options that it takes */
};

struct command_line {
	const struct option *options; /* ends with an empty one */
	const struct command_word *commands;
	size_t n_commands;
	/* -ERR_INVALID for a value that the option cannot have. */
	int (*set)(void *target, int id, const char *value);
};

/* Sets each option in target; given gets their bits. What is left begins at
 * argv[optind]. -ERR_INVALID with what is wrong. */
int command_line_options(unsigned int *given, const struct command_line *line,
    void *target, int argc, char **argv, struct reason *why) NODISCARD;

/* The command of that name, which has to take all that was given. */
int command_line_word(int *command, const struct command_line *line,
    const char *name, unsigned int given, struct reason *why) NODISCARD;

#endif
