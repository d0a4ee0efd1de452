#include "base/config.h"

#include <ini.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/domain.h"
#include "base/file.h"
#include "base/str.h"

#define CONFIG_ITEM_MAX 256
#define CONFIG_FILE_MAX_BYTES 1048576

struct config_value {
	char *text; /* NULL: the default */
	bool from_file;
	bool from_command_line;
};

struct config {
	const struct config_key *schema;
	struct config_value *values; /* one a key */
	size_t n;
};

int
config_new(struct config **out, const struct config_key *schema)
{
	struct config *config = calloc(1, sizeof(*config));

	if (config == NULL)
		return -ERR_NOMEM;
	config->schema = schema;
	while (schema[config->n].name != NULL)
		config->n++;
	config->values = calloc(config->n, sizeof(*config->values));
	if (config->values == NULL) {
		free(config);
		return -ERR_NOMEM;
	}
	*out = config;
	return 0;
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config->n; i++)
		free(config->values[i].text);
	free(config->values);
	free(config);
}

static int
each_item(const char *list, int (*fn)(void *, const char *), void *arg)
{
	if (*list == '\0')
		return 0;
	while (list != NULL) {
		size_t len = strcspn(list, ","), trimmed;
		const char *start = list;
		char item[CONFIG_ITEM_MAX];
		int err;

		list = list[len] == ',' ? list + len + 1 : NULL;
		while (len > 0 && *start == ' ') {
			start++;
			len--;
		}
		for (trimmed = len; trimmed > 0 && start[trimmed - 1] == ' ';)
			trimmed--;
		if (trimmed == 0 || trimmed >= sizeof(item))
			return -ERR_INVALID;
		memcpy(item, start, trimmed);
		item[trimmed] = '\0';
		err = fn(arg, item);
		if (err != 0)
			return err;
	}
	return 0;
}

static int
check_endpoint(void *arg, const char *item)
{
	struct sockaddr_storage ss;
	socklen_t len;

	(*(int *)arg)++;
	return endpoint_parse(&ss, &len, item);
}

static int
check_prefix(void *arg, const char *item)
{
	struct ip_prefix prefix;

	(void)arg;
	return ip_prefix_parse(&prefix, item);
}

static int
check_name(void *arg, const char *item)
{
	(void)arg;
	return strpbrk(item, " \t\"'") == NULL ? 0 : -ERR_INVALID;
}

static int
parse_config_number(int64_t *out, const char *text, int64_t max)
{
	unsigned long long v;
	size_t digits;

	if (strncmp(text, "0x", 2) != 0)
		return parse_number(out, text, max);
	digits = strspn(text + 2, "0123456789abcdefABCDEF");
	if (digits == 0 || digits > 15 || text[2 + digits] != '\0')
		return -ERR_INVALID;
	v = strtoull(text + 2, NULL, 16);
	if (v > (unsigned long long)max)
		return -ERR_INVALID;
	*out = (int64_t)v;
	return 0;
}

static bool
is_choice(const char *choices, const char *value)
{
	size_t len = strlen(value);

	while (*choices != '\0') {
		size_t n = strcspn(choices, "|");

		if (n == len && strncmp(choices, value, n) == 0)
			return true;
		choices += n + (choices[n] == '|' ? 1 : 0);
	}
	return false;
}

static int
check_range(const struct config_key *key, const char *value, struct reason *why)
{
	int64_t n;
	int err = key->type == CONFIG_NUMBER
		      ? parse_config_number(&n, value, INT64_MAX)
		      : parse_duration(&n, value);

	if (err == 0 && n >= key->min && n <= key->max)
		return 0;
	return reason_set(why, -ERR_INVALID,
	    "%s: '%.60s' is not %s between %lld and %lld%s", key->name, value,
	    key->type == CONFIG_NUMBER ? "a number" : "a duration",
	    (long long)key->min, (long long)key->max,
	    key->type == CONFIG_NUMBER ? "" : " seconds");
}

static bool
ends_with_space(const char *text)
{
	return text[strlen(text) - 1] == ' ';
}

