/* Our domain, a device, and its manufacturer. */
#ifndef TESTS_UNIT_REGISTRAR_WORLD_H
#define TESTS_UNIT_REGISTRAR_WORLD_H

#include "registrar/domain_signer.h"
#include "tests/unit/ca/craft.h"
#include "voucher/artifact.h"

#define WORLD_SERIAL "SN-1"

#define WORLD_FORMATS 3
extern const enum voucher_format world_formats[WORLD_FORMATS];

struct world {
	struct crafted root, issuing, leaf;
	struct crafted maker, device, other, voucher_ca, masa;
	struct domain_signer *domain;
	struct voucher_signer *device_signer, *other_signer, *masa_signer;
};

/* cmocka's setup and teardown of all tests: *state is the world. */
int world_setup(void **state);
int world_teardown(void **state);

/* A certificate; a CA's if that is in its name. issuer NULL: self-signed. */
void world_craft(
    struct crafted *out, const char *cn, const struct crafted *issuer);
/* Signs vouchers and requests with it; the caller frees. */
struct voucher_signer *world_signer(const struct crafted *c);

#endif
