#include "tests/unit/ca/signer_driven.h"

#include "tests/unit/cmocka.h"

#include <poll.h>
#include <string.h>

void
driven_start(struct driven *d, const char *argument)
{
	struct reason why = {""};

	if (process_start(&d->process, argument, &why) != 0)
		fail_msg("%s", why.text);
}

void
driven_send(struct driven *d)
{
	assert_int_equal(0, buf_status(&d->out));
	assert_int_equal(
	    0, ipc_send(d->process.fd,
		   (struct bytes){(const uint8_t *)d->out.data, d->out.len}));
}

int
driven_receive(struct driven *d, struct bytes *packet)
{
	struct pollfd p = {.fd = d->process.fd, .events = POLLIN};

	assert_int_equal(1, poll(&p, 1, LONG_MS));
	return ipc_receive(packet, d->packet, d->process.fd);
}

int
driven_greet(struct driven *d)
{
	struct bytes packet = {NULL, 0};
	struct ipc_reader r;
	uint16_t type;
	uint64_t id;

	assert_int_equal(0, signer_hello_encode(&d->out, ++d->id, &d->hello));
	driven_send(d);
	assert_int_equal(0, driven_receive(d, &packet));
	ipc_open(&r, &type, &id, packet);
	assert_int_equal(SIGNER_CHAIN, type);
	assert_true(id == d->id);
	assert_int_equal(0, signer_chain_decode(&d->chain, &r));
	return d->chain.result;
}

void
driven_ends(struct driven *d, const char *how_wanted)
{
	struct bytes packet = {NULL, 0};
	char how[PROCESS_HOW_MAX];

	assert_int_equal(-ERR_CLOSED, driven_receive(d, &packet));
	process_end(&d->process, LONG_MS, how);
	if (strncmp(how, how_wanted, strlen(how_wanted)) != 0)
		fail_msg("%s, not %s", how, how_wanted);
}

void
driven_restart(struct driven *d, const char *argument)
{
	char how[PROCESS_HOW_MAX];

	process_end(&d->process, LONG_MS, how);
	driven_start(d, argument);
	assert_int_equal(0, driven_greet(d));
}

int
driven_issue(struct driven *d, struct signer_request *request,
    struct signer_issued *issued)
{
	struct bytes packet = {NULL, 0};
	struct ipc_reader r;
	uint16_t type;
	uint64_t id;

	assert_int_equal(0, signer_issue_encode(&d->out, ++d->id, request));
	free(request);
	driven_send(d);
	assert_int_equal(0, driven_receive(d, &packet));
	ipc_open(&r, &type, &id, packet);
	assert_int_equal(SIGNER_ISSUED, type);
	assert_true(id == d->id);
	assert_int_equal(0, signer_issued_decode(issued, &r));
	return issued->result;
}

int
driven_setup(void **state)
{
	struct driven *d = calloc(1, sizeof(*d));

	craft_ca_create(&d->ca);
	strcpy(d->hello.ca_dir, d->ca.dir);
	strcpy(d->hello.server_name, CRAFT_SERVER);
	driven_start(d, SIGNER_ARGUMENT);
	*state = d;
	return 0;
}

int
driven_teardown(void **state)
{
	struct driven *d = *state;
	char how[PROCESS_HOW_MAX];

	process_end(&d->process, LONG_MS, how);
	craft_ca_remove(&d->ca);
	buf_fini(&d->out);
	free(d);
	return 0;
}

struct signer_request *
good_request(void)
{
	return craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
}
