/* SPDX-License-Identifier: BSD-3-Clause */
#include "simbroker/ledger.h"

#include "base/mem.h"
#include "base/num.h"
#include "simbroker/world.h"

#include <string.h>

void ledger_deinit(struct ledger *l)
{
    mem_free(l->records);
    for (int t = 0; t < LEDGER_TOPICS; t++)
        for (int p = 0; p < LEDGER_PARTITIONS_MAX; p++)
            mem_free(l->partitions[t][p].ids);
}

size_t ledger_add(struct ledger *l, int topic, int32_t partition, int key)
{
    if (l->count == l->cap) {
        l->cap = l->cap == 0 ? 256 : 2 * l->cap;
        l->records = mem_realloc(l->records, l->cap * sizeof(*l->records));
    }
    l->records[l->count] = (struct ledger_record){.topic = topic,
                                                  .partition = partition,
                                                  .key = key,
                                                  .sent_ms = l->clock->wall_ms,
                                                  .offset = -1};
    l->newest[topic][partition][key] = l->count;
    return l->count++;
}

/* A power cut may skip offsets by the million: it grows by doubling. */
static void grow(struct ledger_partition *p, size_t count)
{
    if (count <= p->count)
        return;
    if (count > p->cap) {
        p->cap = count > 2 * p->cap ? count : 2 * p->cap;
        p->ids = mem_realloc(p->ids, p->cap * sizeof(*p->ids));
    }
    memset(p->ids + p->count, 0xff, (count - p->count) * sizeof(*p->ids)); /* -1 */
    p->count = count;
}

/* The record `id` stands at `offset`, and no other ever does. */
static void place(struct ledger *l, size_t id, int64_t offset)
{
    struct ledger_record *r = &l->records[id];
    struct ledger_partition *p = &l->partitions[r->topic][r->partition];
    if (r->offset >= 0 && r->offset != offset)
        world_fail("record %zu of t%d/%d is at offset %lld and at %lld", id, r->topic,
                   (int)r->partition, (long long)r->offset, (long long)offset);
    grow(p, (size_t)offset + 1);
    if (p->ids[offset] >= 0 && p->ids[offset] != (int64_t)id)
        world_fail("offset %lld of t%d/%d holds record %zu, and held %lld", (long long)offset,
                   r->topic, (int)r->partition, id, (long long)p->ids[offset]);
    p->ids[offset] = (int64_t)id;
    r->offset = offset;
}

void ledger_acknowledged(struct ledger *l, size_t id, int64_t offset, enum ledger_ack ack)
{
    place(l, id, offset);
    l->records[id].ack = ack;
}

void ledger_power_cut(struct ledger *l)
{
    for (size_t i = 0; i < l->count; i++)
        l->records[i].may_be_lost |= l->records[i].ack == LEDGER_WRITTEN;
}

bool ledger_must_be_there(const struct ledger *l, const struct ledger_record *r)
{
    const struct ledger_kept *kept = &l->kept[r->topic];
    if (r->ack == LEDGER_SENT || r->may_be_lost || r->offset < l->trimmed[r->topic][r->partition])
        return false;
    if (kept->retention_ms > 0 && l->clock->wall_ms - r->sent_ms >= kept->retention_ms)
        return false;
    /* One that was sent later stands behind it, if it got there. */
    return !kept->compacted || r == &l->records[l->newest[r->topic][r->partition][r->key]];
}

size_t ledger_read(struct ledger *l, int topic, int32_t partition, int64_t offset,
                   struct bytes value)
{
    uint64_t id;
    if (!num_parse_u64(value, &id) || id >= l->count)
        world_fail("t%d/%d holds a record that was never sent: %.*s", topic, (int)partition,
                   (int)value.len, value.data);
    const struct ledger_record *r = &l->records[id];
    if (r->topic != topic || r->partition != partition)
        world_fail("record %llu was sent to t%d/%d and read from t%d/%d", (unsigned long long)id,
                   r->topic, (int)r->partition, topic, (int)partition);
    place(l, id, offset);
    return id;
}

void ledger_processed(struct ledger *l, size_t id, int group, bool once)
{
    struct ledger_record *r = &l->records[id];
    l->processed++;
    l->twice += r->processed[group] > 0;
    if (once && r->processed[group] > 0)
        world_fail("group g%d commits first and was given record %zu (t%d/%d offset %lld) twice",
                   group, id, r->topic, (int)r->partition, (long long)r->offset);
    r->processed[group]++;
}

void ledger_check_all(const struct ledger *l, int group, unsigned topics)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct ledger_record *r = &l->records[i];
        if ((topics >> r->topic & 1) != 0 && r->processed[group] == 0 && ledger_must_be_there(l, r))
            world_fail("group g%d was never given record %zu (t%d/%d offset %lld), which was "
                       "acknowledged",
                       group, i, r->topic, (int)r->partition, (long long)r->offset);
    }
}
