#include "ca/signer_process.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "base/random.h"
#include "base/sandbox.h"
#include "base/str.h"
#include "ca/authority_sign.h"
#include "ca/signer_wire.h"

/* Keys live in memory that is locked and not dumped. */
#define SECURE_HEAP_BYTES 65536
#define SECURE_HEAP_SMALLEST 32

/* Behind SIGNER_ARGUMENT: "" for any HELLO, "=DIGEST" for one; NULL if it is
 * something else. */
static const char *
pin_of(const char *argument)
{
	size_t len = strlen(SIGNER_ARGUMENT);

	if (strncmp(argument, SIGNER_ARGUMENT, len) != 0 ||
	    (argument[len] != '\0' && argument[len] != '='))
		return NULL;
	return argument + len;
}

bool
signer_is_called(int argc, char **argv)
{
	return argc == 3 && pin_of(argv[1]) != NULL;
}

/* --- answers --- */

static int
send_held(struct signer_service *service)
{
	int err = 0;

	for (size_t i = 0; i < service->n_held && err == 0; i++)
		err = ipc_send(service->fd,
		    (struct bytes){(const uint8_t *)service->held[i].data,
			service->held[i].len});
	service->n_held = 0;
	return err;
}

/* Each that went alone would wake two threads, and be a commit of its own. */
int
signer_answer(struct signer_service *service)
{
	struct buf *held = &service->held[service->n_held++];
	struct buf empty = *held;

	*held = service->out;
	service->out = empty;
	return service->n_held == SIGNER_HELD_MAX ? send_held(service) : 0;
}

static int
next_question(struct bytes *packet, struct signer_service *service)
{
	int err = -ERR_BUSY;

	if (service->n_held != 0)
		err = ipc_receive_now(packet, service->packet, service->fd);
	if (err != -ERR_BUSY)
		return err;
	err = send_held(service);
	return err != 0 ? err
			: ipc_receive(packet, service->packet, service->fd);
}

/* --- one request --- */

static int
check_rate(struct signer_service *service, const struct profile *profile,
    struct reason *why)
{
	struct rate *rate = &service->rates[profile->id];

	if (rate_has(rate, clock_monotonic_ms()))
		return 0;
	return reason_set(why, -ERR_BUSY,
	    "profile %s: the signer gives %u certificates an hour; try later",
	    profile->name, rate->per_hour);
}

static int
issue(struct signer_service *service, struct blob *cert, struct reason *why)
{
	const struct profile *profile = profile_get(service->request.profile);
	int err;

	if (profile == NULL || (size_t)profile->id >= SIGNER_PROFILES_MAX)
		return reason_set(
		    why, -ERR_INVALID, "unknown certificate profile");
	err = check_rate(service, profile, why);
	if (err == 0)
		err = authority_sign(
		    cert, service->authority, &service->request, why);
	if (err == 0)
		err = issue_log_add(
		    &service->log, profile, blob_bytes(cert), why);
	/* What does not leave does not count: while the disk is full nobody
	 * gets a certificate, and afterwards there are some left. */
	if (err == 0)
		rate_take(
		    &service->rates[profile->id], 1, clock_monotonic_ms());
	return err;
}

static int
handle_issue(
    struct signer_service *service, uint64_t id, struct ipc_reader *reader)
{
	struct signer_issued answer = {.result = 0};
	struct blob cert CLEANUP(blob_fini) = {0};
	int err = signer_issue_decode(&service->request, reader);

	if (err != 0)
		return err;
	answer.result = issue(service, &cert, &answer.why);
	if (answer.result == 0)
		answer.cert = blob_bytes(&cert);
	err = signer_issued_encode(&service->out, id, &answer);
	return err != 0 ? err : signer_answer(service);
}

int
signer_handle(struct signer_service *service, struct bytes packet)
{
	struct ipc_reader reader;
	uint16_t type;
	uint64_t id;

	ipc_open(&reader, &type, &id, packet);
	if (reader.err != 0)
		return reader.err;
	switch (type) {
	case SIGNER_ISSUE:
		return handle_issue(service, id, &reader);
	case SIGNER_CHECKPOINT:
		return signer_handle_checkpoint(service, id, &reader);
	default:
		return -ERR_INVALID;
	}
}

/* --- the start --- */

static int
create(const struct signer_hello *hello, struct reason *why)
{
	AUTOFREE struct authority_params *params = calloc(1, sizeof(*params));

	if (params == NULL)
		return reason_set(why, -ERR_NOMEM, "out of memory");
	params->domain = hello->domain;
	params->root_days = hello->root_days;
	params->issuing_days = hello->issuing_days;
	params->constraints = hello->constraints;
	return authority_create(hello->ca_dir, params, why);
}

