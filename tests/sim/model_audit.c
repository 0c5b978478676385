/* SPDX-License-Identifier: BSD-3-Clause */
/* What a restart left, held against the model. */
#include "sim/model_batch.h"

/* Whether the end of the run must have left it. */
static bool must_be_there(const struct model_batch *b, enum model_end end)
{
    if (b->state == MODEL_DURABLE)
        return true;
    if (end == MODEL_END_CLEAN)
        return !b->doubtful;
    return end == MODEL_END_KILL && b->state == MODEL_WRITTEN && !b->doubtful;
}

/* It may be there, or not, or be told as damage. */
static void forgive(struct model_batch *b)
{
    b->state = MODEL_WRITTEN;
    b->doubtful = b->damaged = true;
}

/* The log start is where it is known to be durable, at least. */
static void audit_start(struct model *m, const struct model_restart *restart, int64_t log_start)
{
    int64_t firm = m->start_firm;
    if (!m->marker_spoiled && m->start_marker > firm)
        firm = m->start_marker;
    if (log_start < firm && !m->checkpoint_spoiled && m->rules->log_start)
        model_fail(m, "the log start went back from %lld to %lld over a restart", (long long)firm,
                   (long long)log_start);
    int64_t start_max = restart->start_max > m->start_tried ? restart->start_max : m->start_tried;
    if (log_start > start_max && log_start > m->start)
        for (size_t i = model_first_from(m, m->start);
             i < m->count && m->batches[i].base < log_start; i++)
            if (must_be_there(BATCH_OF(m, i), restart->end) &&
                !model_may_miss_from(m, BATCH_OF(m, i), 0))
                model_fail(m,
                           "the log begins at %lld after a restart; the batch at %lld was durable",
                           (long long)log_start, (long long)m->batches[i].base);
    for (size_t i = model_first_from(m, log_start);
         m->checkpoint_spoiled && i < m->count && m->batches[i].base < start_max; i++)
        forgive(BATCH_OF(m, i)); /* its file may be gone */
    m->start_tried = restart->clean ? start_max : log_start;
    m->start = m->start_marker = m->trim_to = log_start;
    if (!restart->clean || m->start_firm > log_start)
        m->start_firm = log_start;
    m->move_count = 0;
}

void model_audit_begin(struct model *m, const struct model_restart *restart,
                       const struct partition_info *info)
{
    m->cut_told = restart->cut_told;
    if (restart->end == MODEL_END_POWER || m->failed || m->checkpoint_spoiled)
        m->bytes_known = false;
    m->failed = false;
    m->number_written = m->number_synced = 0;
    for (size_t i = 0; i < m->count; i++) {
        struct model_batch *b = BATCH_OF(m, i);
        b->found = b->told = false;
        for (size_t j = 0; j < b->count; j++)
            b->records[j].found = false;
    }
    audit_start(m, restart, info->log_start);
    if (!restart->clean) /* it is written anew */
        m->checkpoint_spoiled = false;
}

static int64_t audit_corrupt(struct model *m, const struct partition_read *read)
{
    int64_t from = read->corrupt_from, to = read->corrupt_to;
    if (from > read->offset || to <= read->offset)
        model_fail(m, "damage from %lld to %lld is told at %lld", (long long)from, (long long)to,
                   (long long)read->offset);
    for (size_t i = model_first_from(m, from); i < m->count && m->batches[i].base < to; i++) {
        struct model_batch *b = BATCH_OF(m, i);
        if (b->found)
            model_fail(m, "damage is told from %lld to %lld, but the batch at %lld was read",
                       (long long)from, (long long)to, (long long)b->base);
        if (model_may_miss_from(m, b, m->start)) {
            b->told = b->damaged = true; /* though nobody will miss it */
            continue;
        }
        if (b->state == MODEL_DURABLE && !b->damaged && b->base >= m->start)
            model_fail(m, "the batch at %lld was durable and is now told to be damaged",
                       (long long)b->base);
        b->told = true;
        b->damaged = true; /* it stays in the log as a range that cannot be read */
    }
    m->bytes_known = false;
    return to;
}

int64_t model_audit_read(struct model *m, const struct partition_read *read)
{
    struct batch_header header;
    struct bytes rest = read->batches;
    int64_t at = read->offset;
    if (read->err == ERR_CORRUPT)
        return audit_corrupt(m, read);
    if (read->err != ERR_OK)
        model_fail(m, "after a restart a read at %lld failed: %s", (long long)at,
                   err_text(read->err));
    while (rest.len > 0) {
        struct bytes batch = model_take_batch(m, &rest);
        struct model_batch *b = BATCH_OF(m, model_check_batch(m, batch, &header));
        if (model_batch_end(b) <= at)
            model_fail(m, "a read from %lld gave the batch at %lld", (long long)at,
                       (long long)b->base);
        b->found = true;
        model_see(m, b);
        at = model_batch_end(b);
    }
    return at > read->offset ? at : INT64_MAX;
}

static void check_lost(const struct model *m, const struct model_batch *b, enum model_end end)
{
    static const char *const ends[] = {"a clean stop", "the process was killed", "a power cut"};
    if (must_be_there(b, end))
        model_fail(m, "the %s batch at %lld%s is gone after %s",
                   b->state == MODEL_DURABLE ? "synced" : "written", (long long)b->base,
                   b->damaged ? " (damaged)" : "", ends[end]);
}

size_t model_audit_end(struct model *m, enum model_end end, const struct partition_info *info)
{
    int64_t behind = m->start;
    for (size_t i = m->count; i-- > 0;) {
        struct model_batch *b = BATCH_OF(m, i);
        bool there = b->found || b->told || model_batch_end(b) <= m->start;
        if (!there && b->state == MODEL_DURABLE && model_may_miss_from(m, b, m->start))
            there = true; /* an older file with it may come back, in step with the others */
        if (!there) {
            if (!b->damaged || !m->cut_told)
                check_lost(m, b, end);
            model_batch_remove(m, i);
            continue;
        }
        if (model_batch_end(b) > behind)
            behind = model_batch_end(b);
        /* What a failed sync forgot is in the page cache only, until it is written anew. */
        bool forgotten = b->doubtful && b->state == MODEL_WRITTEN &&
                         (m->unheard || !m->rules->forgotten) && end != MODEL_END_POWER;
        /* What was never synced and lies in a range that is damaged was there, or not: of what is before it nobody
         * can tell where it ended. Should that become readable, this is not missed. */
        bool behind_damage = b->told && !b->found && !must_be_there(b, end);
        b->state = forgotten || behind_damage ? MODEL_WRITTEN : MODEL_DURABLE;
        b->doubtful = b->state == MODEL_WRITTEN;
        b->number = 0;
        model_batch_durable(m, b);
    }
    if (info->next_offset < behind)
        model_fail(m, "the next offset after a restart is %lld; the log goes up to %lld",
                   (long long)info->next_offset, (long long)behind);
    if (info->next_offset < m->seen_bound) {
        if (end != MODEL_END_POWER || m->rules->reserved)
            model_fail(m, "the next offset after a restart is %lld; readers have seen up to %lld",
                       (long long)info->next_offset, (long long)m->seen_bound - 1);
        m->seen_bound = info->next_offset;
    }
    m->next = info->next_offset;
    m->unheard = false;
    return model_check_compacted(m);
}
