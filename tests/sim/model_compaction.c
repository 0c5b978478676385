/* SPDX-License-Identifier: BSD-3-Clause */
/* Which records compaction may have taken out of a batch, and that what it has taken out stays away. A record
 * may be missing when a later one of its key is on the device, or when it is a tombstone that a pass may
 * have found old enough. All others are as sure as in any log. */
#include "sim/model_batch.h"

/* The earliest time at which a tombstone that was found now may go. */
static int64_t horizon_ms(const struct model *m)
{
    return m->clock->wall_ms > INT64_MAX - m->delete_retention_ms
               ? INT64_MAX
               : m->clock->wall_ms + m->delete_retention_ms;
}

static void lower_horizon(const struct model *m, struct model_batch *b)
{
    if (horizon_ms(m) < b->horizon_ms)
        b->horizon_ms = horizon_ms(m);
}

/* What has changed makes horizons that are noted from now on earlier, perhaps. */
static void lower_horizons(struct model *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (model_live(BATCH_OF(m, i)))
            lower_horizon(m, BATCH_OF(m, i));
}

void model_configured(struct model *m, const struct partition_config *config)
{
    m->compacts |= config->compact;
    m->delete_retention_ms = config->delete_retention_ms;
    lower_horizons(m);
}

void model_time_back(struct model *m, int64_t before_ms)
{
    if (before_ms > m->wall_max_ms)
        m->wall_max_ms = before_ms;
    lower_horizons(m);
}

void model_batch_live(struct model *m, struct model_batch *b)
{
    b->horizon_ms = INT64_MAX;
    lower_horizon(m, b);
}

void model_batch_durable(struct model *m, const struct model_batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        unsigned key = model_key(b->records[i].id);
        int64_t offset = b->base + (int64_t)i;
        if (key != 0 && offset > m->last_of_key[key])
            m->last_of_key[key] = offset;
    }
}

bool model_may_miss(const struct model *m, const struct model_batch *b, size_t i)
{
    uint64_t id = b->records[i].id;
    unsigned key = model_key(id);
    if (!m->compacts)
        return false;
    if (key != 0 && m->last_of_key[key] > b->base + (int64_t)i)
        return true;
    return model_is_tombstone(id) &&
           (m->wall_max_ms >= b->horizon_ms || m->clock->wall_ms >= b->horizon_ms);
}

bool model_may_miss_from(const struct model *m, const struct model_batch *b, int64_t offset)
{
    for (size_t i = 0; i < b->count; i++)
        if (b->base + (int64_t)i >= offset && !model_may_miss(m, b, i))
            return false;
    return true;
}

size_t model_check_compacted(const struct model *m)
{
    enum { NOTHING, DELETED, SOMETHING } behind[MODEL_KEYS_MAX + 1] = {NOTHING};
    size_t missing = 0;
    for (size_t i = m->count; i-- > 0 && model_batch_end(BATCH_OF(m, i)) > m->start;) {
        const struct model_batch *b = BATCH_OF(m, i);
        for (size_t j = b->count; j-- > 0;) {
            const struct model_record *r = &b->records[j];
            unsigned key = model_key(r->id);
            bool known =
                b->found || (b->state == MODEL_DURABLE && !b->told && !b->damaged && !b->doubtful);
            missing += !r->found && known;
            if (key == 0)
                continue;
            if (r->found && behind[key] == DELETED)
                model_fail(m, "the record at %lld is back after its key was deleted",
                           (long long)b->base + (long long)j);
            if (r->found || !known)
                behind[key] = SOMETHING;
            else if (behind[key] == NOTHING && model_is_tombstone(r->id))
                behind[key] = DELETED;
        }
    }
    return missing;
}
