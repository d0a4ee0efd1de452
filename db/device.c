#include "db/device.h"

#include <string.h>

#include "db/audit.h"
#include "db/sql.h"

static int
touch(struct store_txn *txn, const struct device *device, int64_t now)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "UPDATE device SET last_seen = ?3"
	    " WHERE manufacturer_id = ?1 AND serial_number = ?2");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, device->manufacturer_id);
	sql_bind_text(stmt, 2, device->serial_number);
	sql_bind_int(stmt, 3, now);
	return sql_run(&txn->conn, stmt);
}

/* Of one whose state is "seen", or, if any, of whatever it is. */
static int
put_idevid(
    struct store_txn *txn, int64_t id, const struct device *device, bool any)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "UPDATE device SET idevid = ?2, idevid_sha256 = ?3, masa_url = ?4,"
	    " mud_url = ?5 WHERE id = ?1 AND (?6 OR state = 'seen')");
	const struct bytes sha256 = {
	    device->idevid_sha256, sizeof(device->idevid_sha256)};

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, id);
	sql_bind_blob(stmt, 2, device->idevid);
	sql_bind_blob(stmt, 3, sha256);
	sql_bind_text(stmt, 4, device->masa_url);
	sql_bind_text(stmt, 5, device->mud_url);
	sql_bind_int(stmt, 6, any);
	return sql_run(&txn->conn, stmt);
}

static int
insert_seen(struct store_txn *txn, const struct device *device, int64_t now)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO device(manufacturer_id, serial_number, idevid,"
	    " idevid_sha256, masa_url, mud_url, state, verdict, first_seen,"
	    " last_seen) VALUES(?1, ?2, ?3, ?4, ?5, ?6, 'seen', '', ?7, ?7)");
	const struct bytes sha256 = {
	    device->idevid_sha256, sizeof(device->idevid_sha256)};

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, device->manufacturer_id);
	sql_bind_text(stmt, 2, device->serial_number);
	sql_bind_blob(stmt, 3, device->idevid);
	sql_bind_blob(stmt, 4, sha256);
	sql_bind_text(stmt, 5, device->masa_url);
	sql_bind_text(stmt, 6, device->mud_url);
	sql_bind_int(stmt, 7, now);
	return sql_run(&txn->conn, stmt);
}

static int
find_id(struct store_txn *txn, int64_t *id, const struct device *device)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "SELECT id FROM device"
	    " WHERE manufacturer_id = ?1 AND serial_number = ?2");
	int err = -ERR_IO;

	if (stmt == NULL)
		return err;
	sql_bind_int(stmt, 1, device->manufacturer_id);
	sql_bind_text(stmt, 2, device->serial_number);
	err = sql_row(&txn->conn, stmt);
	if (err <= 0)
		return err < 0 ? err : -ERR_NOT_FOUND;
	*id = sql_int(stmt, 0);
	return 0;
}

int
device_seen(struct store_txn *txn, int64_t *id, const struct device *device,
    int64_t now)
{
	struct device d = *device;
	int64_t found = 0;
	int err;

	d.masa_url = d.masa_url != NULL ? d.masa_url : "";
	d.mud_url = d.mud_url != NULL ? d.mud_url : "";
	err = touch(txn, &d, now);
	if (err == 0 && sqlite3_changes(txn->conn.db) == 0)
		err = insert_seen(txn, &d, now);
	if (err == 0)
		err = find_id(txn, &found, &d);
	if (err == 0)
		err = put_idevid(txn, found, &d, false);
	if (err == 0)
		*id = found;
	return err;
}

int
device_set_idevid(
    struct store_txn *txn, int64_t id, const struct device *device)
{
	int err = put_idevid(txn, id, device, true);

	return err == 0 && sqlite3_changes(txn->conn.db) == 0 ? -ERR_NOT_FOUND
							      : err;
}

static int
audit_state(struct store_txn *txn, int64_t id, const char *state,
    const char *verdict, int64_t now, const char *actor)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "SELECT m.name || ' ' || d.serial_number FROM device d"
	    " JOIN manufacturer m ON m.id = d.manufacturer_id WHERE d.id = ?1");
	struct audit_row row = {.actor = actor, .detail = verdict};
	char event[32];
	int err = -ERR_IO;

	if (stmt == NULL)
		return err;
	sql_bind_int(stmt, 1, id);
	err = sql_row(&txn->conn, stmt);
	if (err <= 0)
		return err < 0 ? err : -ERR_NOT_FOUND;
	sqlite3_snprintf((int)sizeof(event), event, "device.%s", state);
	row.event = event;
	row.subject = sql_text(stmt, 0);
	return audit_add(txn, now, &row);
}

int
device_set_state(struct store_txn *txn, int64_t id, const char *state,
    const char *verdict, int64_t now, const char *actor)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "UPDATE device SET state = ?2, verdict = ?3 WHERE id = ?1");
	const char *why = verdict != NULL ? verdict : "";
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, id);
	sql_bind_text(stmt, 2, state);
	sql_bind_text(stmt, 3, why);
	err = sql_run(&txn->conn, stmt);
	if (err == 0 && sqlite3_changes(txn->conn.db) == 0)
		err = -ERR_NOT_FOUND;
	return err == 0 ? audit_state(txn, id, state, why, now, actor) : err;
}

