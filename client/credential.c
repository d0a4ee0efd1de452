#include "client/credential.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

#define INPUT_MAX 512

static int
parse_password(struct credential *out, const char *identity, const char *text,
    struct reason *why)
{
	size_t len = strlen(text);

	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len == 0)
		return reason_set(why, -ERR_INVALID, "the password is empty");
	if (len > PASSWORD_MAX)
		return reason_set(why, -ERR_INVALID,
		    "the password is longer than %d characters", PASSWORD_MAX);
	memcpy(out->password, text, len);
	out->password[len] = '\0';
	if (!str_is_printable(out->password))
		return reason_set(
		    why, -ERR_INVALID, "the password is not one line of ASCII");
	if (str_format(out->identity, sizeof(out->identity), "%s", identity) !=
	    0)
		return reason_set(
		    why, -ERR_INVALID, "the identity is too long");
	return 0;
}

static int
parse_code(struct credential *out, const char *text, struct reason *why)
{
	struct onboarding_code code;
	int err = code_parse(&code, text, why);

	if (err != 0)
		return err;
	memcpy(out->identity, code.identity, sizeof(code.identity));
	memcpy(out->password, code.secret, sizeof(code.secret));
	memcpy(out->server_name, code.server_name, sizeof(code.server_name));
	out->has_root = code.has_root;
	memcpy(out->root_sha256, code.root_sha256, sizeof(code.root_sha256));
	explicit_bzero(&code, sizeof(code));
	return 0;
}

int
credential_parse(struct credential *out, const char *identity, const char *text,
    struct reason *why)
{
	struct credential credential = {0};
	int err = identity != NULL
		      ? parse_password(&credential, identity, text, why)
		      : parse_code(&credential, text, why);

	if (err == 0)
		*out = credential;
	credential_fini(&credential);
	return err;
}

static int
read_file(char out[INPUT_MAX], const char *path, struct reason *why)
{
	struct blob content = {0};
	int err = file_read(&content, path, INPUT_MAX - 1);

	if (err != 0)
		return reason_set(why, err, "%.200s: %s", path, err_text(err));
	if (memchr(content.data, '\0', content.len) != NULL)
		err = reason_set(
		    why, -ERR_INVALID, "%.200s: holds a NUL character", path);
	else
		memcpy(out, content.data, content.len + 1);
	blob_wipe(&content);
	return err;
}

/* True if the terminal was told not to echo; *saved is what to restore. */
static bool
echo_off(struct termios *saved)
{
	struct termios quiet;

	if (tcgetattr(STDIN_FILENO, saved) != 0)
		return false;
	quiet = *saved;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	return tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
}

static int
read_line(char out[INPUT_MAX], bool password, struct reason *why)
{
	bool terminal = isatty(STDIN_FILENO) == 1, quiet;
	struct termios saved;
	const char *line;

	if (terminal)
		fputs(password ? "Password: " : "Onboarding code: ", stderr);
	quiet = terminal && password && echo_off(&saved);
	line = fgets(out, INPUT_MAX, stdin);
	if (quiet) {
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved);
		fputc('\n', stderr);
	}
	if (line == NULL)
		return reason_set(why, -ERR_INVALID,
		    password ? "no password was given"
			     : "no onboarding code was given");
	return 0;
}

int
credential_read(struct credential *out, const char *identity,
    const char *code_file, struct reason *why)
{
	char text[INPUT_MAX];
	int err = code_file != NULL ? read_file(text, code_file, why)
				    : read_line(text, identity != NULL, why);

	if (err == 0)
		err = credential_parse(out, identity, text, why);
	explicit_bzero(text, sizeof(text));
	return err;
}

void
credential_fini(struct credential *credential)
{
	explicit_bzero(credential, sizeof(*credential));
}
