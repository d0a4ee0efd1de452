/* The loader's command line. */
#ifndef TESTS_BENCH_LOAD_OPTIONS_H
#define TESTS_BENCH_LOAD_OPTIONS_H

#include "tests/bench/load_worker.h"

/* Texts are borrowed from argv. */
struct load_options {
	const char *connect, *ca_file, *name, *path, *domain;
	const char *identity, *password_file, *code_file;
	const char *cert_file, *key_file, *csr_name;
	bool enroll, pake, keep_alive, json, timeline;
	size_t threads, csrs, first, idle;
	double seconds, rate;
	int timeout_ms;
	uint16_t pake_extension, pake_scheme;
	const char *sources[SOURCES_MAX];
	size_t n_sources;
};

/* -ERR_INVALID with a reason. *help when the usage was asked for. */
int load_options_parse(struct load_options *out, bool *help, int argc,
    char **argv, struct reason *why) NODISCARD;
/* A name or an address, and a port. */
int load_options_target(struct load_target *out,
    const struct load_options *options, struct reason *why) NODISCARD;

extern const char load_usage[];

#endif
