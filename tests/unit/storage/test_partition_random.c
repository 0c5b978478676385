/* SPDX-License-Identifier: BSD-3-Clause */
/* Random histories of one partition, each from a seed, held against a plain list of what was appended:
 * appends, commits, syncs, jobs in pieces, rolls, retention, full disks, failed syncs and writes, cold
 * caches, clean restarts, deaths of the process and power cuts. */
#include "base/mem.h"
#include "base/random.h"
#include "bench.h"
#include <criterion/criterion.h>
#include <stdlib.h>

#define SEEDS 300
#define STEPS 250
#define VALUE_BYTES_MAX 3000

enum state {
    APPENDED, /* nobody sees it yet */
    WRITTEN,  /* readers see it; survives the process */
    SYNCED,   /* survives everything */
    DOUBTFUL, /* may have survived a power cut or an error */
    GONE,     /* was seen perhaps, and is not there any more: its offset must stay unused */
};

struct entry {
    int64_t offset;
    int64_t timestamp_ms;
    uint64_t id; /* decides the value */
    uint64_t batch;
    enum state state;
};

struct history {
    struct bench b;
    struct random random;
    uint64_t seed;
    struct entry *entries; /* ascending offsets */
    size_t count;
    size_t cap;
    uint64_t id;
    int64_t seen; /* no offset below this may be given out any more */
    int64_t log_start;
    bool failing; /* an I/O error was injected in this run */
    bool spoiled; /* a power cut left any sectors: damage is allowed, but not in what was synced */
};

static struct history *of(void *ctx)
{
    return CONTAINER_OF((struct bench *)ctx, struct history, b);
}

static size_t value_len(uint64_t id)
{
    return 1 + id * 2654435761u % VALUE_BYTES_MAX;
}

static void value_make(uint64_t id, char *value)
{
    struct random r;
    random_seed(&r, id);
    for (size_t i = 0; i < value_len(id); i += 8) {
        uint64_t bits = random_next(&r);
        memcpy(value + i, &bits, 8);
    }
}

