/*
 * Configuration: one schema table drives the parser, the checks and the printed
 * form. A file is INI (inih): lines of any length, a comment on a line of its
 * own; an unknown key, a duplicate or a value out of range is refused with file
 * and line.
 */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum config_type {
	CONFIG_STRING,    /* printable ASCII */
	CONFIG_DOMAIN,    /* a domain name, or empty */
	CONFIG_BOOL,      /* yes | no */
	CONFIG_NUMBER,    /* decimal or 0x hex, min..max */
	CONFIG_DURATION,  /* number with s, m, h, d, w; seconds, min..max */
	CONFIG_CHOICE,    /* one of choices, separated by | */
	CONFIG_ENDPOINTS, /* address:port, comma-separated, at least one */
	CONFIG_PREFIXES,  /* IP prefixes, comma-separated, may be empty */
	CONFIG_NAMES,     /* words, comma-separated, may be empty */
};

struct config_key {
	const char *name; /* section.key */
	enum config_type type;
	const char *value; /* the default */
	int64_t min, max;  /* numbers and durations */
	const char *choices;
	const char *help;
};

struct config;

/* schema ends with a key whose name is NULL, outlives the config, and its
 * defaults are valid. */
int config_new(struct config **out, const struct config_key *schema) NODISCARD;
void config_free(struct config *config);

/* Reads a file over what is there. why gets "FILE:LINE: ...". */
int config_read(
    struct config *config, const char *path, struct reason *why) NODISCARD;
/* The same for a file that is open; the descriptor stays the caller's. */
int config_read_fd(struct config *config, int fd, const char *path,
    struct reason *why) NODISCARD;
/* "section.key=value" from the command line; overrides the file, once a key. */
int config_set(struct config *config, const char *assignment,
    struct reason *why) NODISCARD;

/* Values by key; the key must be in the schema and of a fitting type. */
const char *config_text(const struct config *config, const char *key);
bool config_bool(const struct config *config, const char *key);
int64_t config_number(const struct config *config, const char *key);

/* Takes one key's value over from a configuration of the same schema. */
int config_copy(
    struct config *to, const struct config *from, const char *key) NODISCARD;

/* Calls fn for each element of a comma-separated value, in order; stops at and
 * returns the first non-zero result. */
int config_each(const struct config *config, const char *key,
    int (*fn)(void *arg, const char *item), void *arg);

/* The effective configuration as a file; with_help writes every key commented
 * out behind its help text: the file of a first start. */
int config_print(
    struct buf *out, const struct config *config, bool with_help) NODISCARD;

#endif
