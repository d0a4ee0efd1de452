/* Fills the store of an appliance that does not run with as many certificates
 * as a year would bring, and their audit rows and checkpoints. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <fcntl.h>

#include "base/log.h"
#include "base/random.h"
#include "base/sha256.h"
#include "base/str.h"
#include "ca/issue_log.h"
#include "ca/serial.h"
#include "ca/signer_process.h"
#include "db/identity.h"
#include "registrar/auditor.h"
#include "tests/bench/sample.h"

/* Rows of one transaction: each brings a checkpoint, of which the signer gives
 * 600 at once. */
#define BATCH 2500
#define YEAR_S (365 * 86400)
#define LINE_MAX_BYTES 512
#define NUMBER_MAX 100000000

static const char usage_text[] =
    "usage: fill_store --state DIR [--certificates N] [--identities N] "
    "[--random]\n"
    "\n"
    "Adds certificates, issued over the past year, to the store of an\n"
    "appliance that was started once and is stopped.\n"
    "\n"
    "  --random   with serial numbers that are random from end to end, as in\n"
    "             stores of earlier versions and in imports\n";

struct fill {
	struct bench_state bench;
	struct sample sample;
	const char *dir;
	int64_t n_certificates, n_identities;
	bool random;
	int64_t now;
	int log_fd; /* ca/issued.log */

	/* The transaction at hand. */
	struct store_job job;
	int64_t from, to;
	struct buf lines;
};

static int
parse_options(struct fill *fill, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"state", required_argument, NULL, 's'},
	    {"certificates", required_argument, NULL, 'c'},
	    {"identities", required_argument, NULL, 'i'},
	    {"random", no_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
	int c, err = 0;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 's')
			fill->dir = optarg;
		else if (c == 'c')
			err = err != 0 ? err
				       : parse_number(&fill->n_certificates,
					     optarg, NUMBER_MAX);
		else if (c == 'i')
			err = err != 0 ? err
				       : parse_number(&fill->n_identities,
					     optarg, NUMBER_MAX);
		else if (c == 'r')
			fill->random = true;
		else
			return -ERR_INVALID;
	}
	return optind == argc && fill->dir != NULL ? err : -ERR_INVALID;
}

/* --- identities --- */

static int
add_identity(struct store_txn *txn, int64_t i, int64_t now)
{
	char name[SAMPLE_NAME_MAX];
	const struct identity identity = {.wire_name = name,
	    .name = name,
	    .kind = "password",
	    .profile = "endpoint",
	    .allow_names = "",
	    .created_at = now - YEAR_S,
	    .expires_at = IDENTITY_NEVER,
	    .uses_left = IDENTITY_UNLIMITED,
	    .guesses_max = 10,
	    .basic = true};
	struct verifier record;
	int err;

	sample_identity(name, i);
	random_bytes(&record, sizeof(record));
	err = identity_add(txn, &identity, &record, "uid 0");
	return err == -ERR_EXISTS ? 0 : err; /* of an earlier filling */
}

static int
identities_run(struct store_job *job, struct store_txn *txn)
{
	struct fill *fill = CONTAINER_OF(job, struct fill, job);
	int err = 0;

	for (int64_t i = fill->from; i < fill->to && err == 0; i++)
		err = add_identity(txn, i, fill->now);
	return err;
}

/* --- certificates --- */

/* The signer's line, as ca/issue_log.h has it. */
static void
add_line(struct buf *out, const struct certificate *row)
{
	char when[RFC3339_LEN], hex[2 * SHA256_LEN + 1];
	uint8_t digest[SHA256_LEN];

	cert_sha256(digest, row->der);
	hex_encode(hex, (struct bytes){digest, sizeof(digest)});
	rfc3339_format(when, row->issued_at);
	buf_printf(out, "%s serial=%s profile=%s sha256=%s subject=\"%s\"\n",
	    when, row->serial, row->profile, hex, row->subject);
}

