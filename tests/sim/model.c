/* SPDX-License-Identifier: BSD-3-Clause */
#include "sim/model.h"

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

void model_init(struct model *m, const char *name, const struct model_rules *rules)
{
    *m = (struct model){.name = name, .rules = rules, .bytes_known = true};
}

static void batch_remove(struct model *m, size_t i)
{
    mem_free(m->batches[i].records);
    m->count--;
    memmove(&m->batches[i], &m->batches[i + 1], (m->count - i) * sizeof(m->batches[0]));
}

void model_deinit(struct model *m)
{
    while (m->count > 0)
        batch_remove(m, m->count - 1);
    mem_free(m->batches);
    m->batches = NULL;
    m->cap = 0;
}

/* --- records -------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* `len` >= 8 bytes that begin with the id. */
static struct bytes fill(char **at, uint64_t id, size_t len)
{
    struct bytes b = bytes_of(*at, len);
    uint64_t word = id;
    for (size_t i = 0; i < len; i += 8) {
        size_t part = len - i < 8 ? len - i : 8;
        memcpy(*at + i, &word, part);
        word = mix(word + i);
    }
    *at += len;
    return b;
}

void model_make(uint64_t id, int64_t timestamp_ms, struct model_scratch *scratch, struct record *r)
{
    uint64_t h = mix(id);
    char *at = scratch->bytes;
    size_t value_len = 8 + h % 120;
    if (h % 16 == 1)
        value_len = 8 + (h >> 20) % 4000;
    *r = (struct record){.timestamp_ms = timestamp_ms, .headers = scratch->headers};
    r->key = h % 3 == 0 ? BYTES_NULL : fill(&at, mix(id), 8 + (h >> 8) % 24);
    bool tombstone = h % 11 == 0 && h % 3 != 0;
    r->value = tombstone ? BYTES_NULL : fill(&at, id, value_len);
    r->header_count = h % 7 == 0 ? 1 + (h >> 16) % 3 : 0;
    for (size_t i = 0; i < r->header_count; i++) {
        scratch->headers[i].name = fill(&at, h + i, 8);
        scratch->headers[i].value = (h >> i) % 2 ? BYTES_NULL : fill(&at, h ^ i, 8 + i);
    }
    ASSERT((size_t)(at - scratch->bytes) <= sizeof(scratch->bytes));
}

static bool same(struct bytes a, struct bytes b)
{
    return bytes_is_null(a) == bytes_is_null(b) && bytes_equal(a, b);
}

static bool record_is(const struct record_view *view, uint64_t id)
{
    struct model_scratch scratch;
    struct record want;
    struct record_header header;
    struct bytes cursor = view->headers;
    model_make(id, 0, &scratch, &want);
    if (!same(view->key, want.key) || !same(view->value, want.value) ||
        view->header_count != want.header_count)
        return false;
    for (size_t i = 0; i < want.header_count; i++)
        if (record_view_header(&cursor, &header) != ERR_OK ||
            !same(header.name, want.headers[i].name) || !same(header.value, want.headers[i].value))
            return false;
    return true;
}

/* --- batches -------------------------------------------------------------------------------- */

static int64_t batch_end(const struct model_batch *b)
{
    return b->base + (int64_t)b->count;
}

static int64_t batch_max_ms(const struct model_batch *b)
{
    int64_t max = INT64_MIN;
    for (size_t i = 0; i < b->count; i++)
        if (b->records[i].timestamp_ms > max)
            max = b->records[i].timestamp_ms;
    return max;
}

static int64_t timestamp_of(const struct model_batch *b, size_t i)
{
    return b->append_time ? batch_max_ms(b) : b->records[i].timestamp_ms;
}

static bool live(const struct model_batch *b)
{
    return b->state >= MODEL_WRITTEN;
}

