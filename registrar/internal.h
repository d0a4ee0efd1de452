/* What the registrar's own files share. */
#ifndef REGISTRAR_INTERNAL_H
#define REGISTRAR_INTERNAL_H

#include <pthread.h>

#include "ca/trust.h"
#include "registrar/basic.h"
#include "registrar/domain_signer.h"
#include "registrar/limits.h"
#include "registrar/maker_list.h"
#include "registrar/masa.h"
#include "registrar/registrar.h"
#include "registrar/requester_cache.h"
#include "registrar/voucher_ask.h"

struct registrar {
	struct registrar_config config;
	struct limits *limits;
	struct limits *token_limits; /* of tokens that are refused */
	struct trust *trust; /* the CA's own chain; NULL without a signer */
	struct basic *basic;
	struct maker_cache makers;
	struct requester_cache *requesters;

	pthread_mutex_t signer_mutex;
	struct domain_signer *domain_signer; /* under signer_mutex */
	struct masa *masa;
	struct questions *questions;
};

#endif
