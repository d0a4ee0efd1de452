/* Administrators' tokens: what is known of them; never the token itself. */
#ifndef DB_TOKEN_H
#define DB_TOKEN_H

#include <stdint.h>

#include "db/store.h"

/* Each may do what those before it may. */
enum token_scope {
	TOKEN_READ = 1, /* every GET that shows no secret */
	TOKEN_OPERATE,  /* identities and DNS servers, day to day */
	TOKEN_ADMIN,    /* everything, tokens too */
};

/* "read", "operate", "admin"; NULL for another value. */
const char *token_scope_name(enum token_scope scope);
int token_scope_parse(enum token_scope *out, const char *name) NODISCARD;

#define TOKEN_NEVER 0 /* expires_at, last_used_at */
#define TOKEN_SHA256_LEN 32
#define TOKEN_USED_EVERY_S 60 /* how exact last_used_at is */

struct token {
	int64_t id; /* never given again; ignored when added */
	/* What the token's text names it by. */
	const char *token_id;
	const char *name; /* unique */
	/* The secret has 256 random bits: nothing can be guessed from a plain
	 * hash of it, so there is neither salt nor stretching. */
	uint8_t secret_sha256[TOKEN_SHA256_LEN];
	enum token_scope scope;
	int64_t created_at;
	const char *created_by;
	int64_t expires_at;   /* TOKEN_NEVER */
	int64_t last_used_at; /* TOKEN_NEVER: not yet */
};

/* Adds it with an audit row. -ERR_EXISTS if the name is taken. */
int token_add(struct store_txn *txn, const struct token *token) NODISCARD;
/* With an audit row. -ERR_NOT_FOUND. */
int token_remove(struct store_txn *txn, const char *name, int64_t now,
    const char *actor) NODISCARD;
/* It was used at now: written unless that is on record within
 * TOKEN_USED_EVERY_S, or it was removed. */
int token_note_use(struct store_txn *txn, int64_t id, int64_t now) NODISCARD;

typedef int (*token_fn)(void *arg, const struct token *token);

/* In the order of their making. */
int token_list(struct store_reader *reader, token_fn each, void *arg) NODISCARD;
/* Calls each once, or returns -ERR_NOT_FOUND. */
int token_get(struct store_reader *reader, const char *token_id, token_fn each,
    void *arg) NODISCARD;

#endif
