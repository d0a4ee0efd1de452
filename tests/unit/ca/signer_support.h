/* A CA of its own and its signer, whose process is the test's own program: its
 * main() asks signer_is_called(). */
#ifndef TESTS_UNIT_CA_SIGNER_SUPPORT_H
#define TESTS_UNIT_CA_SIGNER_SUPPORT_H

#include "ca/signer_process.h"
#include "tests/unit/ca/craft.h"

struct fixture {
	struct craft_ca ca;
	struct signer *signer;
};

/* cmocka's setup and teardown of one test: *state is the fixture. DNS servers
 * get 10000 certificates an hour. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* With its certificate. */
void request_free(struct signer_request *request);
/* Another request in place of craft_request()'s. */
void request_set_csr(
    struct signer_request *request, const struct craft_csr *craft);

#endif