static int
check_value(const struct config_key *key, const char *value, struct reason *why)
{
	const char *wanted = NULL;
	char domain[DOMAIN_MAX + 1];
	int count = 0;

	if (!str_is_printable(value))
		return reason_set(why, -ERR_INVALID,
		    "%s: a character that is not printable ASCII", key->name);
	if (value[0] == ' ' || (value[0] != '\0' && ends_with_space(value)))
		return reason_set(why, -ERR_INVALID,
		    "%s: a space at the beginning or the end", key->name);
	switch (key->type) {
	case CONFIG_STRING:
		break;
	case CONFIG_DOMAIN:
		if (*value != '\0' && domain_normalize(domain, value) != 0)
			wanted = "a domain name";
		break;
	case CONFIG_BOOL:
		if (!is_choice("yes|no", value))
			wanted = "yes or no";
		break;
	case CONFIG_NUMBER:
	case CONFIG_DURATION:
		return check_range(key, value, why);
	case CONFIG_CHOICE:
		if (!is_choice(key->choices, value))
			wanted = key->choices;
		break;
	case CONFIG_ENDPOINTS:
		if (each_item(value, check_endpoint, &count) != 0 ||
		    (count == 0 && key->value[0] != '\0'))
			wanted = "ADDRESS:PORT[, ADDRESS:PORT ...]";
		break;
	case CONFIG_PREFIXES:
		if (each_item(value, check_prefix, NULL) != 0)
			wanted = "a list of IP prefixes such as 10.0.0.0/8";
		break;
	case CONFIG_NAMES:
		if (each_item(value, check_name, NULL) != 0)
			wanted = "a list of names, separated by commas";
		break;
	}
	if (wanted == NULL)
		return 0;
	return reason_set(why, -ERR_INVALID, "%s: '%.100s' is not %s",
	    key->name, value, wanted);
}

static size_t
key_index(const struct config *config, const char *name)
{
	size_t i = 0;

	while (i < config->n && strcmp(config->schema[i].name, name) != 0)
		i++;
	return i;
}

static int
value_replace(struct config *config, size_t i, const char *value)
{
	char *copy = strdup(value);

	if (copy == NULL)
		return -ERR_NOMEM;
	free(config->values[i].text);
	config->values[i].text = copy;
	return 0;
}

struct read_state {
	struct config *config;
	char *rest; /* of the file; NULL at its end */
	char *line; /* the one that inih is at, whole */
	int number; /* its */
	struct reason why;
	int err;
};

/* inih would drop it in silence. */
static bool
has_text_behind_section(const char *line)
{
	const char *end = line[0] == '[' ? strchr(line, ']') : NULL;

	return end != NULL && end[1 + strspn(end + 1, " \t\r")] != '\0';
}

/* inih asks for the next line. It has room for 200 characters, which hold any
 * key; the value is taken from the whole line. What does not fit is cut off
 * before the newline: inih 58 refuses a line that it does not see the end of.
 * Indented lines would continue the value before to inih: the indentation goes.
 */
static char *
next_line(char *out, int size, void *stream)
{
	struct read_state *state = stream;
	char *line;

	if (state->rest == NULL || state->err != 0)
		return NULL;
	line = strsep(&state->rest, "\n");
	state->number++;
	state->line = line + strspn(line, " \t");
	snprintf(out, (size_t)size, "%.*s\n", size - 2,
	    has_text_behind_section(state->line) ? "]" : state->line);
	return out;
}

/* What is behind the first = or : without the blanks around it. */
static const char *
line_value(char *line)
{
	char *value = strpbrk(line, "=:"), *end;

	if (value == NULL)
		return "";
	value += 1 + strspn(value + 1, " \t");
	for (end = value + strlen(value);
	     end > value && strchr(" \t\r", end[-1]) != NULL; end--)
		end[-1] = '\0';
	return value;
}

/* inih calls this for each pair; 0 marks the line as an error. */
static int
on_pair(void *user, const char *section, const char *name, const char *cut)
{
	struct read_state *state = user;
	struct config *config = state->config;
	const char *value = line_value(state->line);
	char key[128];
	size_t i = config->n;

	(void)cut;
	if (state->err != 0)
		return 0;
	if (str_format(key, sizeof(key), "%s.%s", section, name) == 0)
		i = key_index(config, key);
	if (i == config->n) {
		state->err = reason_set(&state->why, -ERR_INVALID,
		    "unknown key '%.40s' in section [%.40s]", name, section);
	} else if (config->values[i].from_file) {
		state->err = reason_set(
		    &state->why, -ERR_INVALID, "%s is set twice", key);
	} else {
		state->err =
		    check_value(&config->schema[i], value, &state->why);
		if (state->err == 0 && !config->values[i].from_command_line)
			state->err = value_replace(config, i, value);
		config->values[i].from_file = true;
	}
	return state->err == 0;
}

static int
read_text(struct config *config, struct blob *text, const char *path,
    struct reason *why)
{
	struct read_state state = {.config = config};
	int line;

