/* A registrar on a store of its own; the CA only where it is asked for. */
#ifndef TESTS_UNIT_REGISTRAR_SUPPORT_H
#define TESTS_UNIT_REGISTRAR_SUPPORT_H

#include <semaphore.h>

#include "registrar/registrar.h"
#include "tests/unit/db/support.h"

struct office {
	struct fixture *db;
	char ca_dir[PATH_MAX];
	struct signer *signer; /* office_setup_with_ca() */
	struct background *background;
	struct registrar *registrar;
	sem_t done; /* posted by whatever done() the test has */
};

/* cmocka's setup and teardown of one test: *state is the office. The budgets:
 * 10 guesses for passwords, 1000 for codes; bursts of 5 a source, 8 in all,
 * nothing comes back in the time of a test. */
int office_setup(void **state);
int office_teardown(void **state);
/* With a CA of example.net, 192.0.2.0/24 and 2001:db8::/32; server.name is
 * est.example.net. */
int office_setup_with_ca(void **state);

#endif
