/* SPDX-License-Identifier: BSD-3-Clause */
/* Allocation. Running out of memory is fatal by decision: a broker that limps on without memory
 * cannot keep its promises, and a restart loses nothing acknowledged. So none of these returns NULL.
 * The allocator itself (jemalloc or libc) is chosen at link time. */
#ifndef ECHOLOG_BASE_MEM_H
#define ECHOLOG_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t len) __attribute__((malloc));
/* `count` zeroed items of `size` bytes; the product must not overflow (asserted). */
void *mem_zalloc(size_t count, size_t size) __attribute__((malloc));
void *mem_realloc(void *ptr, size_t len);
/* A NUL-terminated copy of `len` bytes; owned by the caller. */
char *mem_strndup(const char *s, size_t len);
char *mem_strdup(const char *s);
void mem_free(void *ptr);

#endif
