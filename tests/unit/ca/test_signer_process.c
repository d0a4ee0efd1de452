/* The signer's process, driven over its socket alone: whatever estuaryd would
 * check before is not checked here. */
#include "tests/unit/cmocka.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "base/sandbox.h"
#include "base/str.h"
#include "ca/signer_process.h"
#include "ca/signer_wire.h"
#include "tests/unit/ca/craft.h"

/* Deadlines only: nothing waits this long unless it fails. */
#define LONG_MS 10000
#define HOSTILE "--hostile"

struct fixture {
	struct craft_ca ca;
	struct process process;
	uint64_t id;
	struct buf out;
	struct signer_hello hello;
	struct signer_chain chain;
	uint8_t packet[IPC_MESSAGE_MAX];
};

/* --- the hostile handler --- */

enum try {
	TRY_NOTHING,
	TRY_OPEN,
	TRY_READ_KEY,
	TRY_SOCKET,
	TRY_EXECUTE,
	TRY_FORK,
	TRY_KILL,
	TRY_TRACE,
	TRY_MAP_EXECUTABLE,
	TRY_SEND_ELSEWHERE,
	TRY_UNLINK,
	TRY_MAX,
};

static void
try_call(enum try which)
{
	char *const none[] = {NULL};
	int rc = 0;

	switch (which) {
	case TRY_OPEN:
		rc = open("/dev/null", O_RDONLY | O_CLOEXEC);
		break;
	case TRY_READ_KEY:
		rc = openat(AT_FDCWD, CA_ISSUING_KEY, O_RDONLY | O_CLOEXEC);
		break;
	case TRY_SOCKET:
		rc = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		break;
	case TRY_EXECUTE:
		rc = execve("/bin/true", none, none);
		break;
	case TRY_FORK:
		rc = fork();
		break;
	case TRY_KILL:
		rc = kill(getppid(), 0);
		break;
	case TRY_TRACE:
		rc = (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		break;
	case TRY_MAP_EXECUTABLE:
		rc = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
		break;
	case TRY_SEND_ELSEWHERE:
		rc = (int)send(STDERR_FILENO, "x", 1, 0);
		break;
	case TRY_UNLINK:
		rc = unlink("/tmp/nothing-of-this-name");
		break;
	case TRY_NOTHING:
	case TRY_MAX:
	default:
		break;
	}
	(void)rc;
}

/* The message's type is what is tried; then comes an empty answer. */
static int
handle_hostile(struct signer_service *service, struct bytes packet)
{
	struct ipc_reader r;
	uint16_t type;
	uint64_t id;

	ipc_open(&r, &type, &id, packet);
	try_call((enum try)type);
	return ipc_send(service->fd, packet);
}

/* --- driving the process --- */

static void
start(struct fixture *f, const char *argument)
{
	struct reason why = {""};

	if (process_start(&f->process, argument, &why) != 0)
		fail_msg("%s", why.text);
}

static void
send_out(struct fixture *f)
{
	assert_int_equal(0, buf_status(&f->out));
	assert_int_equal(
	    0, ipc_send(f->process.fd,
		   (struct bytes){(const uint8_t *)f->out.data, f->out.len}));
}

static int
receive(struct fixture *f, struct bytes *packet)
{
	struct pollfd p = {.fd = f->process.fd, .events = POLLIN};

	assert_int_equal(1, poll(&p, 1, LONG_MS));
	return ipc_receive(packet, f->packet, f->process.fd);
}

/* HELLO and CHAIN. */
static int
greet(struct fixture *f)
{
	struct bytes packet = {NULL, 0};
	struct ipc_reader r;
	uint16_t type;
	uint64_t id;

	assert_int_equal(0, signer_hello_encode(&f->out, ++f->id, &f->hello));
	send_out(f);
	assert_int_equal(0, receive(f, &packet));
	ipc_open(&r, &type, &id, packet);
	assert_int_equal(SIGNER_CHAIN, type);
	assert_true(id == f->id);
	assert_int_equal(0, signer_chain_decode(&f->chain, &r));
	return f->chain.result;
}

static void
ends(struct fixture *f, const char *how_wanted)
{
	struct bytes packet = {NULL, 0};
	char how[PROCESS_HOW_MAX];

	assert_int_equal(-ERR_CLOSED, receive(f, &packet));
	process_end(&f->process, LONG_MS, how);
	if (strncmp(how, how_wanted, strlen(how_wanted)) != 0)
		fail_msg("%s, not %s", how, how_wanted);
}

static void
restart(struct fixture *f, const char *argument)
{
	char how[PROCESS_HOW_MAX];

	process_end(&f->process, LONG_MS, how);
	start(f, argument);
	assert_int_equal(0, greet(f));
}

/* cert: borrowed until the next message. Frees request. */
static int
issue(struct fixture *f, struct signer_request *request,
    struct signer_issued *issued)
{
	struct bytes packet = {NULL, 0};
	struct ipc_reader r;
	uint16_t type;
	uint64_t id;

	assert_int_equal(0, signer_issue_encode(&f->out, ++f->id, request));
	free(request);
	send_out(f);
	assert_int_equal(0, receive(f, &packet));
	ipc_open(&r, &type, &id, packet);
	assert_int_equal(SIGNER_ISSUED, type);
	assert_true(id == f->id);
	assert_int_equal(0, signer_issued_decode(issued, &r));
	return issued->result;
}

static void
refused(struct fixture *f, struct signer_request *request, int err,
    const char *says)
{
	struct signer_issued issued;
	int got = issue(f, request, &issued);

	if (got != err || strstr(issued.why.text, says) == NULL)
		fail_msg("%s: %d %s", says, got, issued.why.text);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	craft_ca_create(&f->ca);
	strcpy(f->hello.ca_dir, f->ca.dir);
	strcpy(f->hello.server_name, CRAFT_SERVER);
	start(f, SIGNER_ARGUMENT);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	char how[PROCESS_HOW_MAX];

	process_end(&f->process, LONG_MS, how);
	craft_ca_remove(&f->ca);
	buf_fini(&f->out);
	free(f);
	return 0;
}

static struct signer_request *
good(void)
{
	return craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
}

/* --- what it refuses by itself --- */

static void
test_caps_refused(void **state)
{
	struct fixture *f = *state;
	struct signer_request *request;
	struct signer_issued issued;

	assert_int_equal(0, greet(f));
	refused(f, craft_request(PROFILE_DNS_SERVER, "dns.example.org"),
	    -ERR_REFUSED, "dns.example.org is outside");
	request = good();
	assert_int_equal(0, names_add(&request->names, NAME_IP, "192.0.2.1"));
	refused(f, request, -ERR_REFUSED, "192.0.2.1 is outside");
	refused(f, craft_request(PROFILE_DNS_SERVER, CRAFT_SERVER),
	    -ERR_REFUSED, "reserved");
	refused(f, craft_request(PROFILE_EST_SERVER, CRAFT_ADN), -ERR_REFUSED,
	    "only server.name");
	refused(f, craft_request(0, CRAFT_ADN), -ERR_INVALID, "profile");
	refused(f,
	    craft_request((enum profile_id)SIGNER_PROFILES_MAX, CRAFT_ADN),
	    -ERR_INVALID, "profile");
	refused(f, craft_request((enum profile_id) - 1, CRAFT_ADN),
	    -ERR_INVALID, "profile");
	request = good();
	request->valid_days = 398;
	refused(f, request, -ERR_REFUSED, "397");
	request = good();
	request->not_before = INT64_MAX;
	refused(f, request, -ERR_REFUSED, "validity");
	request = good();
	request->csr_len = 0;
	refused(f, request, -ERR_INVALID, "empty");
	request = good();
	request->csr_len--;
	refused(f, request, -ERR_INVALID, "");
	request = good();
	request->csr[request->csr_len - 1] ^= 1;
	refused(f, request, -ERR_INVALID, "proof of possession");
	/* A name in a form that names_add() does not give, of no type. */
	request = good();
	strcpy(request->names.items[0].text, "DNS." CRAFT_DOMAIN);
	refused(f, request, -ERR_INVALID, "malformed name");
	request = good();
	request->names.items[0].type = (enum name_type)200;
	refused(f, request, -ERR_INVALID, "malformed name");
	/* And it goes on. */
	assert_int_equal(0, issue(f, good(), &issued));
}

static void
test_rate_refused(void **state)
{
	struct fixture *f = *state;
	struct signer_issued issued;
	struct signer_request *own;

	f->hello.per_hour[PROFILE_DNS_SERVER] = 3;
	assert_int_equal(0, greet(f));
	/* What is refused anyway does not count. */
	for (int i = 0; i < 5; i++)
		refused(f, craft_request(PROFILE_DNS_SERVER, CRAFT_SERVER),
		    -ERR_REFUSED, "reserved");
	for (int i = 0; i < 3; i++)
		assert_int_equal(0, issue(f, good(), &issued));
	refused(f, good(), -ERR_BUSY, "profile dns-server");
	/* Each profile has its own, and none a new one from a new process. */
	own = craft_request(PROFILE_EST_SERVER, CRAFT_SERVER);
	assert_int_equal(0, issue(f, own, &issued));
	restart(f, SIGNER_ARGUMENT);
	refused(f, good(), -ERR_BUSY, "3 certificates an hour");
	own = craft_request(PROFILE_EST_SERVER, CRAFT_SERVER);
	assert_int_equal(0, issue(f, own, &issued));
}

static void
test_default_rate_of_own_certificates_refused(void **state)
{
	struct fixture *f = *state;
	struct signer_issued issued;

	assert_int_equal(0, greet(f));
	for (int i = 0; i < RATE_EST_SERVER_PER_HOUR; i++)
		assert_int_equal(
		    0, issue(f, craft_request(PROFILE_EST_SERVER, CRAFT_SERVER),
			   &issued));
	refused(f, craft_request(PROFILE_EST_SERVER, CRAFT_SERVER), -ERR_BUSY,
	    "est-server");
}

/* --- checkpoints --- */

static struct checkpoint
row_of(int64_t last_id, uint8_t head)
{
	struct checkpoint c = {.last_id = last_id};

	memset(c.head, head, sizeof(c.head));
	return c;
}

static int
checkpoint(struct fixture *f, int64_t last_id, uint8_t head,
    struct signer_checkpointed *answer)
{
	struct checkpoint c = row_of(last_id, head);
	struct bytes packet = {NULL, 0};
	struct ipc_reader r;
	uint16_t type;
	uint64_t id;

	assert_int_equal(0, signer_checkpoint_encode(&f->out, ++f->id, &c));
	send_out(f);
	assert_int_equal(0, receive(f, &packet));
	ipc_open(&r, &type, &id, packet);
	assert_int_equal(SIGNER_CHECKPOINTED, type);
	assert_true(id == f->id);
	assert_int_equal(0, signer_checkpointed_decode(answer, &r));
	return answer->result;
}

static void
checkpoint_refused(
    struct fixture *f, int64_t last_id, uint8_t head, int err, const char *says)
{
	struct signer_checkpointed answer;
	int got = checkpoint(f, last_id, head, &answer);

	if (got != err || strstr(answer.why.text, says) == NULL)
		fail_msg("%s: %d %s", says, got, answer.why.text);
}

/* The chain of CHAIN goes with the next message. */
static struct blob
issuing_of(struct fixture *f)
{
	struct blob issuing = {0};

	assert_int_equal(0, greet(f));
	assert_int_equal(0, blob_copy(&issuing, f->chain.issuing));
	return issuing;
}

/* Each octet of what was signed counts, and its counter only rises, from
 * process to process too. */
static void
test_checkpoints(void **state)
{
	struct fixture *f = *state;
	struct blob issuing = issuing_of(f);
	struct signer_checkpointed a;
	struct checkpoint *c = &a.checkpoint;

	assert_int_equal(0, f->chain.last.counter);
	for (int64_t counter = 1; counter < 6; counter++) {
		assert_int_equal(0, checkpoint(f, 10 * counter, 1, &a));
		assert_int_equal(counter, c->counter);
		assert_int_equal(10 * counter, c->last_id);
		assert_true(llabs(c->at - clock_now()) < 60);
		assert_int_equal(
		    0, checkpoint_verify(c, blob_bytes(&issuing), NULL));
		if (counter == 3) {
			restart(f, SIGNER_ARGUMENT);
			assert_int_equal(3, f->chain.last.counter);
			assert_int_equal(30, f->chain.last.last_id);
			assert_memory_equal(
			    c->head, f->chain.last.head, sizeof(c->head));
		}
	}
	c->counter++;
	assert_int_equal(
	    -ERR_REFUSED, checkpoint_verify(c, blob_bytes(&issuing), NULL));
	c->counter--;
	c->at++;
	assert_int_equal(
	    -ERR_REFUSED, checkpoint_verify(c, blob_bytes(&issuing), NULL));
	c->at--;
	c->last_id--;
	assert_int_equal(
	    -ERR_REFUSED, checkpoint_verify(c, blob_bytes(&issuing), NULL));
	c->last_id++;
	c->head[31] ^= 1;
	assert_int_equal(
	    -ERR_REFUSED, checkpoint_verify(c, blob_bytes(&issuing), NULL));
	c->head[31] ^= 1;
	c->signature[c->signature_len - 1] ^= 1;
	assert_int_equal(
	    -ERR_REFUSED, checkpoint_verify(c, blob_bytes(&issuing), NULL));
	blob_fini(&issuing);
}

static void
test_checkpoint_going_back_refused(void **state)
{
	struct fixture *f = *state;
	struct signer_checkpointed a;

	assert_int_equal(0, greet(f));
	checkpoint_refused(f, 0, 1, -ERR_INVALID, "row 0");
	assert_int_equal(0, checkpoint(f, 100, 1, &a));
	for (int process = 0; process < 2; process++) {
		checkpoint_refused(f, 99, 1, -ERR_REFUSED, "rows are missing");
		checkpoint_refused(f, 1, 1, -ERR_REFUSED, "signed row 100");
		checkpoint_refused(
		    f, 100, 2, -ERR_REFUSED, "not the one that the signer");
		if (process == 0)
			restart(f, SIGNER_ARGUMENT);
	}
	/* The same once more: the store may have lost it. */
	assert_int_equal(0, checkpoint(f, 100, 1, &a));
	assert_int_equal(2, a.checkpoint.counter);
	assert_int_equal(0, checkpoint(f, 101, 2, &a));
}

/* However much was issued since, and whatever is in a subject. */
static void
test_checkpoint_is_found_far_back(void **state)
{
	struct fixture *f = *state;
	struct signer_checkpointed a;
	char path[128];
	FILE *log;

	assert_int_equal(0, greet(f));
	assert_int_equal(0, checkpoint(f, 77, 1, &a));
	snprintf(path, sizeof(path), "%s/%s", f->ca.dir, ISSUE_LOG_FILE);
	log = fopen(path, "a");
	assert_non_null(log);
	for (int i = 0; i < 20000; i++)
		fprintf(log,
		    "2026-11-21T18:00:00Z serial=%d profile=endpoint "
		    "sha256=0 subject=\"2026-11-21T18:00:00Z checkpoint=999 "
		    "last_id=999 head=%064d\"\n",
		    i, 0);
	/* Torn: never handed out. */
	fprintf(
	    log, "2026-11-21T18:00:00Z checkpoint=5 last_id=999 head=%064d", 0);
	assert_int_equal(0, fclose(log));
	restart(f, SIGNER_ARGUMENT);
	assert_int_equal(1, f->chain.last.counter);
	assert_int_equal(77, f->chain.last.last_id);
	assert_int_equal(0, checkpoint(f, 78, 1, &a));
	assert_int_equal(2, a.checkpoint.counter);
	restart(f, SIGNER_ARGUMENT);
	assert_int_equal(78, f->chain.last.last_id);
}

/* --- what ends it --- */

static void
send_raw(struct fixture *f, const void *data, size_t len)
{
	f->out.len = 0;
	f->out.err = 0;
	buf_add(&f->out, data, len);
	send_out(f);
}

/* It does not speak with what does not keep to the protocol. */
static void
test_broken_messages_end_it(void **state)
{
	static const uint16_t types[] = {0, SIGNER_HELLO, SIGNER_CHAIN,
	    SIGNER_ISSUED, 5, 6, 7, 8, SIGNER_CHECKPOINT, SIGNER_CHECKPOINTED,
	    11, UINT16_MAX};
	struct fixture *f = *state;
	struct signer_request *request;

	assert_int_equal(0, greet(f));
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		ipc_begin(&f->out, types[i], 9);
		send_out(f);
		ends(f, "exit status 1");
		start(f, SIGNER_ARGUMENT);
		assert_int_equal(0, greet(f));
	}
	send_raw(f, "\0", 1);
	ends(f, "exit status 1");
	start(f, SIGNER_ARGUMENT);
	assert_int_equal(0, greet(f));
	request = good();
	assert_int_equal(0, signer_issue_encode(&f->out, 9, request));
	free(request);
	send_raw(f, f->out.data, f->out.len - 1);
	ends(f, "exit status 1");
}

