/* Certificates as they come, many and fast: one that the CA issued, with
 * another serial number, name, key and date put into its place. Their
 * signatures are that one's, which nobody looks at in the store. */
#ifndef TESTS_BENCH_SAMPLE_H
#define TESTS_BENCH_SAMPLE_H

#include "ca/cert.h"
#include "ca/signer.h"
#include "db/certificate.h"
#include "server/state.h"

#define SAMPLE_NAME_MAX 24

/* What the pattern has, and where it stands in its DER. */
struct sample {
	struct blob der;
	size_t serial, name, not_before, not_after, key;
};

/* One of them; row borrows the rest. */
struct sample_cert {
	struct certificate row;
	char serial[SERIAL_HEX_MAX];
	char subject[SAMPLE_NAME_MAX + 4];
	char identity[SAMPLE_NAME_MAX];
};

/* Who has certificate i of identities: their labels and how they are named. */
void sample_identity(char out[SAMPLE_NAME_MAX], int64_t i);

/* Has one issued. */
int sample_init(
    struct sample *sample, struct signer *signer, struct reason *why) NODISCARD;
void sample_fini(struct sample *sample);
/* Certificate i, issued at that moment, with a serial number as the CA would
 * give it then, or random from end to end. The DER is the sample's, until the
 * next one. */
void sample_make(struct sample *sample, struct sample_cert *out, int64_t i,
    int64_t at, bool random);

/* The state directory of an appliance that does not run, for main(). */
struct bench_state {
	struct state state;
	struct store *store;
	struct signer *signer;
};

int bench_open(
    struct bench_state *bench, const char *dir, struct reason *why) NODISCARD;
void bench_close(struct bench_state *bench);

#endif
