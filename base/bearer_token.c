#include "base/bearer_token.h"

#include <string.h>

#include "base/base64.h"
#include "base/random.h"
#include "base/str.h"

#define PREFIX_LEN (sizeof(BEARER_TOKEN_PREFIX) - 1)
#define OCTETS 32
#define OCTETS_TEXT_LEN 43 /* of 32 octets in base64url */

void
bearer_token_generate(struct bearer_token *out, const uint8_t root_sha256[32])
{
	uint8_t id[BEARER_ID_LEN / 2];

	random_bytes(id, sizeof(id));
	hex_encode(out->id, (struct bytes){id, sizeof(id)});
	random_bytes(out->secret, sizeof(out->secret));
	memcpy(out->root_sha256, root_sha256, sizeof(out->root_sha256));
}

int
bearer_token_format(
    char out[BEARER_TOKEN_LEN + 1], const struct bearer_token *token)
{
	struct buf secret = {0}, root = {0};
	int err = base64url_encode(
	    &secret, (struct bytes){token->secret, sizeof(token->secret)});

	if (err == 0)
		err = base64url_encode(&root, (struct bytes){token->root_sha256,
						  sizeof(token->root_sha256)});
	if (err == 0)
		err = str_format(out, BEARER_TOKEN_LEN + 1,
		    BEARER_TOKEN_PREFIX "%s.%s.%s", token->id,
		    buf_text(&secret), buf_text(&root));
	buf_wipe(&secret);
	buf_fini(&root);
	return err;
}

static bool
is_id(const char *text)
{
	return strspn(text, "0123456789abcdef") == BEARER_ID_LEN;
}

static int
read_octets(uint8_t out[OCTETS], const char *text)
{
	struct blob octets = {0};
	int err = base64url_decode(&octets, text, OCTETS_TEXT_LEN);

	if (err == 0 && octets.len != OCTETS)
		err = -ERR_INVALID;
	if (err == 0)
		memcpy(out, octets.data, OCTETS);
	blob_wipe(&octets);
	return err;
}

int
bearer_token_parse(struct bearer_token *out, const char *text)
{
	const char *id = text + PREFIX_LEN;
	const char *secret = id + BEARER_ID_LEN + 1;
	const char *root = secret + OCTETS_TEXT_LEN + 1;
	struct bearer_token token;
	int err;

	if (strlen(text) != BEARER_TOKEN_LEN ||
	    strncmp(text, BEARER_TOKEN_PREFIX, PREFIX_LEN) != 0 || !is_id(id) ||
	    secret[-1] != '.' || root[-1] != '.')
		return -ERR_INVALID;
	memcpy(token.id, id, BEARER_ID_LEN);
	token.id[BEARER_ID_LEN] = '\0';
	err = read_octets(token.secret, secret);
	if (err == 0)
		err = read_octets(token.root_sha256, root);
	if (err == 0)
		*out = token;
	explicit_bzero(&token, sizeof(token));
	return err;
}