	if (memchr(text->data, '\0', text->len) != NULL)
		return reason_set(
		    why, -ERR_INVALID, "%s: holds a NUL character", path);
	for (size_t i = 0; i < config->n; i++)
		config->values[i].from_file = false;
	state.rest = (char *)text->data;
	line = ini_parse_stream(next_line, &state, on_pair, &state);
	if (line < 0)
		return -ERR_NOMEM;
	if (state.err != 0 && state.err != -ERR_INVALID)
		return state.err;
	if (line > 0)
		return reason_set(why, -ERR_INVALID, "%s:%d: %s", path, line,
		    state.err != 0 && line == state.number
			? state.why.text
			: "neither [section], key = value nor a comment");
	return 0;
}

int
config_read_fd(
    struct config *config, int fd, const char *path, struct reason *why)
{
	struct blob text CLEANUP(blob_fini) = {0};
	int err = file_read_fd(&text, fd, path, CONFIG_FILE_MAX_BYTES);

	if (err != 0)
		return reason_set(why, err, "%s: cannot be read as a file: %s",
		    path, err_text(err));
	return read_text(config, &text, path, why);
}

int
config_read(struct config *config, const char *path, struct reason *why)
{
	int fd = -1, err = file_open(&fd, path, NULL);

	if (err != 0)
		return reason_set(why, err, "%s: cannot be read as a file: %s",
		    path, err_text(err));
	err = config_read_fd(config, fd, path, why);
	close(fd);
	return err;
}

int
config_set(struct config *config, const char *assignment, struct reason *why)
{
	const char *equals = strchr(assignment, '=');
	char key[128];
	size_t i;
	int err;

	if (equals == NULL || str_format(key, sizeof(key), "%.*s",
				  (int)(equals - assignment), assignment) != 0)
		return reason_set(why, -ERR_INVALID,
		    "'%.60s' is not section.key=value", assignment);
	i = key_index(config, key);
	if (i == config->n)
		return reason_set(why, -ERR_INVALID, "unknown key '%s'", key);
	if (config->values[i].from_command_line)
		return reason_set(why, -ERR_INVALID, "%s is set twice", key);
	err = check_value(&config->schema[i], equals + 1, why);
	if (err == 0)
		err = value_replace(config, i, equals + 1);
	if (err == 0)
		config->values[i].from_command_line = true;
	return err;
}

const char *
config_text(const struct config *config, const char *key)
{
	size_t i = key_index(config, key);

	if (i == config->n)
		abort(); /* a key that is not in the schema: a programming error
			  */
	return config->values[i].text != NULL ? config->values[i].text
					      : config->schema[i].value;
}

bool
config_bool(const struct config *config, const char *key)
{
	return strcmp(config_text(config, key), "yes") == 0;
}

int64_t
config_number(const struct config *config, const char *key)
{
	const char *text = config_text(config, key);
	const struct config_key *k = &config->schema[key_index(config, key)];
	int64_t n = 0;
	int err = k->type == CONFIG_DURATION
		      ? parse_duration(&n, text)
		      : parse_config_number(&n, text, INT64_MAX);

	if (err != 0)
		abort(); /* values are checked when they are set */
	return n;
}

int
config_copy(struct config *to, const struct config *from, const char *key)
{
	return value_replace(to, key_index(to, key), config_text(from, key));
}

int
config_each(const struct config *config, const char *key,
    int (*fn)(void *arg, const char *item), void *arg)
{
	return each_item(config_text(config, key), fn, arg);
}

static void
print_help(struct buf *out, const struct config_key *key)
{
	const char *text = key->help;

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		buf_printf(out, "# %.*s\n", (int)len, text);
		text += len + (text[len] == '\n' ? 1 : 0);
	}
	if (key->type == CONFIG_CHOICE)
		buf_printf(out, "# One of: %s\n", key->choices);
}

int
config_print(struct buf *out, const struct config *config, bool with_help)
{
	char section[64] = "";

	for (size_t i = 0; i < config->n; i++) {
		const struct config_key *key = &config->schema[i];
		const char *value = config_text(config, key->name);
		size_t len = strcspn(key->name, ".");

		if (strncmp(section, key->name, len) != 0 ||
		    section[len] != '\0') {
			snprintf(section, sizeof(section), "%.*s", (int)len,
			    key->name);
			buf_printf(
			    out, "%s[%s]\n", i != 0 ? "\n" : "", section);
		}
		if (with_help)
			print_help(out, key);
		buf_printf(out, "%s%s =%s%s\n",
		    with_help && config->values[i].text == NULL ? "#" : "",
		    key->name + len + 1, *value != '\0' ? " " : "", value);
	}
	return buf_status(out);
}
