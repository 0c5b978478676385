/* SPDX-License-Identifier: BSD-3-Clause */
/* Up to eight bytes as one number, for comparing words without a loop. The number depends on the machine: it is only
 * good to be compared with others. */
#ifndef ECHOLOG_BASE_CHUNK_H
#define ECHOLOG_BASE_CHUNK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CHUNK_BYTES 8

static inline uint64_t chunk_part(const char *from, size_t len)
{
    uint64_t chunk = 0;
    memcpy(&chunk, from, len);
    return chunk;
}

/* Of `len` <= CHUNK_BYTES bytes; two numbers are equal when the lengths and the bytes are. Short ones are read from both
 * ends, which overlap. */
static inline uint64_t chunk_load(const char *from, size_t len)
{
    if (len == CHUNK_BYTES)
        return chunk_part(from, CHUNK_BYTES);
    if (len >= 4)
        return chunk_part(from, 4) | chunk_part(from + len - 4, 4) << 32;
    if (len >= 2)
        return chunk_part(from, 2) | chunk_part(from + len - 2, 2) << 32;
    return len == 1 ? chunk_part(from, 1) : 0;
}

#define CHUNK_OF_EACH(byte) (UINT64_MAX / 255 * (byte))

/* Its ASCII capital letters made small. */
static inline uint64_t chunk_lower(uint64_t chunk)
{
    uint64_t low = chunk & CHUNK_OF_EACH(0x7f);
    uint64_t from_a = low + CHUNK_OF_EACH(0x80 - 'A');
    uint64_t beyond_z = low + CHUNK_OF_EACH(0x80 - 'Z' - 1);
    uint64_t capital = from_a & ~beyond_z & ~chunk & CHUNK_OF_EACH(0x80);
    return chunk | capital >> 2;
}

#endif