static int
add_certificate(struct fill *fill, struct store_txn *txn, int64_t i)
{
	int64_t owner = fill->n_identities > 0 ? i % fill->n_identities : i;
	/* Spread over the year that ends an hour ago: the signer's budget of
	 * the last hour stays whole. */
	int64_t at =
	    fill->now - 3600 - YEAR_S +
	    (int64_t)((double)i * YEAR_S / (double)fill->n_certificates);
	struct sample_cert cert;
	char actor[SAMPLE_NAME_MAX + 16];
	int err;

	sample_make(&fill->sample, &cert, owner, at, fill->random);
	cert.row.identity_id = fill->n_identities > 0 ? owner + 1 : 0;
	snprintf(actor, sizeof(actor), "identity %s", cert.identity);
	err = certificate_put(txn, NULL, &cert.row, actor);
	if (err == 0)
		add_line(&fill->lines, &cert.row);
	return err;
}

static int
certificates_run(struct store_job *job, struct store_txn *txn)
{
	struct fill *fill = CONTAINER_OF(job, struct fill, job);
	int err = 0;

	for (int64_t i = fill->from; i < fill->to && err == 0; i++)
		err = add_certificate(fill, txn, i);
	return err;
}

/* --- all of it --- */

static int
write_lines(struct fill *fill)
{
	size_t done = 0;
	int err = buf_status(&fill->lines);

	while (err == 0 && done < fill->lines.len) {
		ssize_t n = write(fill->log_fd, fill->lines.data + done,
		    fill->lines.len - done);

		if (n <= 0)
			err = -ERR_IO;
		else
			done += (size_t)n;
	}
	buf_fini(&fill->lines);
	fill->lines = (struct buf){.max = (size_t)BATCH * LINE_MAX_BYTES};
	return err;
}

static int
run_batches(struct fill *fill, int64_t n,
    int (*run)(struct store_job *job, struct store_txn *txn))
{
	int err = 0;

	for (fill->from = 0; fill->from < n && err == 0;
	     fill->from = fill->to) {
		fill->to = fill->from + BATCH < n ? fill->from + BATCH : n;
		fill->job = (struct store_job){.run = run};
		err = store_apply(fill->bench.store, &fill->job);
		if (err == 0)
			err = write_lines(fill);
	}
	return err;
}

static int
fill_all(struct fill *fill, struct reason *why)
{
	struct auditor *auditor = NULL;
	char path[PATH_MAX];
	int err = str_format(path, sizeof(path), "%s/%s",
	    fill->bench.state.ca_dir, ISSUE_LOG_FILE);

	if (err == 0)
		err = sample_init(&fill->sample, fill->bench.signer, why);
	if (err == 0)
		err = auditor_new(
		    &auditor, fill->bench.store, fill->bench.signer);
	if (err == 0) {
		fill->log_fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
		err = fill->log_fd >= 0 ? write_lines(fill) : -ERR_IO;
	}
	if (err == 0)
		err = run_batches(fill, fill->n_identities, identities_run);
	if (err == 0)
		err = run_batches(fill, fill->n_certificates, certificates_run);
	auditor_stop(auditor);
	signer_stop(fill->bench.signer);
	fill->bench.signer = NULL;
	store_stop(fill->bench.store);
	auditor_free(auditor);
	if (fill->log_fd >= 0)
		close(fill->log_fd);
	sample_fini(&fill->sample);
	return err;
}

int
main(int argc, char **argv)
{
	struct fill fill = {.n_certificates = 10000,
	    .n_identities = 10000,
	    .log_fd = -1,
	    .now = time(NULL)};
	struct reason why = {""};
	int err;

	if (signer_is_called(argc, argv))
		return signer_main(argv);
	if (parse_options(&fill, argc, argv) != 0) {
		fputs(usage_text, stderr);
		return 2;
	}
	err = bench_open(&fill.bench, fill.dir, &why);
	if (err == 0)
		err = fill_all(&fill, &why);
	bench_close(&fill.bench);
	if (err != 0)
		fprintf(stderr, "fill_store: %s\n",
		    why.text[0] != '\0' ? why.text : err_text(err));
	return err == 0 ? 0 : 1;
}