/* Nothing is signed before HELLO. */
static void
test_issue_before_hello_ends_it(void **state)
{
	struct fixture *f = *state;
	struct signer_request *request = good();

	assert_int_equal(0, signer_issue_encode(&f->out, 1, request));
	free(request);
	send_out(f);
	ends(f, "exit status 1");
}

static void
test_ends_with_the_socket(void **state)
{
	struct fixture *f = *state;
	char how[PROCESS_HOW_MAX];

	assert_int_equal(0, greet(f));
	process_end(&f->process, LONG_MS, how);
	assert_string_equal("exit status 0", how);
}

static void
test_start_refused(void **state)
{
	struct fixture *f = *state;
	char path[128];

	strcpy(f->hello.server_name, "not a name");
	assert_int_equal(-ERR_INVALID, greet(f));
	assert_non_null(strstr(f->chain.why.text, "server.name"));
	ends(f, "exit status 0");
	strcpy(f->hello.server_name, CRAFT_SERVER);
	snprintf(path, sizeof(path), "%s/%s", f->ca.dir, CA_ISSUING_KEY);
	assert_int_equal(0, chmod(path, 0440));
	start(f, SIGNER_ARGUMENT);
	assert_int_equal(-ERR_PERMISSION, greet(f));
	ends(f, "exit status 0");
	/* There is a CA already. */
	assert_int_equal(0, chmod(path, 0400));
	f->hello.create = true;
	strcpy(f->hello.domain, CRAFT_DOMAIN);
	f->hello.root_days = f->hello.issuing_days = 10;
	start(f, SIGNER_ARGUMENT);
	assert_int_equal(-ERR_EXISTS, greet(f));
	ends(f, "exit status 0");
}