/* A start anew does not fill the buckets: what the last hour gave counts. */
static int
start_rates(struct signer_service *service, const struct signer_hello *hello)
{
	uint32_t recent[SIGNER_PROFILES_MAX] = {0};
	int64_t now = clock_monotonic_ms();
	int err = issue_log_recent(hello->ca_dir, recent, ARRAY_LEN(recent));

	for (size_t i = 0; i < SIGNER_PROFILES_MAX; i++) {
		rate_init(&service->rates[i], (enum profile_id)i,
		    hello->per_hour[i], now);
		rate_take(&service->rates[i], recent[i], now);
	}
	return err;
}

static int
load(struct signer_service *service, const struct signer_hello *hello,
    struct reason *why)
{
	int err = hello->create ? create(hello, why) : 0;

	if (err == 0)
		err = authority_load(&service->authority, hello->ca_dir,
		    hello->server_name, why);
	if (err == 0)
		err = issue_log_open(&service->log, hello->ca_dir, why);
	if (err != 0)
		return err;
	err = start_rates(service, hello);
	if (err == 0)
		err = signer_checkpoints_start(service, hello->ca_dir);
	return err == 0 ? 0
			: reason_set(why, err, "%s: %s", ISSUE_LOG_FILE,
			      err_text(err));
}

/* Whatever is loaded at its first use must be there before files are out of
 * reach: OpenSSL's configuration, provider, random numbers and texts of errors;
 * the C library's time zone, and its own random numbers' state, for which newer
 * ones block signals. */
static int
warm_up(struct reason *why)
{
	struct blob request CLEANUP(blob_fini) = {0};
	struct key *key = NULL;
	struct csr *csr = NULL;
	char now[RFC3339_LEN];
	uint8_t random[16];
	int err = key_generate(&key);

	random_bytes(random, sizeof(random));
	if (err == 0)
		err = key_make_csr(&request, key, "", NULL);
	if (err == 0)
		err = csr_parse(&csr, blob_bytes(&request), why);
	csr_free(csr);
	key_free(key);
	if (err == 0 &&
	    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL) != 1)
		err = -ERR_CRYPTO;
	rfc3339_format(now, clock_now());
	return err == 0 ? 0
			: reason_set(why, err, "the signer's key check: %s",
			      err_text(err));
}

/* Messages, memory, time, randomness, the two open files: nothing else. */
static int
shut_in(char *text, size_t size, const struct signer_service *service,
    struct reason *why)
{
	const struct sandbox_call calls[] = {
	    {SYS_recvfrom, SANDBOX_ON_FD, service->fd},
	    {SYS_sendto, SANDBOX_ON_FD, service->fd},
	    {SYS_write, SANDBOX_ON_FD, service->log.fd},
	    {SYS_fdatasync, SANDBOX_ON_FD, service->log.fd},
	    {SYS_write, SANDBOX_ON_FD, STDERR_FILENO},
	    {SYS_brk, SANDBOX_ANY, 0},
	    {SYS_mmap, SANDBOX_NO_EXEC, 0},
	    {SYS_munmap, SANDBOX_ANY, 0},
	    {SYS_mremap, SANDBOX_ANY, 0},
	    {SYS_madvise, SANDBOX_ANY, 0},
	    {SYS_futex, SANDBOX_ANY, 0},
	    {SYS_getrandom, SANDBOX_ANY, 0},
	    {SYS_getpid, SANDBOX_ANY, 0}, /* OpenSSL: has it forked? */
	    {SYS_clock_gettime, SANDBOX_ANY, 0},
	    {SYS_gettimeofday, SANDBOX_ANY, 0},
	    {SYS_restart_syscall, SANDBOX_ANY, 0},
	    {SYS_rt_sigreturn, SANDBOX_ANY, 0},
	    {SYS_exit_group, SANDBOX_ANY, 0},
	};
	int abi = 0;
	int err = sandbox_no_files(&abi, why);

	if (err == 0)
		err = sandbox_only_calls(calls, ARRAY_LEN(calls), why);
	if (err != 0)
		return err;
	if (sandbox_is_relaxed()) {
		log_warn("the signer is not shut in",
		    "reason=\"built with sanitizers\"");
		return str_format(text, size, "none");
	}
	if (abi == 0) {
		log_warn("the signer is shut in by seccomp alone",
		    "reason=\"the kernel has no Landlock\"");
		return str_format(text, size, "seccomp");
	}
	return str_format(text, size, "seccomp, Landlock ABI %d", abi);
}

