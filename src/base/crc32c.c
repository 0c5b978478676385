/* SPDX-License-Identifier: BSD-3-Clause */
/* CRC-32C by ISA-L. Its crc32_iscsi works on the bare register, so both ends are inverted here. */
#include "base/crc32c.h"
#include <isa-l/crc.h>
#include <limits.h>

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
    return ~state;
}

uint32_t crc32c(const void *data, size_t len)
{
    return crc32c_extend(0, data, len);
}
