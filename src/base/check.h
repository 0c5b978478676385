/* SPDX-License-Identifier: BSD-3-Clause */
/* Assertions and compiler annotations. ASSERT is always on and only for our own mistakes; what a
 * client or a disk hands us is checked and answered with an error, never asserted. */
#ifndef ECHOLOG_BASE_CHECK_H
#define ECHOLOG_BASE_CHECK_H

#include <assert.h>
#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define NORETURN __attribute__((noreturn))
/* Kept out of its callers, which would save registers and check the stack for it each time: RARE is hardly ever called. */
#define RARE __attribute__((cold, noinline))
#define OUT_OF_LINE __attribute__((noinline))
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
/* The struct of type `type` whose member `member` is at `ptr`. */
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Prints the failed condition with its place to standard error and aborts. */
NORETURN void check_failed(const char *condition, const char *file, int line);
/* Prints `text`, which says why this process cannot go on, to standard error and aborts. */
NORETURN void check_fatal(const char *text);
/* Hears `text` before the abort: a program may define this function, to put it where people look. */
void check_on_fatal(const char *text);

#define ASSERT(condition)                                 \
    do {                                                  \
        if (UNLIKELY(!(condition)))                       \
            check_failed(#condition, __FILE__, __LINE__); \
    } while (0)

#endif
