/* SPDX-License-Identifier: BSD-3-Clause */
/* What the checkpoint says about a partition, and the two promises that hang on it: no offset that a
 * reader may have seen is given out again, and files before the log start go only when nobody will look
 * for them. */
#include "storage/partition_internal.h"

#include "base/mem.h"

void partition_checkpoint_synced(const struct partition *p, struct checkpoint *c)
{
    const struct segment *s = partition_active(p);
    *c = p->checkpoint;
    c->segment_base = s->base_offset;
    c->synced_pos = s->bytes;
    c->synced_offset = p->next_offset;
    c->segment_began_ms = s->began_ms;
    c->segment_max_timestamp_ms = s->max_timestamp_ms;
    c->segment_max_timestamp_offset = s->index.max_timestamp_offset;
}

bool partition_reserve_low(const struct partition *p)
{
    return p->reserved - p->append_offset < p->reserve_ahead / 2;
}

void partition_checkpoint_update(struct partition *p, struct checkpoint *c)
{
    if (p->log_start <=
        c->synced_offset) { /* these two belong together; else the older ones stand */
        c->log_start = p->log_start;
        c->dropped_max_ms = p->dropped_max_ms;
    }
    c->max_timestamp_ms = p->max_timestamp_ms;
    c->compacted_to = p->compacted_to;
    c->cleaned_to = p->cleaned_to;
    c->failed = p->failed != ERR_OK;
    memset(c->boot_id, 0, sizeof(c->boot_id));
    memcpy(c->boot_id, p->st->options.disk->boot_id,
           strnlen(p->st->options.disk->boot_id, sizeof(c->boot_id) - 1));
    c->reserved = p->reserved;
    if (!partition_reserve_low(p))
        return;
    /* Twice in a short time: reserve more, so that it stays rare. */
    if (p->reserved > 0 && p->reserve_ahead < RESERVE_AHEAD_MAX)
        p->reserve_ahead *= 2;
    c->reserved = p->append_offset + p->reserve_ahead;
}

void partition_take_checkpoint(struct partition *p, struct checkpoint *c,
                               const struct checkpoint_place *place)
{
    mem_free(p->checkpoint.epochs);
    p->checkpoint = *c;
    p->checkpoint_place = *place;
    p->leader_epoch = c->epochs[c->epoch_count - 1].epoch;
    p->log_start = p->durable_start = c->log_start;
    p->reserved = c->reserved;
    p->max_timestamp_ms = c->max_timestamp_ms;
    p->dropped_max_ms = c->dropped_max_ms;
    p->compacted_to = p->noted_compacted_to = c->compacted_to; /* in one slot, perhaps in both */
    p->cleaned_to = c->cleaned_to;
}

bool partition_checkpoint_due(const struct partition *p, const struct checkpoint *c)
{
    int64_t flush_us =
        p->config.flush_ms < INT64_MAX / 1000 ? p->config.flush_ms * 1000 : INT64_MAX;
    return c->reserved > p->reserved || c->failed ||
           p->st->options.clock->mono_us - p->checkpoint_synced_us >= flush_us;
}

void partition_checkpoint_written(struct partition *p, const struct checkpoint *c, bool synced)
{
    struct checkpoint_epoch *epochs = p->checkpoint.epochs;
    size_t epoch_count = p->checkpoint.epoch_count;
    p->checkpoint = *c;
    p->checkpoint.epochs = epochs;
    p->checkpoint.epoch_count = epoch_count;
    if (!synced)
        return;
    /* Long since the last time: fewer will do. */
    if (p->st->options.clock->mono_us - p->checkpoint_synced_us > RESERVE_CALM_US &&
        p->reserve_ahead > RESERVE_AHEAD_MIN)
        p->reserve_ahead /= 2;
    p->checkpoint_synced_us = p->st->options.clock->mono_us;
    p->reserved = c->reserved;
    p->reserve_put_off = false;
    p->durable_start = c->log_start;
    p->durable_compacted_to = p->noted_compacted_to;
    p->noted_compacted_to = c->compacted_to;
    checkpoint_advance(&p->checkpoint_place);
}

void partition_begin_epoch(struct partition *p, int32_t epoch, int64_t first_offset)
{
    struct checkpoint *c = &p->checkpoint;
    ASSERT(c->epoch_count == 0 || epoch > c->epochs[c->epoch_count - 1].epoch);
    if (c->epoch_count == CHECKPOINT_EPOCHS_MAX) { /* the oldest is forgotten */
        c->epoch_count--;
        memmove(c->epochs, c->epochs + 1, c->epoch_count * sizeof(c->epochs[0]));
    }
    c->epochs = mem_realloc(c->epochs, (c->epoch_count + 1) * sizeof(c->epochs[0]));
    c->epochs[c->epoch_count++] =
        (struct checkpoint_epoch){.epoch = epoch, .first_offset = first_offset};
    p->leader_epoch = epoch;
}

bool partition_epoch_begins(const struct partition *p, int64_t offset)
{
    const struct checkpoint *c = &p->checkpoint;
    for (size_t i = c->epoch_count; i > 0 && c->epochs[i - 1].first_offset >= offset; i--)
        if (c->epochs[i - 1].first_offset == offset)
            return true;
    /* Before the history that is known nothing can be said. */
    return c->epoch_count == 0 || offset < c->epochs[0].first_offset;
}
