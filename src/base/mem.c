/* SPDX-License-Identifier: BSD-3-Clause */
/* Allocation that does not fail: without memory the process says how much it wanted, and ends. */
#include "base/mem.h"
#include "base/check.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

NORETURN static void mem_exhausted(size_t len)
{
    char text[64];

    snprintf(text, sizeof(text), "out of memory: %zu bytes were not available", len);
    check_fatal(text);
}

void *mem_alloc(size_t len)
{
    void *ptr = malloc(len == 0 ? 1 : len);

    if (UNLIKELY(ptr == NULL))
        mem_exhausted(len);
    return ptr;
}

void *mem_zalloc(size_t count, size_t size)
{
    size_t len;
    bool overflows;
    void *ptr;

    overflows = __builtin_mul_overflow(count, size, &len);
    ASSERT(!overflows);
    ptr = calloc(1, len == 0 ? 1 : len);
    if (UNLIKELY(ptr == NULL))
        mem_exhausted(len);
    return ptr;
}

void *mem_realloc(void *ptr, size_t len)
{
    void *moved = realloc(ptr, len == 0 ? 1 : len);

    if (UNLIKELY(moved == NULL))
        mem_exhausted(len);
    return moved;
}

char *mem_strndup(const char *s, size_t len)
{
    char *copy = mem_alloc(len + 1);

    if (len > 0)
        memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

char *mem_strdup(const char *s)
{
    return mem_strndup(s, strlen(s));
}

void mem_free(void *ptr)
{
    free(ptr);
}
