/* estuary-load: the loader of scripts/bench. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/onboarding.h"
#include "tests/bench/load_options.h"

#define EXIT_ERRORS 1
#define EXIT_USAGE 2
#define PASSWORD_FILE_MAX 4096

/* Who the loader is, with its own copies. */
struct credential {
	char identity[SPAKE2P_PASSWORD_MAX + 1];
	char password[SPAKE2P_PASSWORD_MAX + 1];
	bool known;
};

static int
read_line(char *out, size_t size, const char *path, struct reason *why)
{
	struct blob content = {0};
	int err = file_read(&content, path, PASSWORD_FILE_MAX);
	size_t len;

	if (err != 0)
		return reason_set(why, err, "%s: %s", path, err_text(err));
	len = strcspn((const char *)content.data, "\n");
	if (len > 0 && len < size) {
		memcpy(out, content.data, len);
		out[len] = '\0';
	} else {
		err = reason_set(why, -ERR_INVALID, "%s: no line of 1 to %zu",
		    path, size - 1);
	}
	blob_wipe(&content);
	return err;
}

static int
read_credential(struct credential *out, const struct load_options *options,
    struct reason *why)
{
	struct onboarding_code code;
	char text[CODE_URI_MAX];
	int err;

	if (options->code_file != NULL) {
		err = read_line(text, sizeof(text), options->code_file, why);
		if (err == 0)
			err = code_parse(&code, text, why);
		if (err != 0)
			return err;
		strcpy(out->identity, code.identity);
		strcpy(out->password, code.secret);
		out->known = true;
		return 0;
	}
	if (options->identity == NULL || options->password_file == NULL)
		return 0;
	if (strlen(options->identity) >= sizeof(out->identity))
		return reason_set(why, -ERR_TOO_LARGE, "--identity: too long");
	strcpy(out->identity, options->identity);
	out->known = true;
	return read_line(
	    out->password, sizeof(out->password), options->password_file, why);
}

/* The registration's scrypt is done once, for all connections. */
static int
prepare_pake(struct load_target *target, const struct credential *who,
    struct reason *why)
{
	struct bytes password = {
	    (const uint8_t *)who->password, strlen(who->password)};
	int err = spake2p_register(
	    NULL, &target->secret, password, who->identity, target->name);

	if (err != 0)
		return reason_set(why, err, "password: %s", err_text(err));
	target->identity = who->identity;
	target->password = who->password;
	return 0;
}

/* Each thread has CSRs of its own, and at least one. */
static int
prepare_requests(struct load_worker *worker, const struct load_options *options,
    const struct credential *who, struct reason *why)
{
	size_t n = options->csrs / options->threads;
	bool basic = who->known && !options->pake;

	if (!options->enroll)
		return load_requests_get(
		    &worker->requests, options->name, options->path, why);
	if (n == 0)
		n = 1;
	return load_requests_enroll(&worker->requests,
	    &(struct load_enroll){.first = options->first + worker->index * n,
		.n = n,
		.host = options->name,
		.path = options->path,
		.domain = options->domain,
		.name = options->csr_name,
		.identity = basic ? who->identity : NULL,
		.password = who->password},
	    why);
}

static void
fini_workers(struct load_worker *workers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		load_requests_fini(&workers[i].requests);
		load_context_free(workers[i].context);
	}
	free(workers);
}

static int
make_workers(struct load_worker **out, struct load_run *run,
    const struct load_options *options, const struct credential *who,
    struct reason *why)
{
	size_t n = options->idle > 0 ? 1 : options->threads;
	struct load_worker *workers = calloc(n, sizeof(*workers));
	int err = 0;

	if (workers == NULL) {
		reason_set(why, -ERR_NOMEM, "%s", err_text(ERR_NOMEM));
		return -ERR_NOMEM;
	}
	for (size_t i = 0; i < n && err == 0; i++) {
		workers[i].run = run;
		workers[i].index = i;
		err = load_context_new(&workers[i].context, &run->target, why);
		if (err == 0)
			err = prepare_requests(&workers[i], options, who, why);
	}
	if (err == 0)
		*out = workers;
	else
		fini_workers(workers, n);
	return err;
}