static void
test_creates_the_ca(void **state)
{
	struct fixture *f = *state;
	struct signer_issued issued;
	struct cert_info root;

	craft_ca_remove_files(&f->ca);
	f->hello.create = true;
	strcpy(f->hello.domain, CRAFT_DOMAIN);
	f->hello.root_days = 10;
	f->hello.issuing_days = 5;
	assert_int_equal(0, greet(f));
	assert_int_equal(0, cert_parse(&root, f->chain.root, NULL));
	assert_string_equal("Estuary Root " CRAFT_DOMAIN, root.common_name);
	assert_int_equal(0, f->chain.constraints.n_domains);
	assert_int_equal(0, issue(f, good(), &issued));
}

/* [RFC5280 4.1.2.2] unique, also from process to process; and each in the log,
 * with its hash, when its answer is there. */
static void
test_serials_and_log(void **state)
{
	struct fixture *f = *state;
	struct signer_issued issued;
	struct cert_info info;
	struct blob log = {0};
	char path[128], sha256[65], line[256], serials[20][SERIAL_HEX_MAX];

	snprintf(path, sizeof(path), "%s/%s", f->ca.dir, ISSUE_LOG_FILE);
	assert_int_equal(0, greet(f));
	for (size_t i = 0; i < ARRAY_LEN(serials); i++) {
		assert_int_equal(0, issue(f, good(), &issued));
		assert_int_equal(0, cert_parse(&info, issued.cert, NULL));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(serials[j], info.serial);
		strcpy(serials[i], info.serial);
		hex_encode(
		    sha256, (struct bytes){info.sha256, sizeof(info.sha256)});
		snprintf(line, sizeof(line),
		    "Z serial=%s profile=dns-server sha256=%s subject=\"\"\n",
		    info.serial, sha256);
		assert_int_equal(0, file_read(&log, path, 1024 * 1024));
		assert_non_null(strstr((const char *)log.data, line));
		blob_fini(&log);
		if (i == ARRAY_LEN(serials) / 2)
			restart(f, SIGNER_ARGUMENT);
	}
}

