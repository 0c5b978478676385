/* SPDX-License-Identifier: BSD-3-Clause */
#include "crash/item.h"
#include "crash/random.h"
#include <stdio.h>
#include <string.h>

#define HEAD_LEN 32 /* "w0001 s00000001 0123456789abcdef" */

/* Mostly small; some that fill a batch, or more than one. */
static size_t draw_len(struct random *r)
{
    uint32_t kind = random_below(r, 1000);
    if (kind < 3)
        return random_between(r, 50000, ITEM_VALUE_MAX - HEAD_LEN - 1);
    if (kind < 30)
        return random_between(r, 1000, 9000);
    return random_below(r, 250);
}

static void fill(struct random *r, char *to, size_t len)
{
    while (len > 0) {
        uint64_t bytes = random_next(r);
        size_t some = len < sizeof(bytes) ? len : sizeof(bytes);
        memcpy(to, &bytes, some);
        to += some;
        len -= some;
    }
}

static uint64_t checksum(uint64_t seed, uint32_t writer, uint32_t sequence, const char *bytes,
                         size_t len)
{
    struct random r = {seed ^ ((uint64_t)writer << 40) ^ sequence};
    uint64_t sum = random_next(&r);
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ (unsigned char)bytes[i]) * 0x100000001b3u; /* FNV-1a */
    return sum;
}

void item_make(uint64_t seed, uint32_t writer, uint32_t sequence, struct item *item)
{
    struct random r = {seed + ((uint64_t)writer << 32) + sequence};
    random_next(&r);
    item->key_len = (size_t)snprintf(item->key, sizeof(item->key), "k%u", random_below(&r, 50));
    if (random_chance(&r, 20)) {
        item->key_len = random_below(&r, ITEM_KEY_MAX);
        fill(&r, item->key, item->key_len);
    }
    char *bytes = item->value + HEAD_LEN + 1;
    size_t len = draw_len(&r);
    fill(&r, bytes, len);
    char head[HEAD_LEN + 2];
    snprintf(head, sizeof(head), "w%04x s%08x %016llx ", writer & 0xffff, sequence,
             (unsigned long long)checksum(seed, writer, sequence, bytes, len));
    memcpy(item->value, head, HEAD_LEN + 1);
    item->value_len = HEAD_LEN + 1 + len;
}

bool item_sender(const char *value, size_t len, uint32_t *writer, uint32_t *sequence)
{
    char head[HEAD_LEN + 1] = {0};
    if (len < HEAD_LEN + 1)
        return false;
    memcpy(head, value, HEAD_LEN);
    return sscanf(head, "w%4x s%8x ", writer, sequence) == 2;
}

/* Murmur2 with the seed that Kafka's Java client has. */
static uint32_t murmur2(const unsigned char *data, size_t len)
{
    const uint32_t m = 0x5bd1e995;
    uint32_t h = 0x9747b28cu ^ (uint32_t)len;
    for (; len >= 4; data += 4, len -= 4) {
        uint32_t k = (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 |
                     (uint32_t)data[3] << 24;
        k *= m;
        k ^= k >> 24;
        k *= m;
        h = h * m ^ k;
    }
    for (size_t i = len; i > 0; i--)
        h ^= (uint32_t)data[i - 1] << (8 * (i - 1));
    if (len > 0)
        h *= m;
    h ^= h >> 13;
    h *= m;
    return h ^ h >> 15;
}

int32_t item_partition(const char *key, size_t len, int32_t partitions)
{
    return (int32_t)(murmur2((const unsigned char *)key, len) & 0x7fffffff) % partitions;
}
