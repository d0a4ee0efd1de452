#include "tests/bench/sample.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "base/str.h"
#include "ca/key.h"
#include "ca/serial.h"

/* As long as those that come into its place. */
#define PATTERN_NAME "endpoint-00000000"
#define UTC_TIME_LEN 13
#define POINT_LEN 64 /* without the octet that says what form it has */
#define DAY_S 86400

void
sample_identity(char out[SAMPLE_NAME_MAX], int64_t i)
{
	snprintf(out, SAMPLE_NAME_MAX, "endpoint-%08lld",
	    (long long)(i % 100000000));
}

/* --- the pattern --- */

static int
find(size_t *out, struct bytes in, const void *what, size_t len)
{
	const uint8_t *at = memmem(in.data, in.len, what, len);

	if (at == NULL)
		return -ERR_CORRUPT;
	*out = (size_t)(at - in.data);
	return 0;
}

static void
utc_time(char out[UTC_TIME_LEN + 1], int64_t at)
{
	char text[RFC3339_LEN];

	/* 2026-11-21T18:00:00Z as 261121180000Z */
	rfc3339_format(text, at);
	snprintf(out, UTC_TIME_LEN + 1, "%.2s%.2s%.2s%.2s%.2s%.2sZ", text + 2,
	    text + 5, text + 8, text + 11, text + 14, text + 17);
}

/* Where all that differs stands. */
static int
look(struct sample *sample, struct reason *why)
{
	static const uint8_t uncompressed[] = {0x03, 0x42, 0x00, 0x04};
	AUTOFREE struct cert_info *info = calloc(1, sizeof(*info));
	struct bytes der = blob_bytes(&sample->der);
	uint8_t serial[SERIAL_OCTETS];
	char not_before[UTC_TIME_LEN + 1], not_after[UTC_TIME_LEN + 1];
	int err = info != NULL ? cert_parse(info, der, why) : -ERR_NOMEM;

	if (err == 0)
		err = hex_decode(serial, sizeof(serial), info->serial);
	if (err != 0)
		return err;
	utc_time(not_before, info->not_before);
	utc_time(not_after, info->not_after);
	err = find(&sample->serial, der, serial, sizeof(serial));
	if (err == 0)
		err = find(
		    &sample->name, der, PATTERN_NAME, strlen(PATTERN_NAME));
	if (err == 0)
		err = find(&sample->not_before, der, not_before, UTC_TIME_LEN);
	if (err == 0)
		err = find(&sample->not_after, der, not_after, UTC_TIME_LEN);
	if (err == 0)
		err =
		    find(&sample->key, der, uncompressed, sizeof(uncompressed));
	sample->key += sizeof(uncompressed);
	return err;
}

int
sample_init(struct sample *sample, struct signer *signer, struct reason *why)
{
	AUTOFREE struct signer_request *request = calloc(1, sizeof(*request));
	struct blob csr CLEANUP(blob_fini) = {0};
	struct key *key = NULL;
	int err = request != NULL ? key_generate(&key) : -ERR_NOMEM;

	if (err == 0)
		err = key_make_csr(&csr, key, PATTERN_NAME, NULL);
	key_free(key);
	if (err != 0 || csr.len > sizeof(request->csr))
		return err != 0 ? err : -ERR_TOO_LARGE;
	request->profile = PROFILE_ENDPOINT;
	memcpy(request->csr, csr.data, csr.len);
	request->csr_len = csr.len;
	memcpy(request->common_name, PATTERN_NAME, sizeof(PATTERN_NAME));
	request->not_before = time(NULL);
	err = signer_issue(signer, request);
	*why = request->why;
	if (err != 0)
		return err;
	sample->der = request->cert;
	return look(sample, why);
}

void
sample_fini(struct sample *sample)
{
	blob_fini(&sample->der);
}

/* --- those made after it --- */

void
sample_make(struct sample *sample, struct sample_cert *out, int64_t i,
    int64_t at, bool random)
{
	uint8_t *der = sample->der.data, *serial = der + sample->serial;
	int64_t end = at + (int64_t)365 * DAY_S;
	char text[UTC_TIME_LEN + 1];

	sample_identity(out->identity, i);
	snprintf(out->subject, sizeof(out->subject), "CN=%s", out->identity);
	serial_make(serial, at);
	if (random) {
		random_bytes(serial, SERIAL_OCTETS);
		serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40);
	}
	hex_encode(out->serial, (struct bytes){serial, SERIAL_OCTETS});
	memcpy(der + sample->name, out->identity, strlen(out->identity));
	random_bytes(der + sample->key, POINT_LEN);
	utc_time(text, at);
	memcpy(der + sample->not_before, text, UTC_TIME_LEN);
	utc_time(text, end);
	memcpy(der + sample->not_after, text, UTC_TIME_LEN);
	out->row = (struct certificate){.serial = out->serial,
	    .subject = out->subject,
	    .profile = "endpoint",
	    .identity = out->identity,
	    .source = "192.0.2.1",
	    .issued_at = at,
	    .not_before = at,
	    .not_after = end,
	    .der = blob_bytes(&sample->der)};
}

/* --- a state directory --- */

int
bench_open(struct bench_state *bench, const char *dir, struct reason *why)
{
	const struct signer_config config = {
	    .ca_dir = bench->state.ca_dir, .server_name = "est.invalid"};
	int err;

	memset(bench, 0, sizeof(*bench));
	err = state_paths(&bench->state, dir, why);
	if (err == 0)
		err = state_open(&bench->state, dir, why);
	if (err == 0 && bench->state.first_start)
		err = reason_set(why, -ERR_NOT_FOUND,
		    "%.200s: estuaryd was never started here", dir);
	if (err == 0)
		err = signer_spawn(&bench->signer, NULL, why);
	if (err == 0)
		err = store_open(
		    &bench->store, bench->state.database, STORE_OPEN, why);
	if (err == 0)
		err = signer_open(bench->signer, &config, why);
	return err;
}

void
bench_close(struct bench_state *bench)
{
	signer_stop(bench->signer);
	store_close(bench->store);
	state_close(&bench->state);
}
