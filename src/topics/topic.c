/* SPDX-License-Identifier: BSD-3-Clause */
/* Topics and their names, and which partition a record goes to. */
#include "topics/topic.h"

#include "base/hash.h"
#include "base/mem.h"
#include "topics/catalog.h"
#include "topics/topic_config.h"
#include "topics/topic_partition.h"

/* --- names ----------------------------------------------------------------------------------- */

static bool name_byte_allowed(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

enum err topic_check_name(struct bytes name, struct buf *why)
{
    if (name.len == 0) {
        buf_append_string(why, "A topic name must not be empty");
        return ERR_INVALID;
    }
    if (name.len > TOPIC_NAME_BYTES_MAX) {
        buf_printf(why, "A topic name has at most %d bytes, this one has %zu", TOPIC_NAME_BYTES_MAX,
                   name.len);
        return ERR_INVALID;
    }
    if (bytes_is(name, ".") || bytes_is(name, "..")) {
        buf_append_string(why, "A topic name cannot be '.' or '..'");
        return ERR_INVALID;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (name_byte_allowed(name.data[i]))
            continue;
        buf_append_string(why, "Illegal topic name ");
        topic_quote(why, name);
        buf_append_string(why, ": allowed are letters, digits, '.', '_' and '-'");
        return ERR_INVALID;
    }
    return ERR_OK;
}

bool topic_is_internal(struct bytes name)
{
    return bytes_starts_with(name, "__");
}

/* --- life ------------------------------------------------------------------------------------ */

struct topic *topic_ref(struct topic *t)
{
    ASSERT(t->refs > 0);
    t->refs++;
    return t;
}

void topic_unref(struct topic *t)
{
    ASSERT(t->refs > 0);
    if (--t->refs > 0)
        return;
    ASSERT(t->deleted);
    for (int32_t i = 0; i < t->partition_count; i++)
        topic_partition_destroy(t->partitions[i]);
    mem_free(t->partitions);
    topic_config_deinit(&t->config);
    mem_free((char *)(uintptr_t)t->name.data);
    mem_free(t);
}

/* --- partitions ------------------------------------------------------------------------------ */

struct topic_partition *topic_partition(const struct topic *t, int64_t number)
{
    if (number < 0 || number >= t->partition_count)
        return NULL;
    return t->partitions[number];
}

/* The partition for records without a key for the turn that begins. */
static void sticky_move(struct topic *t)
{
    for (int32_t i = 0; i < t->partition_count; i++) {
        const struct topic_partition *tp;

        t->sticky_partition = (t->sticky_partition + 1) % t->partition_count;
        tp = t->partitions[t->sticky_partition];
        if (tp->log != NULL && !tp->refuses)
            return;
    }
}

int32_t partition_of_key(struct bytes key, int32_t partitions)
{
    return (int32_t)((hash_murmur2(key) & 0x7fffffff) % (uint32_t)partitions);
}

struct topic_partition *topic_partition_for_key(struct topic *t, struct bytes key)
{
    uint64_t turn;

    if (!bytes_is_null(key))
        return t->partitions[partition_of_key(key, t->partition_count)];
    turn = catalog_turn(t->catalog);
    if (t->sticky_turn != turn) {
        t->sticky_turn = turn;
        sticky_move(t);
    }
    return t->partitions[t->sticky_partition];
}
