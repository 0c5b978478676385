/* SPDX-License-Identifier: BSD-3-Clause */
/* CRC-32C (Castagnoli), as record batches carry it; computed by ISA-L. */
#ifndef ECHOLOG_BASE_CRC32C_H
#define ECHOLOG_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The finished checksum of `len` bytes: crc32c("123456789", 9) is 0xe3069283. */
uint32_t crc32c(const void *data, size_t len);
/* Continues a finished checksum over more bytes; start with 0. */
uint32_t crc32c_extend(uint32_t crc, const void *data, size_t len);

#endif
