/* SPDX-License-Identifier: BSD-3-Clause */
/* Hashes: SipHash-2-4 from libsodium, and MurmurHash2 (32 bits) with the seed that Kafka uses. */
#include "base/hash.h"
#include "base/check.h"
#include <sodium/crypto_shorthash_siphash24.h>

#define MURMUR_SEED 0x9747b28cU
#define MURMUR_M 0x5bd1e995U
#define MURMUR_R 24

static_assert(HASH_KEY_BYTES == crypto_shorthash_siphash24_KEYBYTES, "the key fits the hash");
static_assert(sizeof(uint64_t) == crypto_shorthash_siphash24_BYTES, "the hash fits the result");

uint64_t hash_keyed(const struct hash_key *key, struct bytes data)
{
    uint64_t hash;
    int failed = crypto_shorthash_siphash24((unsigned char *)&hash,
                                            (const unsigned char *)data.data, data.len, key->bytes);

    ASSERT(failed == 0);
    return hash;
}

static uint32_t load_le32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t hash_murmur2(struct bytes data)
{
    const unsigned char *p = (const unsigned char *)data.data;
    size_t left = data.len;
    uint32_t h = MURMUR_SEED ^ (uint32_t)data.len;

    for (; left >= 4; p += 4, left -= 4) {
        uint32_t k = load_le32(p) * MURMUR_M;

        k ^= k >> MURMUR_R;
        h = (h * MURMUR_M) ^ (k * MURMUR_M);
    }
    if (left > 0) { /* one to three bytes behind the last whole word */
        uint32_t k = 0;

        while (left > 0)
            k = k << 8 | p[--left];
        h = (h ^ k) * MURMUR_M;
    }
    h ^= h >> 13;
    h *= MURMUR_M;
    return h ^ h >> 15;
}
