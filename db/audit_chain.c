#include "db/audit_chain.h"

#include <string.h>

#include "base/ipc.h"

#define LABEL "estuary audit row 1"

void
audit_chain_read(struct audit_link *out, sqlite3_stmt *stmt)
{
	out->id = sql_int(stmt, 0);
	out->at = sql_int(stmt, 1);
	out->last_at = sql_int(stmt, 2);
	out->count = sql_int(stmt, 3);
	for (int i = 0; i < AUDIT_TEXTS; i++)
		out->texts[i] = sql_blob(stmt, 4 + i);
}

int
audit_chain_next(struct audit_head *head, const struct audit_link *row)
{
	struct buf b CLEANUP(buf_fini) = {0};
	int err;

	ipc_put_text(&b, LABEL);
	buf_add(&b, head->hash, sizeof(head->hash));
	ipc_put_u64(&b, (uint64_t)row->id);
	ipc_put_u64(&b, (uint64_t)row->at);
	ipc_put_u64(&b, (uint64_t)row->last_at);
	ipc_put_u64(&b, (uint64_t)row->count);
	for (size_t i = 0; i < AUDIT_TEXTS; i++)
		ipc_put_bytes(&b, row->texts[i]);
	err = buf_status(&b);
	if (err == 0)
		err = sha256(
		    head->hash, (struct bytes){(const uint8_t *)b.data, b.len});
	if (err == 0)
		head->id = row->id;
	return err;
}

int
audit_chain_head(struct audit_head *out, struct store_reader *reader)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(
	    reader, "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1");
	int err = stmt != NULL ? sql_row(reader, stmt) : -ERR_IO;
	struct bytes hash;

	*out = (struct audit_head){0};
	if (err <= 0)
		return err;
	hash = sql_blob(stmt, 1);
	if (hash.len != sizeof(out->hash))
		return -ERR_CORRUPT;
	out->id = sql_int(stmt, 0);
	memcpy(out->hash, hash.data, hash.len);
	return 0;
}
