/* SPDX-License-Identifier: BSD-3-Clause */
/* CRC-32C by ISA-L. Its crc32_iscsi works on the bare register, so both ends are inverted here. */
#include "base/crc32c.h"
#include "base/check.h"
#include <isa-l/crc.h>
#include <limits.h>
#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx"))) OUT_OF_LINE static void clear_upper_halves(void)
{
    _mm256_zeroupper();
}

/* The library leaves the upper halves of wide registers in use, and the processor keeps them through every
 * instruction for narrow ones until it comes back: which takes longer than the checksum of a small batch. */
static void leave_wide_registers(void)
{
    if (__builtin_cpu_supports("avx"))
        clear_upper_halves();
}
#else
static void leave_wide_registers(void)
{
}
#endif

uint32_t crc32c_extend(uint32_t crc, const void *data, size_t len)
{
    /* The library takes a pointer without const, and only reads. */
    unsigned char *p = (unsigned char *)(uintptr_t)data;
    uint32_t state = ~crc;

    while (len > 0) {
        int piece = len > INT_MAX ? INT_MAX : (int)len;

        state = crc32_iscsi(p, piece, state);
        p += piece;
        len -= (size_t)piece;
    }
    leave_wide_registers();
    return ~state;
}

uint32_t crc32c(const void *data, size_t len)
{
    return crc32c_extend(0, data, len);
}
