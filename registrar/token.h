/* Administrators' bearer tokens: made, and judged when one is shown. */
#ifndef REGISTRAR_TOKEN_H
#define REGISTRAR_TOKEN_H

#include "base/addr.h"
#include "base/bearer_token.h"
#include "db/token.h"
#include "registrar/registrar.h"

#define TOKEN_NAME_MAX 48 /* fits "token NAME" into an actor's 64 */
#define TOKEN_EXPIRES_MAX_S ((int64_t)10 * 366 * 86400)

struct token_add {
	/* The request; the caller fills it. */
	struct registrar *registrar;
	char name[TOKEN_NAME_MAX + 1];
	enum token_scope scope;
	int64_t expires_in_s; /* 0: never */
	char actor[64];
	char source[IP_TEXT_MAX];
	void (*done)(struct token_add *add); /* on the store's thread */

	/* The answer. text, the token itself, is to be cleansed. */
	int result;
	struct reason why;
	char text[BEARER_TOKEN_LEN + 1];
	int64_t expires_at;

	/* The registrar's. */
	char id[BEARER_ID_LEN + 1];
	uint8_t secret_sha256[TOKEN_SHA256_LEN];
	int64_t created_at;
	struct store_job job;
};

/* Queues it: 0 when done will be called. -ERR_INVALID for a name that is not
 * 1 to TOKEN_NAME_MAX of A-Z a-z 0-9 . _ @ -. */
int registrar_token_add(struct token_add *add) NODISCARD;

/* Whose token it is. */
struct token_holder {
	char name[TOKEN_NAME_MAX + 1];
	enum token_scope scope;
};

/* Outcomes of registrar_token_judge(); each but TOKEN_LIMITED is recorded in
 * the audit log as admin.refused. */
enum token_verdict {
	TOKEN_WRONG = 1, /* malformed, unknown, removed, or another secret */
	TOKEN_EXPIRED,
	TOKEN_LIMITED, /* one of these, and the source has too many of them */
};

/* Judges a token that source shows, by one read of the store, so that one that
 * was removed ends at once. *out is written on success, and the use is noted.
 */
int registrar_token_judge(struct token_holder *out, struct registrar *registrar,
    struct store_reader *reader, const char *text,
    const struct ip_addr *source) NODISCARD;
/* The holder asked for what its scope does not cover: recorded, within the
 * source's limit. */
void registrar_token_overreached(struct registrar *registrar,
    const struct token_holder *holder, const struct ip_addr *source);

#endif
