/* What it costs to work with a store of some size: CPU time of each operation,
 * as JSON, to be compared with that of a store of another size. */
#include "tests/bench/store_cost.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/random.h"
#include "base/str.h"
#include "ca/serial.h"
#include "ca/signer_process.h"
#include "db/audit.h"
#include "db/audit_verify.h"
#include "db/dns_server.h"
#include "db/identity.h"

#define PAGE 100 /* of a list, as estuaryctl asks for it */

static const char usage_text[] =
    "usage: store_cost --state DIR [--only NAME] [--count N] "
    "[--random]\n"
    "\n"
    "Works with the store of an appliance that is stopped, and prints what\n"
    "each operation took, in microseconds of CPU time. It adds certificates.\n"
    "\n"
    "  --only NAME   just that one\n"
    "  --count N     so many of each (4096); of whole lists 1/64\n"
    "  --random      the added ones' serial numbers are random from end to "
    "end\n";

static int
parse_options(struct cost *cost, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"state", required_argument, NULL, 's'},
	    {"only", required_argument, NULL, 'o'},
	    {"count", required_argument, NULL, 'n'},
	    {"random", no_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
	int c, err = 0;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 's')
			cost->dir = optarg;
		else if (c == 'o')
			cost->only = optarg;
		else if (c == 'n')
			err = parse_number(&cost->count, optarg, INT32_MAX);
		else if (c == 'r')
			cost->random = true;
		else
			return -ERR_INVALID;
	}
	return optind == argc && cost->dir != NULL && cost->count > 0
		   ? err
		   : -ERR_INVALID;
}

int64_t
cost_random_below(int64_t n)
{
	uint64_t value;

	random_bytes(&value, sizeof(value));
	return (int64_t)(value % (uint64_t)(n > 0 ? n : 1));
}

const struct cost_known *
cost_any(const struct cost *cost)
{
	return &cost->known[cost_random_below((int64_t)cost->n_known)];
}

double
cost_cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* --- what is in it --- */

static int
take_known(void *arg, const struct certificate *row)
{
	struct cost *cost = arg;
	struct cost_known *known = &cost->known[cost->n_known];

	if (row->identity_id == 0)
		return 0;
	known->identity_id = row->identity_id;
	cost->n_known++;
	return str_format(
	    known->serial, sizeof(known->serial), "%s", row->serial);
}

static int
take_audit(void *arg, const struct audit_row *row)
{
	struct cost *cost = arg;

	cost->since = row->last_at;
	return 0;
}

static int
believe(void *arg, const struct audit_checkpoint *row, struct reason *why)
{
	(void)arg;
	(void)row;
	(void)why;
	return 0;
}

static int
survey(struct cost *cost)
{
	struct store_reader *reader = cost->reader;
	const struct audit_verification tail = {
	    .tail_only = true, .check_signature = believe};
	struct audit_report report;
	int err = certificate_count(reader, &cost->n_certificates);

	for (size_t i = 0; i < COST_KNOWN_MAX && err == 0; i++)
		err = certificate_list(reader,
		    2 + cost_random_below(cost->n_certificates), 1, take_known,
		    cost);
	if (err == 0)
		err = audit_verify(&report, reader, &tail);
	if (err != 0)
		return err;
	cost->last_audit = report.last_id;
	err =
	    audit_list(reader, 0, cost->last_audit - PAGE, 1, take_audit, cost);
	return err == 0 && cost->n_known == 0 ? -ERR_NOT_FOUND : err;
}

/* --- lookups --- */

static int
ignore_certificate(void *arg, const struct certificate *row)
{
	*(int64_t *)arg += row->identity_id;
	return 0;
}

static int
ignore_identity(void *arg, const struct identity *row)
{
	*(int64_t *)arg += row->id;
	return 0;
}

static int
ignore_audit(void *arg, const struct audit_row *row)
{
	*(int64_t *)arg += row->id;
	return 0;
}

static int
ignore_server(void *arg, const struct dns_server *row)
{
	*(int64_t *)arg += row->id;
	return 0;
}

static int
by_serial(struct cost *cost, int64_t *sum)
{
	return certificate_get(
	    cost->reader, cost_any(cost)->serial, ignore_certificate, sum);
}

static int
by_unknown_serial(struct cost *cost, int64_t *sum)
{
	uint8_t octets[SERIAL_OCTETS];
	char serial[2 * SERIAL_OCTETS + 1];
	int err;

	random_bytes(octets, sizeof(octets));
	hex_encode(serial, (struct bytes){octets, sizeof(octets)});
	err = certificate_get(cost->reader, serial, ignore_certificate, sum);
	return err == -ERR_NOT_FOUND ? 0 : err;
}

/* Who asks with a client certificate. */
static int
reenroll(struct cost *cost, int64_t *sum)
{
	const struct cost_known *known = cost_any(cost);
	int err = certificate_get(
	    cost->reader, known->serial, ignore_certificate, sum);

	return err == 0 ? identity_get(cost->reader, known->identity_id,
			      ignore_identity, sum)
			: err;
}

