/* What the fuzz targets share: checks, and inputs in parts. A target is one
 * file fuzz_SUBJECT.c with libFuzzer's entry point, and its seeds are in
 * corpus/SUBJECT. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "base/buf.h"

/* libFuzzer's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* What must hold for every input. */
#define FUZZ_CHECK(condition)                                                  \
	do {                                                                   \
		if (!(condition))                                              \
			fuzz_failed(__FILE__, __LINE__, #condition);           \
	} while (0)

_Noreturn void fuzz_failed(const char *file, int line, const char *condition);

/* err is 0, or a refusal: one line of text says why, and it is neither the
 * crypto library's failure nor ours. */
void fuzz_check_refusal(int err, const struct reason *why);

/* A copy of just that size, so that ASan sees every read past it, with a NUL.
 * The caller frees. */
char *fuzz_text(struct bytes in);

/* Takes what is in front of the next separator, or all, off in; as text. */
char *fuzz_take_text(struct bytes *in, char separator);

/* Takes one byte; 0 when there is none. */
uint8_t fuzz_take_byte(struct bytes *in);

#endif
