/* What the registrar's own files share. */
#ifndef REGISTRAR_INTERNAL_H
#define REGISTRAR_INTERNAL_H

#include "registrar/limits.h"
#include "registrar/registrar.h"

struct registrar {
	struct registrar_config config;
	struct limits *limits;
};

#endif
