/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers to readers and what a describe says, held against the model. */
#include "sim/model_batch.h"

void model_check_info(struct model *m, const struct partition_info *info)
{
    int64_t next = model_written_next(m);
    if (info->log_start != m->start)
        model_fail(m, "the log start is %lld without a word; it was %lld",
                   (long long)info->log_start, (long long)m->start);
    if (info->next_offset < next || info->next_offset > m->next)
        model_fail(m, "the next offset is %lld; records are written up to %lld, appended to %lld",
                   (long long)info->next_offset, (long long)next, (long long)m->next);
    if (info->synced_offset > info->next_offset)
        model_fail(m, "synced up to %lld, next is %lld", (long long)info->synced_offset,
                   (long long)info->next_offset);
}

struct model_moment model_now(const struct model *m, int64_t cutoff_ms, bool trouble)
{
    return (struct model_moment){.start = m->start,
                                 .next = model_written_next(m),
                                 .cutoff_ms = cutoff_ms,
                                 .trouble = trouble};
}

void model_see(struct model *m, const struct model_batch *b)
{
    if (model_batch_end(b) > m->seen_bound)
        m->seen_bound = model_batch_end(b);
}

/* Those in [*i, to) are not in the batch. */
static void check_left_out(const struct model *m, const struct model_batch *b, size_t *i, size_t to)
{
    for (; *i < to; ++*i)
        if (!model_may_miss(m, b, *i))
            model_fail(m, "the record at %lld is left out of its batch",
                       (long long)b->base + (long long)*i);
}

static void check_record(const struct model *m, const struct model_batch *b, size_t i,
                         const struct record_view *view)
{
    if (!model_record_is(view, b->records[i].id))
        model_fail(m, "the record at %lld is not the one that was appended",
                   (long long)view->offset);
    if (view->timestamp_ms != model_timestamp(b, i))
        model_fail(m, "the record at %lld has timestamp %lld, not %lld", (long long)view->offset,
                   (long long)view->timestamp_ms, (long long)model_timestamp(b, i));
}

size_t model_check_batch(struct model *m, struct bytes batch, struct batch_header *header)
{
    struct batch_iter it;
    struct record_view view;
    size_t i = 0;
    enum err err = batch_iter_init(&it, batch);
    if (err != ERR_OK)
        model_fail(m, "a read gave what is no batch: %s", err_text(err));
    *header = it.header;
    const struct model_batch *b = model_batch_at(m, it.header.base_offset);
    if (b == NULL || batch_header_last_offset(&it.header) != model_batch_end(b) - 1)
        model_fail(m, "a read gave a batch from %lld to %lld that nobody appended",
                   (long long)it.header.base_offset,
                   (long long)batch_header_last_offset(&it.header));
    while ((err = batch_iter_next(&it, &view)) == ERR_OK) {
        if (view.offset < b->base + (int64_t)i || view.offset >= model_batch_end(b))
            model_fail(m, "offset %lld stands where %lld should", (long long)view.offset,
                       (long long)b->base + (long long)i);
        check_left_out(m, b, &i, (size_t)(view.offset - b->base));
        check_record(m, b, i, &view);
        b->records[i++].found = true;
    }
    if (err != ERR_NOT_FOUND)
        model_fail(m, "the batch at %lld ends early: %s", (long long)b->base, err_text(err));
    check_left_out(m, b, &i, b->count);
    return (size_t)(b - m->batches);
}

struct bytes model_take_batch(struct model *m, struct bytes *rest)
{
    struct batch_header header;
    if (batch_header_read(*rest, INT32_MAX, &header) != ERR_OK ||
        batch_header_len(&header) > rest->len)
        model_fail(m, "a read gave what is no whole batch");
    struct bytes batch = bytes_of(rest->data, batch_header_len(&header));
    *rest = bytes_of(rest->data + batch.len, rest->len - batch.len);
    return batch;
}

/* No record between the two offsets is left out that was written when the read began. */
static void check_not_skipped(const struct model *m, const struct model_moment *began, int64_t from,
                              int64_t to)
{
    for (size_t i = model_first_from(m, from); i < m->count && m->batches[i].base < to; i++)
        if (model_live(BATCH_OF(m, i)) && m->batches[i].base < began->next &&
            model_batch_end(BATCH_OF(m, i)) > from && !model_may_miss_from(m, BATCH_OF(m, i), from))
            model_fail(
                m,
                "a read from %lld goes on at %lld without a word: the batch at %lld%s is left out",
                (long long)from, (long long)to, (long long)m->batches[i].base,
                m->batches[i].damaged ? " (damaged)" : "");
}

static void check_age(const struct model *m, const struct model_batch *b, int64_t from,
                      int64_t cutoff_ms)
{
    int64_t age_ms = b->max_before_ms;
    for (size_t i = 0; i < b->count; i++) {
        int64_t own_ms = model_timestamp(b, i);
        if (own_ms > age_ms)
            age_ms = own_ms;
        if (b->base + (int64_t)i >= from && age_ms < cutoff_ms)
            model_fail(m, "a read gave %lld, which is older than the limit by %lld ms",
                       (long long)b->base + (long long)i, (long long)(cutoff_ms - age_ms));
    }
}

