/* SPDX-License-Identifier: BSD-3-Clause */
#include "crowd.h"

#include "base/mem.h"
#include "storage/journal.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define VALUE_BYTES 64 /* and more that follows its NUL */

static void on_written(struct partition *p, void *ctx, uint64_t batch)
{
    (void)p, (void)ctx, (void)batch;
}

static void on_synced(struct partition *p, void *ctx, uint64_t batch)
{
    struct crowd_member *m = ctx;
    cr_assert_eq(batch, partition_batch_synced(p));
    m->acknowledged = m->had + p->synced_offset - m->began;
    if (m->on_synced != NULL)
        m->on_synced(m);
}

static void on_refused(struct partition *p, void *ctx, uint64_t first, uint64_t last, enum err why)
{
    struct crowd_member *m = ctx;
    (void)p, (void)first, (void)last;
    m->refusals++;
    m->refused_why = why;
}

static const struct partition_events events = {
    .written = on_written, .synced = on_synced, .refused = on_refused};

void crowd_make(struct crowd *c, size_t i, const char *id)
{
    struct crowd_member *m = &c->members[i];
    m->crowd = c;
    m->config = c->b.config;
    m->had = m->began = m->acknowledged = 0;
    snprintf(m->dir, sizeof(m->dir), "many-%zu", i);
    snprintf(m->id, sizeof(m->id), "%s", id);
    m->config.id = m->id;
    m->p = partition_create(c->b.st, m->dir, &m->config, &events, m);
}

void crowd_start(struct crowd *c)
{
    bench_start(&c->b);
}

void crowd_init(struct crowd *c, size_t count, uint64_t journal_bytes_max, unsigned group_min)
{
    *c = (struct crowd){.count = count};
    cr_assert_leq(count, CROWD_MAX);
    bench_init_alone(&c->b);
    c->b.journal_bytes_max = journal_bytes_max;
    c->b.journal_group_min = group_min;
    c->b.with_journal = true;
    c->b.files_max = CROWD_MAX * FILES_PER_WRITABLE_SEGMENT; /* none has to open them again */
    crowd_start(c);
    for (size_t i = 0; i < count; i++)
        crowd_make(c, i, "the same topic");
    crowd_settle(c);
    storage_opened(c->b.st);
}

static void close_all(struct crowd *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct crowd_member *m = &c->members[i];
        if (m->p == NULL)
            continue;
        enum err err = partition_close(m->p);
        (void)err;
        m->p = NULL;
    }
    bench_stop(&c->b);
}

void crowd_close(struct crowd *c)
{
    c->b.disk->hold = false;
    close_all(c);
}

void crowd_deinit(struct crowd *c)
{
    crowd_close(c);
    fake_disk_destroy(c->b.disk);
    timers_deinit(&c->b.timers);
}

void crowd_crash(struct crowd *c, enum fake_kept kept, uint64_t seed)
{
    fake_disk_power_off(c->b.disk);
    close_all(c);
    fake_disk_power_on(c->b.disk, kept, seed);
    crowd_start(c);
}

enum err crowd_open_one(struct crowd *c, size_t i)
{
    struct crowd_member *m = &c->members[i];
    enum err err = partition_open(c->b.st, m->dir, &m->config, &events, m, &m->recovery, &m->p);
    if (err != ERR_OK)
        return err;
    m->had = crowd_check(c, i);
    m->began = m->p->next_offset;
    cr_assert_geq(m->had, m->acknowledged, "%s has %lld records, and said it had %lld", m->dir,
                  (long long)m->had, (long long)m->acknowledged);
    return ERR_OK;
}

void crowd_open(struct crowd *c)
{
    for (size_t i = 0; i < c->count; i++)
        cr_assert_eq(crowd_open_one(c, i), ERR_OK, "partition %zu", i);
    storage_opened(c->b.st);
}

/* --- appending ------------------------------------------------------------------------------- */

static void append(struct crowd_member *m, size_t len)
{
    char *value = mem_zalloc(1, len);
    snprintf(value, len, "%s %lld", m->dir, (long long)partition_append_offset(m->p));
    struct record r = {.timestamp_ms = m->crowd->b.clock.wall_ms, .value = bytes_of(value, len)};
    int64_t offset;
    uint64_t batch;
    cr_assert_eq(partition_append(m->p, &r, 1, &offset, &batch), ERR_OK);
    mem_free(value);
}

void crowd_append_bytes(struct crowd *c, size_t i, size_t len)
{
    append(&c->members[i], len);
    partition_want_sync(c->members[i].p);
    partition_commit(c->members[i].p);
}

void crowd_append(struct crowd *c, size_t i)
{
    crowd_append_bytes(c, i, VALUE_BYTES);
}

void crowd_append_written(struct crowd *c, size_t i)
{
    append(&c->members[i], VALUE_BYTES);
    partition_commit(c->members[i].p);
}

void crowd_sync(struct crowd *c)
{
    storage_sync(c->b.st);
}

void crowd_settle(struct crowd *c)
{
    do {
        crowd_sync(c);
        fake_disk_settle(c->b.disk);
        crowd_sync(c);
    } while (fake_disk_waiting(c->b.disk) > 0);
}

void crowd_put_all(struct crowd *c)
{
    for (size_t i = 0; i < c->count; i++)
        crowd_append(c, i);
    crowd_settle(c);
}

void crowd_pass(struct crowd *c, int64_t ms)
{
    bench_pass(&c->b, ms);
    if (!c->b.disk->hold)
        crowd_settle(c);
}

/* --- looking --------------------------------------------------------------------------------- */

int64_t crowd_check(struct crowd *c, size_t i)
{
    struct crowd_member *m = &c->members[i];
    char expected[VALUE_BYTES];
    c->b.p = m->p;
    int64_t count = (int64_t)bench_count(&c->b, 0, 4096), checked = 0;
    for (int64_t offset = 0; offset < m->p->next_offset && checked < count; offset++) {
        const char *value = bench_get(&c->b, offset, NULL);
        snprintf(expected, sizeof(expected), "%s %lld", m->dir, (long long)offset);
        if (value != NULL)
            cr_assert_str_eq(value, expected);
        checked += value != NULL;
    }
    cr_assert_eq(checked, count);
    c->b.p = NULL;
    return count;
}

void crowd_check_acknowledged(struct crowd *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct crowd_member *m = &c->members[i];
        int64_t there = m->p == NULL ? m->acknowledged : crowd_check(c, i);
        cr_assert_geq(there, m->acknowledged, "%s has %lld records, and said it had %lld", m->dir,
                      (long long)there, (long long)m->acknowledged);
    }
}

static bool count_file(void *ctx, const char *name, enum disk_entry_kind kind)
{
    size_t *count = ctx;
    uint64_t first;
    *count += kind == DISK_ENTRY_FILE && journal_name_parse(name, &first);
    return true;
}

size_t crowd_journal_files(struct crowd *c)
{
    size_t count = 0;
    enum err err = disk_list(&c->b.disk->disk, JOURNAL_DIR, count_file, &count);
    cr_assert(err == ERR_OK || err == ERR_NOT_FOUND);
    return count;
}

const struct storage_stats *crowd_stats(const struct crowd *c)
{
    return storage_stats(c->b.st);
}
