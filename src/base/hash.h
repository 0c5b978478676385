/* SPDX-License-Identifier: BSD-3-Clause */
/* Hashes. SipHash-2-4 (libsodium) where clients choose the input; murmur2 because Kafka's Java client
 * places keys with it (org.apache.kafka.common.utils.Utils.murmur2, seed 0x9747b28c). */
#ifndef ECHOLOG_BASE_HASH_H
#define ECHOLOG_BASE_HASH_H

#include "base/bytes.h"
#include <stdint.h>

#define HASH_KEY_BYTES 16

struct hash_key {
    unsigned char bytes[HASH_KEY_BYTES]; /* random, chosen once at start */
};

uint64_t hash_keyed(const struct hash_key *key, struct bytes data);
uint32_t hash_murmur2(struct bytes data);

#endif
