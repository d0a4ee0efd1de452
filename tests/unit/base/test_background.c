#include "tests/unit/cmocka.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "base/background.h"
#include "base/util.h"

#define N_TASKS 8

/* A task that says that it runs, and then waits until it may end. */
struct gate {
	struct background_task task;
	sem_t entered, leave;
};

static void
gate_run(struct background_task *task)
{
	struct gate *gate = CONTAINER_OF(task, struct gate, task);

	sem_post(&gate->entered);
	sem_wait(&gate->leave);
}

static void
gate_close(struct gate *gate, struct background *background)
{
	gate->task = (struct background_task){.run = gate_run};
	sem_init(&gate->entered, 0, 0);
	sem_init(&gate->leave, 0, 0);
	assert_int_equal(0, background_submit(background, &gate->task));
	sem_wait(&gate->entered);
}

struct counted {
	struct background_task task;
	int *clock;
	int ran_as; /* 0: not */
};

static void
counted_run(struct background_task *task)
{
	struct counted *counted = CONTAINER_OF(task, struct counted, task);

	counted->ran_as = ++*counted->clock;
}

static void
test_order_bound_and_stop(void **state)
{
	struct counted tasks[N_TASKS], more = {.ran_as = 0};
	struct background *background;
	struct gate gate;
	int clock = 0;

	(void)state;
	more.task.run = counted_run;
	more.clock = &clock;
	assert_int_equal(0, background_start(&background, N_TASKS));
	gate_close(&gate, background);
	for (int i = 0; i < N_TASKS; i++) {
		tasks[i] = (struct counted){
		    .task = {.run = counted_run}, .clock = &clock};
		assert_int_equal(
		    0, background_submit(background, &tasks[i].task));
	}
	/* The one that runs is not in the queue; the queue is full. */
	assert_int_equal(-ERR_BUSY, background_submit(background, &more.task));
	sem_post(&gate.leave);
	/* What is queued is finished, in order. */
	background_stop(background);
	for (int i = 0; i < N_TASKS; i++)
		assert_int_equal(i + 1, tasks[i].ran_as);
	assert_int_equal(0, more.ran_as);
	sem_destroy(&gate.entered);
	sem_destroy(&gate.leave);
}

static void
test_room_again_after_busy(void **state)
{
	struct background *background;
	struct counted first = {.ran_as = 0}, second = {.ran_as = 0};
	struct gate gate, gate2;
	int clock = 0;

	(void)state;
	first.task.run = second.task.run = counted_run;
	first.clock = second.clock = &clock;
	assert_int_equal(0, background_start(&background, 1));
	gate_close(&gate, background);
	assert_int_equal(0, background_submit(background, &first.task));
	assert_int_equal(
	    -ERR_BUSY, background_submit(background, &second.task));
	sem_post(&gate.leave);
	do {
		gate2.task = (struct background_task){.run = gate_run};
		sem_init(&gate2.entered, 0, 0);
		sem_init(&gate2.leave, 0, 1);
	} while (background_submit(background, &gate2.task) == -ERR_BUSY);
	sem_wait(&gate2.entered);
	assert_int_equal(1, first.ran_as);
	assert_int_equal(0, background_submit(background, &second.task));
	background_stop(background);
	assert_int_equal(2, second.ran_as);
	sem_destroy(&gate.entered);
	sem_destroy(&gate.leave);
	sem_destroy(&gate2.entered);
	sem_destroy(&gate2.leave);
}

/* A task that submits another until the answer is not "busy" any more. */
struct late {
	struct background_task task;
	struct background *background;
	struct counted *other;
	sem_t entered, leave, asked;
	int answer;
	bool stopping_before, stopping_after;
};

static void
late_run(struct background_task *task)
{
	struct late *late = CONTAINER_OF(task, struct late, task);

	sem_post(&late->entered);
	sem_wait(&late->leave);
	late->stopping_before = background_is_stopping(late->background);
	sem_post(&late->asked);
	do {
		late->answer =
		    background_submit(late->background, &late->other->task);
	} while (late->answer == -ERR_BUSY);
	late->stopping_after = background_is_stopping(late->background);
}

/* The queue of one is full, and nothing leaves it while the task runs: only the
 * stop can end its loop. */
static void
test_submission_while_stopping_refused(void **state)
{
	struct background *background;
	struct late late = {.task = {.run = late_run}};
	struct counted queued = {.ran_as = 0}, other = {.ran_as = 0};
	int clock = 0;

	(void)state;
	queued.task.run = other.task.run = counted_run;
	queued.clock = other.clock = &clock;
	assert_int_equal(0, background_start(&background, 1));
	late.background = background;
	late.other = &other;
	sem_init(&late.entered, 0, 0);
	sem_init(&late.leave, 0, 0);
	sem_init(&late.asked, 0, 0);
	assert_int_equal(0, background_submit(background, &late.task));
	sem_wait(&late.entered);
	assert_int_equal(0, background_submit(background, &queued.task));
	sem_post(&late.leave);
	sem_wait(&late.asked);
	background_stop(background);
	assert_false(late.stopping_before);
	assert_true(late.stopping_after);
	assert_int_equal(-ERR_CLOSED, late.answer);
	assert_int_equal(1, queued.ran_as);
	assert_int_equal(0, other.ran_as);
	sem_destroy(&late.entered);
	sem_destroy(&late.leave);
	sem_destroy(&late.asked);
}

static void
test_stop_of_nothing(void **state)
{
	struct background *background;

	(void)state;
	background_stop(NULL);
	assert_int_equal(0, background_start(&background, 1));
	background_stop(background);
}

#define N_THREADS 4
#define N_EACH 200

struct flood {
	struct background *background;
	struct counted tasks[N_EACH];
	int clock;
};

static atomic_int flood_ran;

static void
flood_run(struct background_task *task)
{
	(void)task;
	atomic_fetch_add(&flood_ran, 1);
}

static void *
flood_main(void *arg)
{
	struct flood *flood = arg;

	for (int i = 0; i < N_EACH; i++) {
		flood->tasks[i].task.run = flood_run;
		while (background_submit(flood->background,
			   &flood->tasks[i].task) == -ERR_BUSY)
			;
	}
	return NULL;
}

static void
test_every_accepted_task_runs_once(void **state)
{
	struct background *background;
	static struct flood floods[N_THREADS];
	pthread_t threads[N_THREADS];

	(void)state;
	assert_int_equal(0, background_start(&background, 16));
	for (int i = 0; i < N_THREADS; i++) {
		floods[i].background = background;
		assert_int_equal(0,
		    pthread_create(&threads[i], NULL, flood_main, &floods[i]));
	}
	for (int i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	background_stop(background);
	assert_int_equal(N_THREADS * N_EACH, atomic_load(&flood_ran));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order_bound_and_stop),
	    cmocka_unit_test(test_room_again_after_busy),
	    cmocka_unit_test(test_submission_while_stopping_refused),
	    cmocka_unit_test(test_stop_of_nothing),
	    cmocka_unit_test(test_every_accepted_task_runs_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