static void check_batches(struct model *m, const struct model_moment *began, int64_t from,
                          struct bytes rest)
{
    struct batch_header header;
    int64_t at = from;
    if (rest.len == 0)
        check_not_skipped(m, began, from, INT64_MAX);
    while (rest.len > 0) {
        struct bytes batch = model_take_batch(m, &rest);
        const struct model_batch *b = BATCH_OF(m, model_check_batch(m, batch, &header));
        if (!model_live(b))
            model_fail(m, "a reader sees batch %llu before it is written",
                       (unsigned long long)b->number);
        if (model_batch_end(b) <= at)
            model_fail(m, "a read from %lld gave the batch at %lld", (long long)at,
                       (long long)b->base);
        check_not_skipped(m, began, at, b->base);
        if (!began->trouble) /* else the log start may not have been found */
            check_age(m, b, from, began->cutoff_ms);
        model_see(m, b);
        at = model_batch_end(b);
    }
}

static void check_corrupt(const struct model *m, const struct model_moment *began, int64_t offset,
                          int64_t from, int64_t to)
{
    bool any = false;
    if (from > offset || to <= offset)
        model_fail(m, "damage from %lld to %lld is told at %lld", (long long)from, (long long)to,
                   (long long)offset);
    if (began->trouble)
        return; /* what the device does not give is as good as damaged */
    for (size_t i = model_first_from(m, from); i < m->count && m->batches[i].base < to; i++) {
        const struct model_batch *b = BATCH_OF(m, i);
        if (b->damaged || b->doubtful)
            any = true;
        else if (model_live(b) && b->base >= m->start && !model_may_miss_from(m, b, from))
            model_fail(m, "damage is told from %lld to %lld, but the batch at %lld is whole",
                       (long long)from, (long long)to, (long long)b->base);
    }
    if (!any)
        model_fail(m, "damage is told from %lld to %lld, where there is none", (long long)from,
                   (long long)to);
}

void model_check_read(struct model *m, const struct model_moment *began,
                      const struct partition_read *read)
{
    switch (read->err) {
    case ERR_OK:
        if (read->offset < m->start)
            model_fail(m, "a read at %lld before the log start %lld was answered",
                       (long long)read->offset, (long long)m->start);
        check_batches(m, began, read->offset, read->batches);
        break;
    case ERR_CORRUPT:
        check_corrupt(m, began, read->offset, read->corrupt_from, read->corrupt_to);
        break;
    case ERR_RANGE:
        if (read->offset >= m->start && read->offset <= began->next)
            model_fail(m, "offset %lld is out of range, which is %lld to %lld",
                       (long long)read->offset, (long long)m->start, (long long)began->next);
        break;
    default:
        if (!began->trouble)
            model_fail(m, "a read at %lld failed: %s", (long long)read->offset,
                       err_text(read->err));
    }
}

bool model_keeps_any(const struct model *m, int64_t from, int64_t to)
{
    for (size_t i = model_first_from(m, from); i < m->count && m->batches[i].base < to; i++)
        if (model_live(BATCH_OF(m, i)) && !model_may_miss_from(m, BATCH_OF(m, i), from))
            return true;
    return false;
}

/* The first record at or behind `from` that is not earlier, in batches that are whole (or in any). */
static int64_t first_at(const struct model *m, int64_t from, int64_t timestamp_ms, bool whole,
                        int64_t next)
{
    for (size_t i = model_first_from(m, from); i < m->count; i++) {
        const struct model_batch *b = BATCH_OF(m, i);
        if (!model_live(b) || b->base >= next || (whole && (b->damaged || b->doubtful)))
            continue;
        for (size_t j = 0; j < b->count; j++)
            if (b->base + (int64_t)j >= from && model_timestamp(b, j) >= timestamp_ms &&
                !(whole && model_may_miss(m, b, j)))
                return b->base + (int64_t)j;
    }
    return INT64_MAX;
}

void model_check_seek(struct model *m, const struct model_moment *began,
                      const struct partition_seek *seek)
{
    int64_t whole = first_at(m, m->start, seek->timestamp_ms, true, began->next);
    int64_t any = first_at(m, m->start, seek->timestamp_ms, false, INT64_MAX);
    if (seek->err == ERR_CORRUPT && any < whole)
        return;
    if (seek->err != ERR_OK) {
        if (!began->trouble)
            model_fail(m, "a search for %lld failed: %s", (long long)seek->timestamp_ms,
                       err_text(seek->err));
        return;
    }
    if (seek->found_timestamp_ms == -1) {
        if (whole != INT64_MAX)
            model_fail(m, "a search for %lld found nothing; %lld is there",
                       (long long)seek->timestamp_ms, (long long)whole);
        return;
    }
    size_t i = model_first_from(m, seek->offset);
    if (i == m->count || m->batches[i].base > seek->offset || !model_live(BATCH_OF(m, i)) ||
        model_timestamp(BATCH_OF(m, i), (size_t)(seek->offset - m->batches[i].base)) !=
            seek->found_timestamp_ms)
        model_fail(m, "a search for %lld found %lld at %lld, which is not there",
                   (long long)seek->timestamp_ms, (long long)seek->found_timestamp_ms,
                   (long long)seek->offset);
    if (seek->offset > whole || seek->offset < any || seek->found_timestamp_ms < seek->timestamp_ms)
        model_fail(m, "a search for %lld found %lld; the first is %lld",
                   (long long)seek->timestamp_ms, (long long)seek->offset,
                   (long long)(whole < any ? whole : any));
}

void model_check_flushed(const struct model *m, int64_t before_us)
{
    for (size_t i = 0; i < m->count; i++) {
        const struct model_batch *b = BATCH_OF(m, i);
        if (b->state == MODEL_WRITTEN && !b->doubtful && b->written_us <= before_us)
            model_fail(m, "batch %llu was written %lld ms ago and is not synced",
                       (unsigned long long)b->number,
                       (long long)(before_us - b->written_us) / 1000);
    }
}