/* The place of the first batch that ends behind `offset`. */
static size_t first_from(const struct model *m, int64_t offset)
{
    size_t low = 0, high = m->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (batch_end(BATCH_OF(m, middle)) <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct model_batch *batch_at(const struct model *m, int64_t base)
{
    size_t i = first_from(m, base);
    return i < m->count && m->batches[i].base == base ? &m->batches[i] : NULL;
}

static size_t batch_len(const struct model_batch *b)
{
    struct batch_builder builder = {0};
    struct model_scratch scratch;
    struct record r;
    batch_builder_begin(&builder, b->base);
    for (size_t i = 0; i < b->count; i++) {
        model_make(b->records[i].id, b->records[i].timestamp_ms, &scratch, &r);
        batch_builder_add(&builder, &r);
    }
    size_t len = builder.buf.len;
    batch_builder_deinit(&builder);
    return len;
}

size_t model_records(const struct model *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->count; i++)
        n += m->batches[i].count;
    return n;
}

/* --- what happened -------------------------------------------------------------------------- */

static struct model_batch *batch_add(struct model *m, int64_t base, uint64_t number)
{
    const struct model_batch *last = m->count == 0 ? NULL : BATCH_OF(m, m->count - 1);
    int64_t max_ms = INT64_MIN;
    if (last != NULL) {
        max_ms = batch_max_ms(last);
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

void model_appended(struct model *m, int64_t offset, uint64_t number, uint64_t first_id,
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
    if (b->state != MODEL_APPENDED || batch_end(b) != offset)
        model_fail(m, "offset %lld joins a batch that was written", (long long)offset);
    b->append_time = append_time;
    b->records = mem_realloc(b->records, (b->count + count) * sizeof(b->records[0]));
    for (size_t i = 0; i < count; i++)
        b->records[b->count++] =
            (struct model_record){.id = first_id + i, .timestamp_ms = timestamps_ms[i]};
    m->next = batch_end(b);
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
        batch_remove(m, m->count - 1);
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

void model_quiet(struct model *m, int64_t synced_offset)
{
    int64_t start = m->start < synced_offset ? m->start : synced_offset;
    if (!m->failed && start > m->start_firm)
        m->start_firm = start;
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

void model_closed(struct model *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (!m->batches[i].doubtful)
            m->batches[i].state = MODEL_DURABLE;
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

void model_rotted(struct model *m, int64_t base)
{
    struct model_batch *b = batch_at(m, base);
    m->bytes_known = false;
    if (b != NULL)
        b->damaged = true;
}

/* --- the log start -------------------------------------------------------------------------- */

/* The first record from the log start on that is not older, by its own timestamp or by the greatest before. */
static int64_t first_young(const struct model *m, int64_t cutoff_ms, bool by_own)
{
    for (size_t i = first_from(m, m->start); i < m->count; i++) {
        const struct model_batch *b = BATCH_OF(m, i);
        int64_t age_ms = b->max_before_ms;
        if (!live(b) || (by_own && (b->damaged || b->doubtful)))
            continue;
        for (size_t j = 0; j < b->count; j++) {
            int64_t own_ms = timestamp_of(b, j), offset = b->base + (int64_t)j;
            if (own_ms > age_ms)
                age_ms = own_ms;
            if (offset >= m->start && (by_own ? own_ms : age_ms) >= cutoff_ms)
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
        if (!live(b))
            continue;
        sum += (int64_t)batch_len(b);
        if (first != INT64_MAX && sum > bytes_max)
            break;
        first = b->base;
    }
    return first;
}

static int64_t written_next(const struct model *m)
{
    for (size_t i = m->count; i-- > 0;)
        if (live(BATCH_OF(m, i)))
            return batch_end(BATCH_OF(m, i));
    return m->start;
}

void model_start_bounds(const struct model *m, int64_t cutoff_ms, int64_t bytes_max, int64_t *low,
                        int64_t *high)
{
    int64_t end = written_next(m);
    *low = *high = m->start;
    if (cutoff_ms > INT64_MIN) {
        *low = first_young(m, cutoff_ms, false);
        *high = first_young(m, cutoff_ms, true);
    }
    if (bytes_max >= 0) {
        int64_t first = first_in_bytes(m, bytes_max);
        if (first != INT64_MAX && first > *high)
            *high = first;
        if (first != INT64_MAX && first > *low && m->bytes_known)
            *low = first;
    }
    if (bytes_max >= 0 && !m->bytes_known)
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

void model_trimmed(struct model *m, int64_t log_start, int64_t cutoff_ms, int64_t bytes_max)
{
    int64_t low, high;
    if (log_start < m->start)
        model_fail(m, "the log start goes back from %lld to %lld", (long long)m->start,
                   (long long)log_start);
    model_start_bounds(m, cutoff_ms, bytes_max, &low, &high);
    if (log_start > high)
        model_fail(m, "the log start is %lld, but records from %lld on are to be kept",
                   (long long)log_start, (long long)high);
    m->start = log_start;
}

/* --- checks --------------------------------------------------------------------------------- */

void model_check_info(struct model *m, const struct partition_info *info)
{
    int64_t next = written_next(m);
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
    return (struct model_moment){
        .start = m->start, .next = written_next(m), .cutoff_ms = cutoff_ms, .trouble = trouble};
}

static void see(struct model *m, const struct model_batch *b)
{
    if (batch_end(b) > m->seen_bound)
        m->seen_bound = batch_end(b);
}

/* One batch that was read is one batch that was written. Returns its place. */
static size_t check_batch(struct model *m, struct bytes batch, struct batch_header *header)
{
    struct batch_iter it;
    struct record_view view;
    enum err err = batch_iter_init(&it, batch);
    if (err != ERR_OK)
        model_fail(m, "a read gave what is no batch: %s", err_text(err));
    *header = it.header;
    const struct model_batch *b = batch_at(m, it.header.base_offset);
    if (b == NULL || (size_t)it.header.record_count != b->count)
        model_fail(m, "a read gave a batch at %lld with %d records that nobody appended",
                   (long long)it.header.base_offset, it.header.record_count);
    for (size_t i = 0; i < b->count; i++) {
        err = batch_iter_next(&it, &view);
        if (err != ERR_OK)
            model_fail(m, "the batch at %lld ends early: %s", (long long)b->base, err_text(err));
        if (view.offset != b->base + (int64_t)i)
            model_fail(m, "offset %lld stands where %lld should", (long long)view.offset,
                       (long long)b->base + (long long)i);
        if (!record_is(&view, b->records[i].id))
            model_fail(m, "the record at %lld is not the one that was appended",
                       (long long)view.offset);
        if (view.timestamp_ms != timestamp_of(b, i))
            model_fail(m, "the record at %lld has timestamp %lld, not %lld", (long long)view.offset,
                       (long long)view.timestamp_ms, (long long)timestamp_of(b, i));
    }
    if (batch_iter_next(&it, &view) != ERR_NOT_FOUND)
        model_fail(m, "the batch at %lld holds more than was appended", (long long)b->base);
    return (size_t)(b - m->batches);
}

static struct bytes take_batch(struct model *m, struct bytes *rest)
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
    for (size_t i = first_from(m, from); i < m->count && m->batches[i].base < to; i++)
        if (live(BATCH_OF(m, i)) && m->batches[i].base < began->next &&
            batch_end(BATCH_OF(m, i)) > from)
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
        int64_t own_ms = timestamp_of(b, i);
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
        struct bytes batch = take_batch(m, &rest);
        const struct model_batch *b = BATCH_OF(m, check_batch(m, batch, &header));
        if (!live(b))
            model_fail(m, "a reader sees batch %llu before it is written",
                       (unsigned long long)b->number);
        if (batch_end(b) <= at)
            model_fail(m, "a read from %lld gave the batch at %lld", (long long)at,
                       (long long)b->base);
        check_not_skipped(m, began, at, b->base);
        if (!began->trouble) /* else the log start may not have been found */
            check_age(m, b, from, began->cutoff_ms);
        see(m, b);
        at = batch_end(b);
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
    for (size_t i = first_from(m, from); i < m->count && m->batches[i].base < to; i++) {
        const struct model_batch *b = BATCH_OF(m, i);
        if (b->damaged || b->doubtful)
            any = true;
        else if (live(b) && b->base >= m->start)
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

/* The first record at or behind `from` that is not earlier, in batches that are whole (or in any). */
static int64_t first_at(const struct model *m, int64_t from, int64_t timestamp_ms, bool whole,
                        int64_t next)
{
    for (size_t i = first_from(m, from); i < m->count; i++) {
        const struct model_batch *b = BATCH_OF(m, i);
        if (!live(b) || b->base >= next || (whole && (b->damaged || b->doubtful)))
            continue;
        for (size_t j = 0; j < b->count; j++)
            if (b->base + (int64_t)j >= from && timestamp_of(b, j) >= timestamp_ms)
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
    size_t i = first_from(m, seek->offset);
    if (i == m->count || m->batches[i].base > seek->offset || !live(BATCH_OF(m, i)) ||
        timestamp_of(BATCH_OF(m, i), (size_t)(seek->offset - m->batches[i].base)) !=
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

/* --- the audit after a restart -------------------------------------------------------------- */

/* Whether the end of the run must have left it. */
static bool must_be_there(const struct model_batch *b, enum model_end end)
{
    if (b->state == MODEL_DURABLE)
        return true;
    if (end == MODEL_END_CLEAN)
        return !b->doubtful;
    return end == MODEL_END_KILL && b->state == MODEL_WRITTEN && !b->doubtful;
}

void model_audit_begin(struct model *m, enum model_end end, const struct partition_info *info,
                       int64_t start_max, bool cut_told)
{
    m->cut_told = cut_told;
    if (end == MODEL_END_POWER || m->failed)
        m->bytes_known = false;
    m->failed = false;
    m->number_written = m->number_synced = 0;
    for (size_t i = 0; i < m->count; i++)
        m->batches[i].found = m->batches[i].told = false;
    if (info->log_start < m->start_firm && m->rules->log_start)
        model_fail(m, "the log start went back from %lld to %lld over a restart",
                   (long long)m->start_firm, (long long)info->log_start);
    if (info->log_start > start_max && info->log_start > m->start)
        for (size_t i = first_from(m, m->start);
             i < m->count && m->batches[i].base < info->log_start; i++)
            if (must_be_there(BATCH_OF(m, i), end))
                model_fail(m,
                           "the log begins at %lld after a restart; the batch at %lld was durable",
                           (long long)info->log_start, (long long)m->batches[i].base);
    m->start = m->start_firm = info->log_start;
}

static int64_t audit_corrupt(struct model *m, const struct partition_read *read)
{
    int64_t from = read->corrupt_from, to = read->corrupt_to;
    if (from > read->offset || to <= read->offset)
        model_fail(m, "damage from %lld to %lld is told at %lld", (long long)from, (long long)to,
                   (long long)read->offset);
    for (size_t i = first_from(m, from); i < m->count && m->batches[i].base < to; i++) {
        struct model_batch *b = BATCH_OF(m, i);
        if (b->found)
            model_fail(m, "damage is told from %lld to %lld, but the batch at %lld was read",
                       (long long)from, (long long)to, (long long)b->base);
        if (b->state == MODEL_DURABLE && !b->damaged && b->base >= m->start)
            model_fail(m, "the batch at %lld was durable and is now told to be damaged",
                       (long long)b->base);
        b->told = true;
        b->damaged = true; /* it stays in the log as a range that cannot be read */
        b->doubtful = false;
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
        struct bytes batch = take_batch(m, &rest);
        struct model_batch *b = BATCH_OF(m, check_batch(m, batch, &header));
        if (batch_end(b) <= at)
            model_fail(m, "a read from %lld gave the batch at %lld", (long long)at,
                       (long long)b->base);
        b->found = true;
        see(m, b);
        at = batch_end(b);
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

void model_audit_end(struct model *m, enum model_end end, const struct partition_info *info)
{
    int64_t behind = m->start;
    for (size_t i = m->count; i-- > 0;) {
        struct model_batch *b = BATCH_OF(m, i);
        if (batch_end(b) > m->start && !b->found && !b->told) {
            if (!b->damaged || !m->cut_told)
                check_lost(m, b, end);
            batch_remove(m, i);
            continue;
        }
        if (batch_end(b) > behind)
            behind = batch_end(b);
        /* What a failed sync forgot is in the page cache only, until it is written anew. */
        bool forgotten = b->doubtful && b->state == MODEL_WRITTEN &&
                         (m->unheard || !m->rules->forgotten) && end != MODEL_END_POWER;
        b->state = forgotten ? MODEL_WRITTEN : MODEL_DURABLE;
        b->doubtful = forgotten;
        b->number = 0;
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
}