/* --- what it cannot do --- */

static void
test_forbidden_calls_are_fatal(void **state)
{
	struct fixture *f = *state;
	struct bytes packet = {NULL, 0};

	if (sandbox_is_relaxed())
		skip();
	restart(f, HOSTILE);
	assert_non_null(strstr(f->chain.sandbox, "seccomp"));
	for (int i = TRY_NOTHING; i < TRY_MAX; i++) {
		ipc_begin(&f->out, (uint16_t)i, 1);
		send_out(f);
		if (i == TRY_NOTHING) {
			assert_int_equal(0, receive(f, &packet));
			continue;
		}
		ends(f, "killed by signal 31");
		start(f, HOSTILE);
		assert_int_equal(0, greet(f));
	}
}

#define SIGNER_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    SIGNER_TEST(test_caps_refused),
	    SIGNER_TEST(test_rate_refused),
	    SIGNER_TEST(test_default_rate_of_own_certificates_refused),
	    SIGNER_TEST(test_checkpoints),
	    SIGNER_TEST(test_checkpoint_going_back_refused),
	    SIGNER_TEST(test_checkpoint_is_found_far_back),
	    SIGNER_TEST(test_broken_messages_end_it),
	    SIGNER_TEST(test_issue_before_hello_ends_it),
	    SIGNER_TEST(test_ends_with_the_socket),
	    SIGNER_TEST(test_start_refused),
	    SIGNER_TEST(test_creates_the_ca),
	    SIGNER_TEST(test_serials_and_log),
	    SIGNER_TEST(test_forbidden_calls_are_fatal),
	};

	if (signer_is_called(argc, argv))
		return signer_main(argv);
	if (argc == 3 && strcmp(argv[1], HOSTILE) == 0)
		return signer_run(argv, handle_hostile);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