int
device_set_identity(struct store_txn *txn, int64_t id, int64_t identity_id)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "UPDATE device SET identity_id = nullif(?2, 0) WHERE id = ?1");
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, id);
	sql_bind_int(stmt, 2, identity_id);
	err = sql_run(&txn->conn, stmt);
	return err == 0 && sqlite3_changes(txn->conn.db) == 0 ? -ERR_NOT_FOUND
							      : err;
}

/* Of each kind by itself: a device that talks much cannot talk its own refusal
 * out of its record. */
static int
drop_old_events(struct store_txn *txn, int64_t id, const char *kind)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "DELETE FROM device_event WHERE device_id = ?1 AND kind = ?3"
	    " AND id <= (SELECT id FROM device_event WHERE device_id = ?1"
	    "  AND kind = ?3 ORDER BY id DESC LIMIT 1 OFFSET ?2)");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, id);
	sql_bind_int(stmt, 2, DEVICE_EVENTS_MAX);
	sql_bind_text(stmt, 3, kind);
	return sql_run(&txn->conn, stmt);
}

int
device_add_event(
    struct store_txn *txn, int64_t id, const struct device_event *event)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO device_event(device_id, at, kind, good, detail)"
	    " SELECT id, ?2, ?3, ?4, ?5 FROM device WHERE id = ?1");
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, id);
	sql_bind_int(stmt, 2, event->at);
	sql_bind_text(stmt, 3, event->kind);
	sql_bind_int(stmt, 4, event->good);
	sql_bind_text(stmt, 5, event->detail != NULL ? event->detail : "");
	err = sql_run(&txn->conn, stmt);
	if (err == 0 && sqlite3_changes(txn->conn.db) == 0)
		err = -ERR_NOT_FOUND;
	return err == 0 ? drop_old_events(txn, id, event->kind) : err;
}

#define DEVICE_SELECT                                                          \
	"SELECT d.id, d.manufacturer_id, m.name, d.serial_number, d.idevid,"   \
	" d.idevid_sha256, d.masa_url, d.mud_url, d.state, d.verdict,"         \
	" ifnull(d.identity_id, 0), d.first_seen, d.last_seen FROM device d"   \
	" JOIN manufacturer m ON m.id = d.manufacturer_id "

static int
each_device(struct store_reader *reader, sqlite3_stmt *stmt, device_fn each,
    void *arg, int64_t *n)
{
	int more, err = 0;

	while (err == 0 && (more = sql_row(reader, stmt)) != 0) {
		struct device d = {.id = sql_int(stmt, 0),
		    .manufacturer_id = sql_int(stmt, 1),
		    .manufacturer = sql_text(stmt, 2),
		    .serial_number = sql_text(stmt, 3),
		    .idevid = sql_blob(stmt, 4),
		    .masa_url = sql_text(stmt, 6),
		    .mud_url = sql_text(stmt, 7),
		    .state = sql_text(stmt, 8),
		    .verdict = sql_text(stmt, 9),
		    .identity_id = sql_int(stmt, 10),
		    .first_seen = sql_int(stmt, 11),
		    .last_seen = sql_int(stmt, 12)};
		struct bytes sha256 = sql_blob(stmt, 5);

		if (more < 0)
			return more;
		if (sha256.len != sizeof(d.idevid_sha256))
			return -ERR_CORRUPT;
		memcpy(d.idevid_sha256, sha256.data, sha256.len);
		(*n)++;
		err = each(arg, &d);
	}
	return err;
}

int
device_list(struct store_reader *reader, int64_t after, int64_t limit,
    device_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(
	    reader, DEVICE_SELECT "WHERE d.id > ?1 ORDER BY d.id LIMIT ?2");
	int64_t n = 0;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, after);
	sql_bind_int(stmt, 2, limit);
	return each_device(reader, stmt, each, arg, &n);
}

static int
one_device(
    struct store_reader *reader, sqlite3_stmt *stmt, device_fn each, void *arg)
{
	int64_t n = 0;
	int err = each_device(reader, stmt, each, arg, &n);

	return err == 0 && n == 0 ? -ERR_NOT_FOUND : err;
}

int
device_get(struct store_reader *reader, int64_t id, device_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(reader, DEVICE_SELECT "WHERE d.id = ?1");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, id);
	return one_device(reader, stmt, each, arg);
}

int
device_find(struct store_reader *reader, int64_t manufacturer_id,
    const char *serial_number, device_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(reader, DEVICE_SELECT "WHERE d.manufacturer_id = ?1"
					      " AND d.serial_number = ?2");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, manufacturer_id);
	sql_bind_text(stmt, 2, serial_number);
	return one_device(reader, stmt, each, arg);
}

int
device_of_identity(
    struct store_reader *reader, int64_t identity_id, device_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(reader, DEVICE_SELECT "WHERE d.identity_id = ?1"
					      " ORDER BY d.id LIMIT 1");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, identity_id);
	return one_device(reader, stmt, each, arg);
}

int
device_events(
    struct store_reader *reader, int64_t id, device_event_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(reader, "SELECT at, kind, good, detail"
				" FROM device_event WHERE device_id = ?1"
				" ORDER BY id");
	int more, err = 0;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, id);
	while (err == 0 && (more = sql_row(reader, stmt)) != 0) {
		const struct device_event event = {.at = sql_int(stmt, 0),
		    .kind = sql_text(stmt, 1),
		    .good = sql_int(stmt, 2) != 0,
		    .detail = sql_text(stmt, 3)};

		err = more < 0 ? more : each(arg, &event);
	}
	return err;
}