static int
by_identity(struct cost *cost, int64_t *sum)
{
	char name[SAMPLE_NAME_MAX];

	sample_identity(name, cost_any(cost)->identity_id - 1);
	return identity_get_by_wire_name(
	    cost->reader, name, ignore_identity, sum);
}

static int
published(struct cost *cost, int64_t *sum)
{
	return dns_server_published(
	    cost->reader, NULL, time(NULL), ignore_server, sum);
}

static int
count_certificates(struct cost *cost, int64_t *sum)
{
	return certificate_count(cost->reader, sum);
}

static int
first_page(struct cost *cost, int64_t *sum)
{
	return certificate_list(cost->reader, 0, PAGE, ignore_certificate, sum);
}

static int
deep_page(struct cost *cost, int64_t *sum)
{
	return certificate_list(cost->reader,
	    PAGE + cost_random_below(cost->n_certificates), PAGE,
	    ignore_certificate, sum);
}

static int
audit_page(struct cost *cost, int64_t *sum)
{
	return audit_list(cost->reader, 0,
	    cost_random_below(cost->last_audit - PAGE), PAGE, ignore_audit,
	    sum);
}

static int
audit_since(struct cost *cost, int64_t *sum)
{
	return audit_list(
	    cost->reader, cost->since, 0, PAGE, ignore_audit, sum);
}

struct lookup {
	const char *name;
	int (*run)(struct cost *cost, int64_t *sum);
	int64_t per; /* one is done for so many of --count */
};

static const struct lookup lookups[] = {
    {"certificate-by-serial", by_serial, 1},
    {"certificate-by-unknown-serial", by_unknown_serial, 1},
    {"reenroll", reenroll, 1},
    {"identity-by-name", by_identity, 1},
    {"eecerts", published, 1},
    {"certificate-count", count_certificates, 1},
    {"certificates-first-page", first_page, 8},
    {"certificates-deep-page", deep_page, 8},
    {"audit-page", audit_page, 8},
    {"audit-since", audit_since, 64},
};

static int
look_up(double *us, struct cost *cost, const struct lookup *lookup)
{
	int64_t n = cost->count / lookup->per + 1;
	int64_t sum = 0;
	double begin;
	int err = 0;

	/* The first ones bring the pages in. */
	for (int64_t i = 0; i < n / 4 && err == 0; i++)
		err = lookup->run(cost, &sum);
	begin = cost_cpu_us();
	for (int64_t i = 0; i < n && err == 0; i++)
		err = lookup->run(cost, &sum);
	*us = (cost_cpu_us() - begin) / (double)n;
	return err;
}

/* --- all of it --- */

static bool
is_wanted(const struct cost *cost, const char *name)
{
	return cost->only == NULL || strcmp(cost->only, name) == 0;
}

static int
measure(struct cost *cost)
{
	static const size_t batches[] = {1, 8, 32};
	double us;
	int err = 0;

	printf("{\"certificates\": %lld, \"cpu_us\": {",
	    (long long)cost->n_certificates);
	for (size_t i = 0; i < ARRAY_LEN(lookups) && err == 0; i++) {
		if (!is_wanted(cost, lookups[i].name))
			continue;
		err = look_up(&us, cost, &lookups[i]);
		if (err == 0)
			printf("\"%s\": %.1f, ", lookups[i].name, us);
	}
	for (size_t i = 0; i < ARRAY_LEN(batches) && err == 0; i++) {
		char name[32];

		snprintf(name, sizeof(name), "enroll-%zu", batches[i]);
		if (!is_wanted(cost, name))
			continue;
		err = cost_enroll(&us, cost, batches[i], cost->count);
		if (err == 0)
			printf("\"%s\": %.1f, ", name, us);
	}
	printf("\"end\": 0}}\n");
	return err;
}

int
main(int argc, char **argv)
{
	struct cost *cost = calloc(1, sizeof(*cost));
	struct reason why = {""};
	int err;

	if (signer_is_called(argc, argv))
		return signer_main(argv);
	if (cost == NULL)
		return 1;
	cost->count = 4096;
	if (parse_options(cost, argc, argv) != 0) {
		fputs(usage_text, stderr);
		free(cost);
		return 2;
	}
	err = bench_open(&cost->bench, cost->dir, &why);
	if (err == 0)
		err = sample_init(&cost->sample, cost->bench.signer, &why);
	if (err == 0)
		err = store_reader_open(&cost->reader, cost->bench.store);
	if (err == 0)
		err = survey(cost);
	if (err == 0)
		err = measure(cost);
	store_reader_close(cost->reader);
	bench_close(&cost->bench);
	sample_fini(&cost->sample);
	free(cost);
	if (err != 0)
		fprintf(stderr, "store_cost: %s\n",
		    why.text[0] != '\0' ? why.text : err_text(err));
	return err == 0 ? 0 : 1;
}
