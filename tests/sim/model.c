/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/model_batch.h"

#include "base/mem.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BATCH_OF(m, i) (&(m)->batches[i])

void (*model_fail_sink)(const char *text);

void model_fail(const struct model *m, const char *format, ...)
{
    char text[1024];
    int len = snprintf(text, sizeof(text), "%s: ", m->name);
    va_list args;
    va_start(args, format);
    vsnprintf(text + len, sizeof(text) - (size_t)len, format, args);
    va_end(args);
    model_fail_sink(text);
    exit(1);
}

void model_init(struct model *m, const char *name, const struct model_rules *rules,
                const struct clock *clock)
{
    *m = (struct model){.name = name,
                        .rules = rules,
                        .clock = clock,
                        .wall_max_ms = INT64_MIN,
                        .bytes_known = true};
    for (size_t i = 0; i < COUNT_OF(m->last_of_key); i++)
        m->last_of_key[i] = -1;
}

void model_deinit(struct model *m)
{
    while (m->count > 0)
        model_batch_remove(m, m->count - 1);
    mem_free(m->batches);
    m->batches = NULL;
    m->cap = 0;
}

/* --- what happened -------------------------------------------------------------------------- */

static struct model_batch *batch_add(struct model *m, int64_t base, uint64_t number)
{
    const struct model_batch *last = m->count == 0 ? NULL : BATCH_OF(m, m->count - 1);
    int64_t max_ms = INT64_MIN;
    if (last != NULL) {
        max_ms = model_batch_max_ms(last);
        if (last->max_before_ms > max_ms)
            max_ms = last->max_before_ms;
    }
    if (m->count == m->cap) {
        m->cap = m->cap == 0 ? 16 : m->cap * 2;
        m->batches = mem_realloc(m->batches, m->cap * sizeof(m->batches[0]));
    }
    struct model_batch *b = &m->batches[m->count++];
    *b = (struct model_batch){.number = number, .base = base, .max_before_ms = max_ms};
    return b;
}

void model_appended(struct model *m, int64_t offset, uint64_t number, const uint64_t *ids,
                    const int64_t *timestamps_ms, size_t count, bool append_time)
{
    struct model_batch *b = m->count == 0 ? NULL : BATCH_OF(m, m->count - 1);
    if (m->failed)
        model_fail(m, "took an append after it had failed");
    if (offset != m->next)
        model_fail(m, "append got offset %lld, not %lld", (long long)offset, (long long)m->next);
    if (offset < m->seen_bound)
        model_fail(m, "offset %lld is given again: a reader has seen up to %lld", (long long)offset,
                   (long long)m->seen_bound - 1);
    if (b == NULL || b->number != number) {
        if (b != NULL && number <= b->number)
            model_fail(m, "batch number %llu after %llu", (unsigned long long)number,
                       (unsigned long long)b->number);
        b = batch_add(m, offset, number);
    }
    if (b->state != MODEL_APPENDED || model_batch_end(b) != offset)
        model_fail(m, "offset %lld joins a batch that was written", (long long)offset);
    b->append_time = append_time;
    b->records = mem_realloc(b->records, (b->count + count) * sizeof(b->records[0]));
    for (size_t i = 0; i < count; i++)
        b->records[b->count++] =
            (struct model_record){.id = ids[i], .timestamp_ms = timestamps_ms[i]};
    m->next = model_batch_end(b);
}

void model_written(struct model *m, uint64_t number, int64_t now_us)
{
    if (number <= m->number_written)
        model_fail(m, "written says %llu again", (unsigned long long)number);
    m->number_written = number;
    for (size_t i = 0; i < m->count; i++) {
        struct model_batch *b = BATCH_OF(m, i);
        if (b->state != MODEL_APPENDED || b->number > number)
            continue;
        if (b->doubtful)
            model_fail(m, "batch %llu is written after it was refused",
                       (unsigned long long)b->number);
        b->state = MODEL_WRITTEN;
        model_batch_live(m, b);
        b->written_us = now_us;
    }
}

