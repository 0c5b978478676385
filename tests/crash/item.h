/* SPDX-License-Identifier: BSD-3-Clause */
/* What a record holds follows from who sent it as his which: so whoever reads one can tell whether it is
 * as it was sent without having kept it. A value is
 *
 *     w<writer> s<sequence> <checksum> <bytes>
 *
 * where the checksum covers all of it and the seed of the run: a record of another run is a stranger. */
#ifndef TESTS_CRASH_ITEM_H
#define TESTS_CRASH_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ITEM_KEY_MAX 64
#define ITEM_VALUE_MAX (80 * 1024)

struct item {
    size_t key_len;
    size_t value_len;
    char key[ITEM_KEY_MAX];
    char value[ITEM_VALUE_MAX];
};

/* The record that writer number `writer` sends as its number `sequence`. */
void item_make(uint64_t seed, uint32_t writer, uint32_t sequence, struct item *item);
/* Who sent a value, by its own word. False: it is not one of these values at all. */
bool item_sender(const char *value, size_t len, uint32_t *writer, uint32_t *sequence);
/* Where a key goes: as Kafka's clients do it. */
int32_t item_partition(const char *key, size_t len, int32_t partitions);

#endif