static int64_t
cpu_us(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (int64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) *
		   1000000 +
	       used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

struct outcome {
	int64_t wall_us, cpu_us;
	struct tally tally;
};

static int
run_workers(struct outcome *out, struct load_run *run,
    struct load_worker *workers, size_t n, struct reason *why)
{
	int64_t cpu_begin_us;

	pthread_barrier_init(&run->ready, NULL, (unsigned)n + 1);
	for (size_t i = 0; i < n; i++)
		if (pthread_create(&workers[i].thread, NULL, load_worker_main,
			&workers[i]) != 0)
			return reason_set(
			    why, -ERR_NOMEM, "not so many threads");
	pthread_barrier_wait(&run->ready);
	run->begin_us = load_now_us();
	cpu_begin_us = cpu_us();
	pthread_barrier_wait(&run->ready);
	for (size_t i = 0; i < n; i++)
		pthread_join(workers[i].thread, NULL);
	out->wall_us = load_now_us() - run->begin_us;
	out->cpu_us = cpu_us() - cpu_begin_us;
	for (size_t i = 0; i < n; i++)
		tally_merge(&out->tally, &workers[i].tally);
	pthread_barrier_destroy(&run->ready);
	return 0;
}

static uint64_t
n_errors(const struct tally *tally)
{
	uint64_t n = 0;

	for (size_t i = LOAD_OK + 1; i < LOAD_OUTCOMES; i++)
		n += tally->outcomes[i];
	return n;
}

static json_t *
outcome_json(const struct outcome *o, const struct load_run *run, bool timeline)
{
	const struct tally *tally = &o->tally;
	uint64_t ok = tally->outcomes[LOAD_OK];
	uint64_t all = ok + n_errors(tally);
	json_t *json = json_pack("{sI sI so sI sI sf sf sf so sI}", "requests",
	    (json_int_t)ok, "n_errors", (json_int_t)n_errors(tally), "errors",
	    tally_errors_json(tally), "retry_after",
	    (json_int_t)tally->retry_after, "connections",
	    (json_int_t)tally->connections, "seconds", (double)o->wall_us / 1e6,
	    "rate", (double)ok * 1e6 / (double)o->wall_us, "loader_cpu_us",
	    all > 0 ? (double)o->cpu_us / (double)all : 0.0, "latency_us",
	    latency_json(&tally->latency), "behind_us",
	    (json_int_t)tally->behind_us);

	if (tally->first_error.text[0] != '\0')
		json_object_set_new(
		    json, "first_error", json_string(tally->first_error.text));
	if (timeline)
		json_object_set_new(
		    json, "timeline", timeline_json(&run->timeline));
	return json;
}

static void
print_text(const struct outcome *o)
{
	const struct tally *tally = &o->tally;
	const struct latency *latency = &tally->latency;
	uint64_t ok = tally->outcomes[LOAD_OK];

	printf("%llu requests, %llu errors in %.2f s: %.1f/s, p50 %lld us, "
	       "p95 %lld us, p99 %lld us, max %lld us\n",
	    (unsigned long long)ok, (unsigned long long)n_errors(tally),
	    (double)o->wall_us / 1e6, (double)ok * 1e6 / (double)o->wall_us,
	    (long long)latency_quantile(latency, 0.5),
	    (long long)latency_quantile(latency, 0.95),
	    (long long)latency_quantile(latency, 0.99),
	    (long long)latency->max_us);
	if (tally->first_error.text[0] != '\0')
		printf("the first error of a thread: %s\n",
		    tally->first_error.text);
}

static int
print_outcome(const struct outcome *o, const struct load_run *run,
    const struct load_options *options)
{
	if (options->json) {
		json_t *json = outcome_json(o, run, options->timeline);

		json_dumpf(
		    json, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
		putchar('\n');
		json_decref(json);
	} else {
		print_text(o);
	}
	return n_errors(&o->tally) == 0 && o->tally.outcomes[LOAD_OK] > 0
		   ? EXIT_SUCCESS
		   : EXIT_ERRORS;
}

static enum load_outcome
open_idle(struct load_conn **out, struct load_worker *worker, size_t index,
    struct reason *why)
{
	struct load_answer answer;
	enum load_outcome outcome =
	    load_conn_open(out, worker->context, index, why);

	if (outcome != LOAD_OK || !worker->run->keep_alive)
		return outcome;
	outcome = load_conn_ask(&answer, *out,
	    blob_bytes(&worker->requests.items[index % worker->requests.n]),
	    why);
	return outcome == LOAD_OK
		   ? load_judge(&answer, worker->requests.enroll, why)
		   : outcome;
}

/* Holds connections until standard input ends. */
static int
hold(struct load_worker *worker, const struct load_options *options)
{
	struct load_conn **conns =
	    calloc(options->idle, sizeof(struct load_conn *));
	size_t n_good = 0, n_open = 0;
	struct reason why = {""};
	char byte;

	if (conns == NULL)
		return EXIT_ERRORS;
	for (size_t i = 0; i < options->idle; i++)
		n_good += open_idle(&conns[i], worker, i, &why) == LOAD_OK;
	printf("holding %zu\n", n_good);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	for (size_t i = 0; i < options->idle; i++) {
		n_open += conns[i] != NULL && load_conn_is_open(conns[i]);
		load_conn_close(conns[i]);
	}
	free(conns);
	printf("%zu were still open\n", n_open);
	if (why.text[0] != '\0')
		printf("an error: %s\n", why.text);
	return n_open == options->idle ? EXIT_SUCCESS : EXIT_ERRORS;
}

static int
load(struct load_run *run, const struct load_options *options,
    const struct credential *who, struct reason *why)
{
	struct load_worker *workers = NULL;
	struct outcome outcome = {0};
	int err = make_workers(&workers, run, options, who, why);
	int status = EXIT_ERRORS;

	if (err != 0)
		return err;
	if (options->idle > 0) {
		status = hold(workers, options);
		fini_workers(workers, 1);
		return status;
	}
	err = run_workers(&outcome, run, workers, options->threads, why);
	if (err == 0)
		status = print_outcome(&outcome, run, options);
	fini_workers(workers, options->threads);
	return err != 0 ? err : status;
}

static int
prepare(struct load_run *run, struct credential *who,
    const struct load_options *options, struct reason *why)
{
	int err = load_options_target(&run->target, options, why);

	if (err == 0)
		err = read_credential(who, options, why);
	if (err == 0 && options->pake)
		err = prepare_pake(&run->target, who, why);
	if (err == 0 && options->timeline)
		err =
		    timeline_init(&run->timeline, (size_t)options->seconds + 2);
	run->keep_alive = options->keep_alive;
	run->duration_us = (int64_t)(options->seconds * 1e6);
	run->rate = options->rate;
	return err;
}

/* As many descriptors as the system lets us have. */
static void
raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int
main(int argc, char **argv)
{
	static struct load_run run;
	struct load_options options;
	struct credential who = {0};
	struct reason why = {""};
	bool help;
	int result = load_options_parse(&options, &help, argc, argv, &why);

	if (result != 0) {
		fprintf(stderr, "estuary-load: %s\n", why.text);
		return EXIT_USAGE;
	}
	if (help) {
		fputs(load_usage, stdout);
		return EXIT_SUCCESS;
	}
	signal(SIGPIPE, SIG_IGN);
	raise_limits();
	result = prepare(&run, &who, &options, &why);
	if (result == 0)
		result = load(&run, &options, &who, &why);
	timeline_fini(&run.timeline);
	if (result < 0) {
		fprintf(stderr, "estuary-load: %s\n", why.text);
		return EXIT_ERRORS;
	}
	return result;
}