void model_synced(struct model *m, uint64_t number)
{
    if (number <= m->number_synced || number > m->number_written)
        model_fail(m, "synced says %llu after %llu, written is %llu", (unsigned long long)number,
                   (unsigned long long)m->number_synced, (unsigned long long)m->number_written);
    m->number_synced = number;
    for (size_t i = 0; i < m->count; i++) {
        struct model_batch *b = BATCH_OF(m, i);
        if (b->number > number || b->number == 0)
            continue;
        if (b->doubtful || b->state == MODEL_APPENDED)
            model_fail(m, "batch %llu is synced but was refused or not written",
                       (unsigned long long)b->number);
        b->state = MODEL_DURABLE;
        model_batch_durable(m, b);
    }
}

/* Batches that never were: their offsets are free. */
static void take_back(struct model *m, uint64_t first)
{
    while (m->count > 0 && BATCH_OF(m, m->count - 1)->number >= first) {
        struct model_batch *b = BATCH_OF(m, m->count - 1);
        if (b->state != MODEL_APPENDED)
            model_fail(m, "written batch %llu is refused as if it could be forgotten",
                       (unsigned long long)b->number);
        m->next = b->base;
        model_batch_remove(m, m->count - 1);
    }
}

void model_refused(struct model *m, uint64_t first, uint64_t last, enum err why)
{
    if (first > last || first <= m->number_synced)
        model_fail(m, "refused %llu..%llu, synced is %llu", (unsigned long long)first,
                   (unsigned long long)last, (unsigned long long)m->number_synced);
    if (why == ERR_NOSPACE || why == ERR_LIMIT) {
        take_back(m, first);
        return;
    }
    m->failed = true;
    for (size_t i = 0; i < m->count; i++)
        if (m->batches[i].number >= first)
            m->batches[i].doubtful = true;
}

void model_failed(struct model *m, enum err why)
{
    if (m->failed)
        return;
    for (size_t i = 0; i < m->count; i++)
        if (m->batches[i].state != MODEL_DURABLE && !m->batches[i].doubtful)
            model_fail(m, "it failed (%s) and does not say so of batch %llu", err_text(why),
                       (unsigned long long)m->batches[i].number);
    m->failed = true;
}

void model_marker_spoiled(struct model *m)
{
    m->marker_spoiled = true;
}

void model_checkpoint_spoiled(struct model *m)
{
    m->checkpoint_spoiled = true;
}

void model_closed(struct model *m)
{
    m->start_marker = m->start;
    m->marker_spoiled = false;
    for (size_t i = 0; i < m->count; i++)
        if (!m->batches[i].doubtful) {
            m->batches[i].state = MODEL_DURABLE;
            model_batch_durable(m, BATCH_OF(m, i));
        }
}

void model_doubt(struct model *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->batches[i].state != MODEL_DURABLE)
            m->batches[i].doubtful = true;
}

void model_doubt_unheard(struct model *m)
{
    model_doubt(m);
    m->unheard = true;
}

bool model_may_rot(const struct model *m, int64_t base, bool of_base)
{
    size_t i = model_first_from(m, base);
    if (i == m->count)
        return !of_base;
    if (!of_base) {
        for (size_t j = i + 1; j < m->count && j <= i + 2; j++)
            if (m->batches[j].base_rotted)
                return false;
        return true;
    }
    for (size_t j = i; j > 0 && j + 2 > i; j--) /* two that agree before it */
        if (m->batches[j - 1].damaged)
            return false;
    return !m->compacts && !m->checkpoint_spoiled && i + 1 < m->count &&
           model_batch_end(BATCH_OF(m, i)) == m->batches[i + 1].base;
}

bool model_knows_bases(const struct model *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->batches[i].base_rotted)
            return false;
    return true;
}

void model_rotted(struct model *m, int64_t base, bool of_base)
{
    struct model_batch *b = model_batch_at(m, base);
    m->bytes_known = false;
    if (b == NULL)
        return;
    b->damaged = true;
    b->base_rotted |= of_base;
}

/* --- the log start -------------------------------------------------------------------------- */

/* The first record from an offset on that is not older, by its own timestamp or by the greatest before. */
static int64_t first_young(const struct model *m, int64_t from, int64_t cutoff_ms, bool by_own)
{
    for (size_t i = model_first_from(m, from); i < m->count; i++) {
        const struct model_batch *b = BATCH_OF(m, i);
        int64_t age_ms = b->max_before_ms;
        if (!model_live(b) || (by_own && (b->damaged || b->doubtful)))
            continue;
        for (size_t j = 0; j < b->count; j++) {
            int64_t own_ms = model_timestamp(b, j), offset = b->base + (int64_t)j;
            if (own_ms > age_ms)
                age_ms = own_ms;
            if (by_own && model_may_miss(m, b, j))
                continue;
            if (offset >= from && (by_own ? own_ms : age_ms) >= cutoff_ms)
                return offset;
        }
    }
    return INT64_MAX;
}