static struct entry *find(struct history *h, int64_t offset)
{
    size_t low = 0, high = h->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (h->entries[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low < h->count && h->entries[low].offset == offset ? &h->entries[low] : NULL;
}

/* --- what the partition tells ---------------------------------------------------------------- */

static void on_written(struct partition *p, void *ctx, uint64_t batch)
{
    struct history *h = of(ctx);
    (void)p;
    for (size_t i = 0; i < h->count; i++) {
        struct entry *e = &h->entries[i];
        if (e->state == APPENDED && e->batch <= batch) {
            e->state = WRITTEN;
            h->seen = e->offset + 1;
        }
    }
}

static void on_synced(struct partition *p, void *ctx, uint64_t batch)
{
    struct history *h = of(ctx);
    (void)p;
    for (size_t i = 0; i < h->count; i++) {
        struct entry *e = &h->entries[i];
        cr_assert_neq(e->state == APPENDED && e->batch <= batch && e->batch > 0, true,
                      "seed %llu: synced before written", (unsigned long long)h->seed);
        if (e->state == WRITTEN && e->batch <= batch)
            e->state = SYNCED;
    }
}

static void on_refused(struct partition *p, void *ctx, uint64_t first, uint64_t last, enum err why)
{
    struct history *h = of(ctx);
    size_t kept = 0;
    (void)p;
    cr_assert_leq(first, last);
    for (size_t i = 0; i < h->count; i++) {
        struct entry *e = &h->entries[i];
        bool named = e->batch >= first && e->batch <= last && e->batch > 0;
        cr_assert(!(named && e->state == SYNCED), "seed %llu: refused after it was synced",
                  (unsigned long long)h->seed);
        if (!named || e->state != APPENDED)
            h->entries[kept++] = *e;
    }
    h->count = kept;
    cr_assert(why == ERR_NOSPACE || h->failing, "seed %llu: %s", (unsigned long long)h->seed,
              err_text(why));
}

static void on_trimmed(struct partition *p, void *ctx)
{
    struct history *h = of(ctx);
    cr_assert_gt(partition_log_start(p), h->log_start);
    h->log_start = partition_log_start(p);
}

static const struct partition_events events = {
    .written = on_written, .synced = on_synced, .refused = on_refused, .trimmed = on_trimmed};

/* --- steps ------------------------------------------------------------------------------------ */

static uint64_t chance(struct history *h, uint64_t bound)
{
    return random_below(&h->random, bound);
}

static void append(struct history *h)
{
    static char values[5][VALUE_BYTES_MAX + 8];
    struct record records[5];
    size_t count = 1 + chance(h, 5);
    int64_t offset;
    uint64_t batch, id = h->id;
    for (size_t i = 0; i < count; i++) {
        int64_t timestamp = h->b.clock.wall_ms - (int64_t)chance(h, 3) * (int64_t)chance(h, 5000);
        value_make(id + i, values[i]);
        records[i] = (struct record){.timestamp_ms = timestamp,
                                     .value = bytes_of(values[i], value_len(id + i))};
    }
    enum err err = partition_append(h->b.p, records, count, &offset, &batch);
    if (err != ERR_OK) {
        cr_assert(err == ERR_FAILED && h->failing);
        return;
    }
    cr_assert_geq(offset, h->seen, "seed %llu: offset %lld was seen before",
                  (unsigned long long)h->seed, (long long)offset);
    cr_assert(h->count == 0 || offset > h->entries[h->count - 1].offset, "seed %llu",
              (unsigned long long)h->seed);
    h->id += count;
    for (size_t i = 0; i < count; i++) {
        if (h->count == h->cap) {
            h->cap = h->cap == 0 ? 64 : h->cap * 2;
            h->entries = mem_realloc(h->entries, h->cap * sizeof(h->entries[0]));
        }
        h->entries[h->count++] = (struct entry){.offset = offset + (int64_t)i,
                                                .timestamp_ms = records[i].timestamp_ms,
                                                .id = id + i,
                                                .batch = batch,
                                                .state = APPENDED};
    }
}

/* Checks the records of a read; returns how far it went. */
static void check_batches(struct history *h, struct bytes batches, int64_t from, int64_t to)
{
    char value[VALUE_BYTES_MAX + 8];
    struct batch_header header;
    struct batch_iter it;
    struct record_view r;
    int64_t expected = from; /* entries before it were met */
    while (batches.len > 0) {
        cr_assert_eq(batch_header_read(batches, INT32_MAX, &header), ERR_OK);
        size_t len = batch_header_len(&header);
        cr_assert_eq(batch_iter_init(&it, bytes_of(batches.data, len)), ERR_OK);
        while (batch_iter_next(&it, &r) == ERR_OK) {
            if (r.offset < from)
                continue;
            struct entry *e = find(h, r.offset);
            cr_assert_not_null(e, "seed %llu: offset %lld was never appended",
                               (unsigned long long)h->seed, (long long)r.offset);
            cr_assert(e->state != APPENDED && e->state != GONE, "seed %llu: offset %lld state %d",
                      (unsigned long long)h->seed, (long long)r.offset, e->state);
            value_make(e->id, value);
            cr_assert(bytes_equal(r.value, bytes_of(value, value_len(e->id))));
            cr_assert_eq(r.timestamp_ms, e->timestamp_ms);
            if (e->state == DOUBTFUL)
                e->state = SYNCED; /* the start synced what it kept */
            for (size_t i = 0; i < h->count; i++) {
                struct entry *skipped = &h->entries[i];
                if (skipped->offset < expected || skipped->offset >= r.offset)
                    continue;
                cr_assert(skipped->state == DOUBTFUL || skipped->state == GONE,
                          "seed %llu: offset %lld state %d is missing", (unsigned long long)h->seed,
                          (long long)skipped->offset, skipped->state);
                skipped->state = GONE;
            }
            expected = r.offset + 1;
        }
        batches.data += len;
        batches.len -= len;
    }
    cr_assert_leq(expected, to);
    for (size_t i = 0; i < h->count; i++) {
        struct entry *e = &h->entries[i];
        if (e->offset < expected || e->offset >= to)
            continue;
        cr_assert(e->state == DOUBTFUL || e->state == GONE, "seed %llu: offset %lld is missing",
                  (unsigned long long)h->seed, (long long)e->offset);
        e->state = GONE;
    }
}

static void check_damage(struct history *h, int64_t from, int64_t to)
{
    cr_assert(h->spoiled, "seed %llu: damage from %lld to %lld", (unsigned long long)h->seed,
              (long long)from, (long long)to);
    for (size_t i = 0; i < h->count; i++) {
        struct entry *e = &h->entries[i];
        if (e->offset < from || e->offset >= to)
            continue;
        cr_assert(e->state == DOUBTFUL || e->state == GONE,
                  "seed %llu: offset %lld was synced and is damaged", (unsigned long long)h->seed,
                  (long long)e->offset);
        e->state = GONE;
    }
}

static void check_all(struct history *h)
{
    int64_t offset = partition_log_start(h->b.p);
    while (offset < partition_next_offset(h->b.p)) {
        struct partition_read read = {.offset = offset, .bytes_max = 1 + chance(h, 20000)};
        bench_read(&h->b, &read);
        if (read.err == ERR_RANGE) { /* retention went on */
            cr_assert_gt(partition_log_start(h->b.p), offset);
            partition_read_end(&read);
            offset = partition_log_start(h->b.p);
            continue;
        }
        if (read.err == ERR_CORRUPT) {
            check_damage(h, read.corrupt_from, read.corrupt_to);
            cr_assert(read.corrupt_from <= offset && offset < read.corrupt_to);
            offset = read.corrupt_to;
        } else {
            cr_assert_eq(read.err, ERR_OK, "seed %llu: %s", (unsigned long long)h->seed,
                         err_text(read.err));
            check_batches(h, read.batches, offset, read.next_offset);
            cr_assert_gt(read.next_offset, offset);
            offset = read.next_offset;
        }
        partition_read_end(&read);
    }
}

static void check_seek(struct history *h)
{
    int64_t expected = partition_next_offset(h->b.p);
    struct partition_seek seek = {.timestamp_ms = h->b.clock.wall_ms - (int64_t)chance(h, 20000)};
    bench_seek(&h->b, &seek);
    if (h->spoiled || seek.err != ERR_OK || partition_next_offset(h->b.p) != expected)
        return; /* or more was written while a worker searched */
    for (size_t i = h->count; i > 0; i--) {
        const struct entry *e = &h->entries[i - 1];
        if (e->state != APPENDED && e->state != GONE && e->timestamp_ms >= seek.timestamp_ms &&
            e->offset >= partition_log_start(h->b.p))
            expected = e->offset;
    }
    cr_assert_eq(seek.offset, expected, "seed %llu: time %lld is at %lld, not %lld",
                 (unsigned long long)h->seed, (long long)seek.timestamp_ms, (long long)expected,
                 (long long)seek.offset);
}

static void open_again(struct history *h)
{
    struct bench *b = &h->b;
    bench_start(b);
    memset(b->disk->faults, 0, sizeof(b->disk->faults));
    b->disk->space_left = FAKE_SPACE_ENDLESS;
    enum err err = partition_open(b->st, "orders-0", &b->config, &events, b, &b->recovery, &b->p);
    if (err == ERR_NOT_FOUND) {
        cr_assert_eq(h->seen, 0, "seed %llu", (unsigned long long)h->seed);
        b->p = partition_create(b->st, "orders-0", &b->config, &events, b);
    } else {
        cr_assert_eq(err, ERR_OK, "seed %llu: %s", (unsigned long long)h->seed, err_text(err));
    }
    cr_assert_geq(partition_next_offset(b->p), h->seen, "seed %llu", (unsigned long long)h->seed);
    h->failing = false;
    h->log_start = partition_log_start(b->p);
    for (size_t i = 0; i < h->count; i++)
        h->entries[i].batch = 0; /* batches are numbered per run */
    check_all(h);
    for (size_t i = 0; i < h->count; i++)
        if (h->entries[i].state == WRITTEN)
            h->entries[i].state = SYNCED; /* the start has synced what it kept */
    /* What never got anywhere and was never seen may have its offsets used again. */
    while (h->count > 0 && h->entries[h->count - 1].offset >= partition_next_offset(b->p)) {
        const struct entry *e = &h->entries[--h->count];
        cr_assert(e->state == DOUBTFUL || e->state == GONE);
        cr_assert_geq(e->offset, h->seen);
    }
}

static void forget_appended(struct history *h)
{
    size_t kept = 0;
    for (size_t i = 0; i < h->count; i++)
        if (h->entries[i].state != APPENDED)
            h->entries[kept++] = h->entries[i];
    h->count = kept;
}

static void crash(struct history *h)
{
    struct bench *b = &h->b;
    enum fake_kept kept = (enum fake_kept)chance(h, 3);
    forget_appended(h);
    fake_disk_power_off(b->disk);
    partition_close(b->p) == ERR_OK ? (void)0 : (void)0;
    b->p = NULL;
    bench_stop(b);
    fake_disk_power_on(b->disk, kept, chance(h, 1 << 30));
    for (size_t i = 0; i < h->count && kept != FAKE_KEEP_ALL; i++)
        if (h->entries[i].state == WRITTEN)
            h->entries[i].state = DOUBTFUL;
    h->spoiled |= kept == FAKE_KEEP_SOME;
    open_again(h);
}

static void restart(struct history *h)
{
    struct bench *b = &h->b;
    b->disk->hold = false;
    enum err err = partition_close(b->p); /* nobody is told what became of what waited */
    b->p = NULL;
    bench_stop(b);
    for (size_t i = 0; i < h->count; i++)
        if (h->entries[i].state == APPENDED)
            h->entries[i].state = err == ERR_OK ? SYNCED : DOUBTFUL;
    open_again(h);
}

static void inject(struct history *h)
{
    struct bench *b = &h->b;
    switch (chance(h, 4)) {
    case 0:
        b->disk->space_left = chance(h, 20000);
        return;
    case 1:
        b->disk->space_left = FAKE_SPACE_ENDLESS;
        return;
    case 2:
        fake_disk_fail(b->disk, FAKE_SYNC, (int)chance(h, 4), 1, ERR_IO);
        break;
    default:
        fake_disk_fail(b->disk, FAKE_WRITE, (int)chance(h, 4), 1, ERR_IO);
        break;
    }
    h->failing = true;
}

static void step(struct history *h)
{
    struct bench *b = &h->b;
    uint64_t dice = chance(h, 100);
    if (dice < 40)
        append(h);
    else if (dice < 55)
        partition_commit(b->p);
    else if (dice < 63)
        partition_want_sync(b->p);
    else if (dice < 75)
        (void)fake_disk_run_one(b->disk);
    else if (dice < 82)
        disk_reap(&b->disk->disk);
    else if (dice < 86)
        bench_pass(b, (int64_t)chance(h, 1500));
    else if (dice < 88)
        partition_retain(b->p);
    else if (dice < 90)
        b->disk->cold = chance(h, 2) == 0;
    else if (dice < 92)
        storage_set_tail_bytes_max(b->st, chance(h, 2) * 20000);
    else if (dice < 94)
        check_seek(h);
    else if (dice < 96)
        check_all(h);
    else if (dice < 97)
        inject(h);
    else if (dice < 98)
        restart(h);
    else if (dice < 99)
        crash(h);
    else
        b->disk->hold = chance(h, 2) == 0;
}

static void run(uint64_t seed)
{
    struct history h = {.seed = seed};
    random_seed(&h.random, seed);
    bench_init(&h.b);
    bench_stop(&h.b);
    fake_disk_destroy(h.b.disk);
    h.b.disk = fake_disk_create();
    h.b.config.segment_bytes = (int64_t)(2000 + chance(&h, 60000));
    h.b.config.flush_ms = (int64_t)chance(&h, 2000);
    if (chance(&h, 3) == 0)
        h.b.config.retention_ms = 2000 + (int64_t)chance(&h, 10000);
    if (chance(&h, 3) == 0)
        h.b.config.retention_bytes = 1000 + (int64_t)chance(&h, 200000);
    open_again(&h);
    for (int i = 0; i < STEPS; i++)
        step(&h);
    restart(&h);
    bench_deinit(&h.b);
    mem_free(h.entries);
}

Test(partition_random, histories_keep_every_promise)
{
    const char *only = getenv("SEED");
    if (only != NULL) {
        run(strtoull(only, NULL, 10));
        return;
    }
    const char *seeds = getenv("SEEDS");
    for (uint64_t seed = 1; seed <= (seeds != NULL ? strtoull(seeds, NULL, 10) : SEEDS); seed++)
        run(seed);
}
