/* Small macros every room uses: attributes, ownership, bounds. */
#ifndef BASE_UTIL_H
#define BASE_UTIL_H

#include <stddef.h>
#include <stdlib.h>

#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define NODISCARD __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Hands the pointer out and clears the variable, so that its cleanup does
 * nothing. */
#define STEAL(p)                                                               \
	({                                                                     \
		__typeof__(p) stolen_ = (p);                                   \
		(p) = NULL;                                                    \
		stolen_;                                                       \
	})

/* The struct that holds this member. */
#define CONTAINER_OF(ptr, type, member)                                        \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline void
freep(void *p)
{
	free(*(void **)p);
}

/* A local that frees what it points to when it goes out of scope. */
#define AUTOFREE CLEANUP(freep)

#endif
