#include "server/door.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "server/conn.h"
#include "server/crowd.h"
#include "server/turns.h"

#define TELL_EVERY_MS ((int64_t)60 * 1000)
/* Connections that wait for another worker's answer, each with a descriptor. */
#define ASKING_MAX 64

/* It goes from worker to worker until one gives it a place, and back home. */
struct newcomer {
	struct post post;
	struct worker *home, *at;
	enum listener_kind kind;
	int fd;
	struct sockaddr_storage address;
	size_t source;
	bool placed;
};

static struct conn *
conn_of_member(struct crowd_member *member)
{
	return CONTAINER_OF(member, struct conn, member);
}

static void
turn_away(struct worker *worker, int fd)
{
	worker->door.turned_away++;
	close(fd);
}

/* One that waits for its turn is as good as refused. */
static void
refuse_waiting(struct worker *worker, struct turn *turn)
{
	struct conn *conn = CONTAINER_OF(turn, struct conn, turn);

	worker->door.turned_away++;
	conn_kill(conn);
}

static void
give_way(struct worker *worker, struct crowd_member *member)
{
	struct conn *conn = conn_of_member(member);

	worker->door.gave_way++;
	memcpy(worker->door.last, conn->peer.text, sizeof(worker->door.last));
	log_debug("an idle connection gives way", "peer=%s", conn->peer.text);
	conn_kill(conn);
}

/* The source's oldest idle one leaves its place to another of that source. */
static bool
place_from_oldest(struct worker *worker, struct crowd *crowd, size_t source)
{
	struct crowd_member *oldest = crowd_oldest_of(crowd, source);

	if (oldest == NULL)
		return false;
	crowd_leave_place(crowd, oldest);
	give_way(worker, oldest);
	return true;
}

/* It has a place; the worker may be full nevertheless. */
static void
let_in(struct worker *worker, enum listener_kind kind, int fd,
    const struct sockaddr_storage *address, size_t source)
{
	struct crowd *crowd = worker->crowds[kind];
	struct turns *turns = worker->turns[kind];
	struct crowd_member *oldest;

	if (turns_is_full(turns))
		refuse_waiting(worker, turns_victim(turns));
	if (crowd_is_full(crowd)) {
		oldest = crowd_oldest_of_largest(crowd);
		if (oldest == NULL) {
			crowd_place_give(crowd_places(crowd), source);
			turn_away(worker, fd);
			return;
		}
		give_way(worker, oldest);
	}
	conn_accept(worker, fd, kind, (const struct sockaddr *)address, source);
}

/* --- other workers --- */

/* The next one that may help; home again when there is none. */
static struct worker *
next_to_ask(const struct newcomer *newcomer)
{
	struct worker *worker = engine_worker_after(newcomer->at);

	while (worker != newcomer->home &&
	       !crowd_may_have_idle(
		   worker->crowds[newcomer->kind], newcomer->source))
		worker = engine_worker_after(worker);
	return worker;
}

static void
newcomer_send(struct newcomer *newcomer, struct worker *to)
{
	newcomer->at = to;
	worker_post(to, &newcomer->post);
}

static void
newcomer_return(struct newcomer *newcomer)
{
	struct worker *home = newcomer->home;

	home->door.asking--;
	if (newcomer->placed)
		let_in(home, newcomer->kind, newcomer->fd, &newcomer->address,
		    newcomer->source);
	else
		turn_away(home, newcomer->fd);
	free(newcomer);
}

static void
newcomer_posted(struct post *post)
{
	struct newcomer *newcomer = CONTAINER_OF(post, struct newcomer, post);
	struct worker *at = newcomer->at;
	struct crowd *crowd = at->crowds[newcomer->kind];

	/* The engine stops, and home may be gone. */
	if (at->closed) {
		if (newcomer->placed)
			crowd_place_give(crowd_places(crowd), newcomer->source);
		close(newcomer->fd);
		free(newcomer);
	} else if (at == newcomer->home) {
		newcomer_return(newcomer);
	} else {
		newcomer->placed =
		    place_from_oldest(at, crowd, newcomer->source);
		newcomer_send(newcomer,
		    newcomer->placed ? newcomer->home : next_to_ask(newcomer));
	}
}

static void
ask_others(struct worker *worker, enum listener_kind kind, int fd,
    const struct sockaddr_storage *address, size_t source)
{
	struct newcomer asking = {.home = worker,
	    .at = worker,
	    .kind = kind,
	    .fd = fd,
	    .address = *address,
	    .source = source,
	    .post.run = newcomer_posted};
	struct worker *to = next_to_ask(&asking);
	struct newcomer *newcomer = NULL;

	if (to != worker && worker->door.asking < ASKING_MAX)
		newcomer = malloc(sizeof(*newcomer));
	if (newcomer == NULL) {
		turn_away(worker, fd);
		return;
	}
	*newcomer = asking;
	worker->door.asking++;
	newcomer_send(newcomer, to);
}

/* --- the door --- */

void
door_open(struct worker *worker, enum listener_kind kind, int fd,
    const struct sockaddr_storage *address)
{
	struct crowd *crowd = worker->crowds[kind];
	struct ip_addr ip;
	size_t source;

	if (crowd == NULL) { /* as many as may come */
		conn_accept(
		    worker, fd, kind, (const struct sockaddr *)address, 0);
		return;
	}
	if (ip_from_sockaddr(&ip, (const struct sockaddr *)address) != 0) {
		close(fd);
		return;
	}
	source = crowd_source_of(crowd_places(crowd), &ip);
	if (crowd_place_take(crowd_places(crowd), source) ||
	    place_from_oldest(worker, crowd, source))
		let_in(worker, kind, fd, address, source);
	else
		ask_others(worker, kind, fd, address, source);
}

static void
serve_one(struct worker *worker, struct turns *turns)
{
	struct turn *turn;

	while ((turn = turns_take(turns)) != NULL &&
	       !conn_begin(CONTAINER_OF(turn, struct conn, turn)))
		worker->door.turned_away++;
}

/* One of each kind of listener, before the worker looks at what else happened:
 * who is in the middle of something, and who comes from elsewhere, waits for no
 * more than that. */
void
door_serve(struct worker *worker)
{
	for (size_t kind = 0; kind < LISTENER_KINDS; kind++)
		if (worker->turns[kind] != NULL)
			serve_one(worker, worker->turns[kind]);
}

bool
door_is_busy(const struct worker *worker)
{
	for (size_t kind = 0; kind < LISTENER_KINDS; kind++)
		if (worker->turns[kind] != NULL &&
		    !turns_is_empty(worker->turns[kind]))
			return true;
	return false;
}

void
door_tell(struct worker *worker, int64_t now_ms)
{
	struct door *door = &worker->door;

	if (door->gave_way + door->turned_away == 0 ||
	    (door->told_ms != 0 && now_ms - door->told_ms < TELL_EVERY_MS))
		return;
	log_warn("too many connections", "gave_way=%zu refused=%zu last=%s",
	    door->gave_way, door->turned_away,
	    door->last[0] != '\0' ? door->last : "-");
	door->gave_way = door->turned_away = 0;
	door->last[0] = '\0';
	door->told_ms = now_ms;
}