/* The first batch from which on there are no more bytes than that; the newest stays. */
static int64_t first_in_bytes(const struct model *m, int64_t bytes_max)
{
    int64_t sum = 0, first = INT64_MAX;
    for (size_t i = m->count; i-- > 0;) {
        const struct model_batch *b = BATCH_OF(m, i);
        if (!model_live(b))
            continue;
        sum += (int64_t)model_batch_len(b);
        if (first != INT64_MAX && sum > bytes_max)
            break;
        first = b->base;
    }
    return first;
}

int64_t model_written_next(const struct model *m)
{
    for (size_t i = m->count; i-- > 0;)
        if (model_live(BATCH_OF(m, i)))
            return model_batch_end(BATCH_OF(m, i));
    return m->start;
}

void model_start_bounds(const struct model *m, int64_t cutoff_ms, int64_t bytes_max, int64_t *low,
                        int64_t *high)
{
    int64_t end = model_written_next(m);
    *low = *high = m->start;
    if (cutoff_ms > INT64_MIN) {
        *low = first_young(m, m->start, cutoff_ms, false);
        *high = first_young(m, m->start, cutoff_ms, true);
    }
    if (bytes_max >= 0 && !m->compacts) {
        int64_t first = first_in_bytes(m, bytes_max);
        if (first != INT64_MAX && first > *high) {
            /* With what goes by size may go the time that what is behind ages by: no start looks for the greatest
             * timestamps of segments that it does not scan. */
            int64_t young = first_young(m, first, cutoff_ms, true);
            *high = cutoff_ms > INT64_MIN && young > first ? young : first;
        }
        if (first != INT64_MAX && first > *low && m->bytes_known)
            *low = first;
    }
    if (bytes_max >= 0 && (m->compacts || !m->bytes_known))
        *high = m->next;
    if (*low > end)
        *low = end;
    if (*high > end)
        *high = m->next > end ? m->next : end;
    if (*low < m->start)
        *low = m->start;
    if (*high < m->start)
        *high = m->start;
}

/* What retention and trims leave to be kept. */
static int64_t start_max(const struct model *m, int64_t cutoff_ms, int64_t bytes_max)
{
    int64_t low, high;
    model_start_bounds(m, cutoff_ms, bytes_max, &low, &high);
    return m->trim_to > high ? m->trim_to : high;
}

void model_trimmed(struct model *m, int64_t log_start, int64_t cutoff_ms, int64_t bytes_max,
                   int64_t now_us)
{
    if (log_start < m->start)
        model_fail(m, "the log start goes back from %lld to %lld", (long long)m->start,
                   (long long)log_start);
    int64_t high = start_max(m, cutoff_ms, bytes_max);
    if (log_start > high)
        model_fail(m, "the log start is %lld, but records from %lld on are to be kept",
                   (long long)log_start, (long long)high);
    m->start = log_start;
    /* Of those too many, the last that may not be durable yet stand for the ones before. */
    if (m->move_count == MODEL_MOVES_MAX)
        m->move_count--;
    m->moves[m->move_count++] = (struct model_move){.start = log_start, .at_us = now_us};
}

static void firm(struct model *m, int64_t log_start)
{
    if (log_start > m->start_firm)
        m->start_firm = log_start;
}

void model_trim_asked(struct model *m, int64_t offset)
{
    if (offset > m->trim_to)
        m->trim_to = offset;
}

void model_trim_durable(struct model *m, int64_t log_start)
{
    if (log_start > m->start)
        model_fail(m, "a trim says the log start is %lld; it is %lld", (long long)log_start,
                   (long long)m->start);
    if (log_start > m->start_marker) /* else it may be the marker that has it */
        firm(m, log_start);
}

void model_quiet(struct model *m, int64_t before_us)
{
    size_t done = 0;
    while (done < m->move_count && m->moves[done].at_us <= before_us)
        firm(m, m->moves[done++].start);
    m->move_count -= done;
    memmove(m->moves, m->moves + done, m->move_count * sizeof(m->moves[0]));
}
