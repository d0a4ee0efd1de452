/* What the registrar's own files share. */
#ifndef REGISTRAR_INTERNAL_H
#define REGISTRAR_INTERNAL_H

#include "ca/trust.h"
#include "registrar/basic.h"
#include "registrar/limits.h"
#include "registrar/maker_list.h"
#include "registrar/registrar.h"

struct registrar {
	struct registrar_config config;
	struct limits *limits;
	struct limits *token_limits; /* of tokens that are refused */
	struct trust *trust; /* the CA's own chain; NULL without a signer */
	struct basic *basic;
	struct maker_cache makers;
};

#endif