/* Before anything is done that HELLO says. */
static int
check_pin(const struct signer_service *service,
    const struct signer_hello *hello, struct reason *why)
{
	uint8_t digest[SHA256_LEN], pinned[SHA256_LEN];
	int err;

	if (service->pin[0] == '\0')
		return 0;
	err = signer_hello_digest(digest, hello);
	if (err != 0)
		return reason_set(why, err, "%s", err_text(err));
	if (hex_decode(pinned, sizeof(pinned), service->pin + 1) != 0 ||
	    memcmp(digest, pinned, sizeof(digest)) != 0)
		return reason_set(why, -ERR_REFUSED,
		    "the signer is told other rates, another server.name or "
		    "another place than when estuaryd was started");
	return 0;
}

static int
start(struct signer_service *service, const struct signer_hello *hello,
    struct signer_chain *chain)
{
	struct reason *why = &chain->why;
	int err = check_pin(service, hello, why);

	if (err == 0)
		err = load(service, hello, why);
	if (err == 0)
		err = warm_up(why);
	if (err == 0)
		err = shut_in(
		    chain->sandbox, sizeof(chain->sandbox), service, why);
	if (err != 0)
		return err;
	chain->root = blob_bytes(&service->authority->root);
	chain->issuing = blob_bytes(&service->authority->issuing);
	chain->constraints = service->authority->constraints;
	chain->last = service->last;
	return 0;
}

static int
receive_hello(
    struct signer_service *service, uint64_t *id, struct signer_hello *hello)
{
	struct ipc_reader reader;
	struct bytes packet;
	uint16_t type;
	int err = ipc_receive(&packet, service->packet, service->fd);

	if (err != 0)
		return err;
	ipc_open(&reader, &type, id, packet);
	if (type != SIGNER_HELLO)
		return -ERR_INVALID;
	return signer_hello_decode(hello, &reader);
}

/* 0 when CHAIN said yes, 1 when it said no and why. */
static int
greet(struct signer_service *service)
{
	AUTOFREE struct signer_hello *hello = calloc(1, sizeof(*hello));
	AUTOFREE struct signer_chain *chain = calloc(1, sizeof(*chain));
	uint64_t id = 0;
	int err = hello != NULL && chain != NULL
		      ? receive_hello(service, &id, hello)
		      : -ERR_NOMEM;

	if (err != 0)
		return err;
	chain->result = start(service, hello, chain);
	if (chain->result != 0 && chain->why.text[0] == '\0')
		reason_set(
		    &chain->why, chain->result, "%s", err_text(chain->result));
	err = signer_chain_encode(&service->out, id, chain);
	if (err == 0)
		err = ipc_send(service->fd,
		    (struct bytes){
			(const uint8_t *)service->out.data, service->out.len});
	return err != 0 ? err : chain->result != 0;
}

static int
serve(struct signer_service *service, signer_handle_fn handle)
{
	struct bytes packet;
	int err = greet(service);

	while (err == 0) {
		err = next_question(&packet, service);
		if (err == 0)
			err = handle(service, packet);
	}
	return err;
}

int
signer_run(char **argv, signer_handle_fn handle)
{
	struct signer_service *service = calloc(1, sizeof(*service));
	struct reason why = {""};
	int err;

	if (service == NULL)
		return 1;
	service->log.fd = -1;
	service->pin = pin_of(argv[1]);
	if (service->pin == NULL)
		service->pin = "";
	if (process_harden(&service->fd, argv[2], "estuary-signer", &why) !=
	    0) {
		dprintf(STDERR_FILENO, "the signer: %s\n", why.text);
		free(service);
		return 1;
	}
	if (CRYPTO_secure_malloc_init(
		SECURE_HEAP_BYTES, SECURE_HEAP_SMALLEST) != 1)
		log_warn("the signer's keys are not in locked memory",
		    "bytes=%d hint=\"ulimit -l\"", SECURE_HEAP_BYTES);
	err = serve(service, handle);
	if (err < 0 && err != -ERR_CLOSED)
		log_error("the signer ends", "reason=\"a message: %s\"",
		    err_text(err));
	/* No exit handlers: what they want is out of reach, and the memory is
	 * gone with the process. */
	_exit(err < 0 && err != -ERR_CLOSED ? 1 : 0);
}

int
signer_main(char **argv)
{
	return signer_run(argv, signer_handle);
}
