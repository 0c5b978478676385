/* SPDX-License-Identifier: BSD-3-Clause */
/* Measures the storage library alone, without a server:
 *
 *     bench-storage DIR [RECORDS]
 *
 * appending 100-byte records to the page cache, scanning them with their checksums, recovering them (after
 * kill -9, where what was not synced is written once more and synced; after another start of the kernel, where
 * it is on the device already; and without a checkpoint), and opening 1,000 partitions after a clean stop. Each
 * is done a few times; wall time and the CPU time of the process are of the best run. DIR is made, and removed
 * at the end. */
#include "base/mem.h"
#include "disk/posix_disk.h"
#include "storage/checkpoint.h"
#include "storage/partition.h"
#include <ftw.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RECORDS_DEFAULT 5000000
#define RECORD_BYTES 100
#define RECORDS_PER_COMMIT 1000
#define READ_BYTES ((size_t)1024 * 1024)
#define PARTITIONS 1000
#define ROUNDS 3
#define GIB (1024.0 * 1024 * 1024)

struct bench {
    const char *dir;
    int64_t records;
    struct disk *disk;
    struct clock clock;
    struct timers timers;
    struct trace trace;
    struct storage *store;
    uint64_t bytes; /* of the log */
};

/* Of one thing that was done, in seconds. */
struct took {
    double wall, cpu;
};

static void fail(const char *what, enum err err)
{
    fprintf(stderr, "bench-storage: %s: %s\n", what, err_text(err));
    exit(1);
}

static void check(const char *what, enum err err)
{
    if (err != ERR_OK)
        fail(what, err);
}

/* --- surroundings ----------------------------------------------------------------------------- */

static double seconds(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct took begin(void)
{
    return (struct took){seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID)};
}

/* What has passed since `began`, if that is less than in `best`. */
static void end(struct took began, struct took *best)
{
    struct took now = begin();
    now.wall -= began.wall;
    now.cpu -= began.cpu;
    if (best->wall == 0 || now.wall < best->wall)
        *best = now;
}

static void read_clock(struct clock *clock)
{
    clock->mono_us = (int64_t)(seconds(CLOCK_MONOTONIC) * 1e6);
    clock->wall_us = (int64_t)(seconds(CLOCK_REALTIME) * 1e6);
    clock->wall_ms = clock->wall_us / 1000;
}

static void print_warning(struct trace *trace, enum trace_level level, const char *line)
{
    (void)trace, (void)level;
    fprintf(stderr, "%s\n", line);
}

static void on_batch(struct partition *p, void *ctx, uint64_t batch)
{
    (void)p, (void)ctx, (void)batch;
}

static void on_refused(struct partition *p, void *ctx, uint64_t first, uint64_t last, enum err why)
{
    (void)p, (void)ctx, (void)first, (void)last;
    fail("write", why);
}

static void on_trimmed(struct partition *p, void *ctx)
{
    (void)p, (void)ctx;
}

static const struct partition_events events = {
    .written = on_batch, .synced = on_batch, .refused = on_refused, .trimmed = on_trimmed};

static const struct partition_config config = {
    .segment_bytes = 1 << 30,
    .segment_ms = INT64_MAX,
    .retention_ms = -1,
    .retention_bytes = -1,
    .batch_bytes_max = 1 << 20,
    .flush_ms = 3600 * 1000, /* to the page cache only */
};

static void start(struct bench *b)
{
    struct posix_disk_options disk_options = {.root = b->dir};
    check(b->dir, posix_disk_create(&disk_options, &b->disk));
    clock_update(&b->clock);
    timers_init(&b->timers);
    struct storage_options options = {.disk = b->disk,
                                      .clock = &b->clock,
                                      .timers = &b->timers,
                                      .trace = &b->trace,
                                      .tail_bytes_max = 1 << 20, /* so that scans read the file */
                                      .files_max = 2 * PARTITIONS};
    b->store = storage_create(&options);
}

static void stop(struct bench *b)
{
    storage_destroy(b->store);
    timers_deinit(&b->timers);
    posix_disk_destroy(b->disk);
}

static void turn(struct bench *b, int wait_ms)
{
    struct pollfd finished = {.fd = posix_disk_fd(b->disk), .events = POLLIN};
    poll(&finished, 1, wait_ms);
    clock_update(&b->clock);
    disk_reap(b->disk);
    timers_run(&b->timers, b->clock.mono_us);
}

static void wait_written(struct bench *b, struct partition *p)
{
    while (partition_batch_written(p) < partition_batch_last(p))
        turn(b, -1);
}

/* --- append ----------------------------------------------------------------------------------- */

static void append(struct partition *p, const struct record *record)
{
    int64_t offset;
    uint64_t batch;
    check("append", partition_append(p, record, 1, &offset, &batch));
}

/* Into a new partition; the directory and the first segment are made before the clock starts. */
static void measure_append(struct bench *b, const char *name, struct took *best)
{
    char value[RECORD_BYTES];
    memset(value, 'v', sizeof(value));
    struct record record = {.key = BYTES_NULL, .value = bytes_of(value, sizeof(value))};
    start(b);
    struct partition *p = partition_create(b->store, name, &config, &events, NULL);
    record.timestamp_ms = b->clock.wall_ms;
    append(p, &record);
    partition_want_sync(p);
    partition_commit(p);
    while (partition_batch_synced(p) < partition_batch_last(p))
        turn(b, -1);

    struct took began = begin();
    for (int64_t i = 0; i < b->records; i++) {
        append(p, &record);
        if (i % RECORDS_PER_COMMIT == 0) {
            turn(b, 0); /* as the loop of a server does */
            record.timestamp_ms = b->clock.wall_ms;
            partition_commit(p);
        }
    }
    partition_commit(p);
    wait_written(b, p);
    end(began, best);

    struct partition_info info;
    partition_describe(p, &info);
    b->bytes = (uint64_t)info.bytes;
    check("close", partition_close(p));
    stop(b);
}

/* --- scan ------------------------------------------------------------------------------------- */

static void on_read(struct partition_read *read)
{
    *(bool *)read->ctx = true;
}

static struct partition *open_partition(struct bench *b, const char *name)
{
    struct partition *p;
    struct partition_recovery found;
    check(name, partition_open(b->store, name, &config, &events, NULL, &found, &p));
    return p;
}

static void measure_scan(struct bench *b, const char *name, struct took *best)
{
    start(b);
    struct partition *p = open_partition(b, name);
    uint64_t bytes = 0;
    int64_t offset = 0;
    struct took began = begin();
    while (offset < partition_next_offset(p)) {
        bool done = false;
        struct partition_read read = {
            .offset = offset, .bytes_max = READ_BYTES, .done = on_read, .ctx = &done};
        enum err err = partition_read(p, &read);
        while (err == ERR_AGAIN && !done)
            turn(b, -1);
        check("read", read.err);
        bytes += read.batches.len;
        offset = read.next_offset;
        partition_read_end(&read);
    }
    end(began, best);
    if (bytes != b->bytes)
        fail("scan: not all was read", ERR_CORRUPT);
    check("close", partition_close(p));
    stop(b);
}

/* --- recovery --------------------------------------------------------------------------------- */

static void forget(struct bench *b, const char *name, const char *file)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", name, file);
    check(path, disk_unlink(b->disk, path));
}

enum crash { KILL, OTHER_BOOT, NOTHING_KNOWN, CRASH_COUNT };
static const char *const crash_names[CRASH_COUNT] = {
    "recovery after kill -9", "recovery after another boot", "recovery, nothing known"};

/* As if nothing had been synced since the partition was made. */
static void set_checkpoint_back(struct bench *b, const char *name, bool other_boot)
{
    struct checkpoint c;
    struct checkpoint_place place;
    struct buf image = {0};
    check(name, checkpoint_read(b->disk, name, &c, &place));
    c.synced_pos = 0;
    c.synced_offset = c.segment_base;
    if (other_boot)
        snprintf(c.boot_id, sizeof(c.boot_id), "another");
    checkpoint_encode(&c, place.sequence, &image);
    check(name, checkpoint_write(b->disk, name, &place, buf_bytes(&image), true));
    buf_deinit(&image);
    mem_free(c.epochs);
}

static void measure_recovery(struct bench *b, const char *name, enum crash crash, struct took *best)
{
    struct partition *p;
    struct partition_recovery found;
    start(b);
    forget(b, name, "clean");
    if (crash == NOTHING_KNOWN)
        forget(b, name, "checkpoint");
    else
        set_checkpoint_back(b, name, crash == OTHER_BOOT);
    struct took began = begin();
    check(name, partition_open(b->store, name, &config, &events, NULL, &found, &p));
    end(began, best);
    if (found.bytes_scanned != b->bytes || found.corrupt_ranges > 0)
        fail("recovery: not all was scanned and good", ERR_CORRUPT);
    check("close", partition_close(p));
    stop(b);
}

/* --- opening ---------------------------------------------------------------------------------- */

static void name_partition(char *name, size_t len, int i)
{
    snprintf(name, len, "many-%d", i);
}

static void make_many(struct bench *b)
{
    struct partition **many = mem_zalloc(PARTITIONS, sizeof(struct partition *));
    char name[64];
    struct record record = {.key = BYTES_NULL, .value = BYTES_LITERAL("value")};
    start(b);
    record.timestamp_ms = b->clock.wall_ms;
    for (int i = 0; i < PARTITIONS; i++) {
        name_partition(name, sizeof(name), i);
        many[i] = partition_create(b->store, name, &config, &events, NULL);
        append(many[i], &record);
        partition_commit(many[i]);
    }
    for (int i = 0; i < PARTITIONS; i++) {
        wait_written(b, many[i]);
        check("close", partition_close(many[i]));
    }
    stop(b);
    mem_free(many);
}

static void measure_open(struct bench *b, struct took *best)
{
    struct partition **many = mem_zalloc(PARTITIONS, sizeof(struct partition *));
    char name[64];
    struct took began = begin();
    start(b);
    for (int i = 0; i < PARTITIONS; i++) {
        name_partition(name, sizeof(name), i);
        many[i] = open_partition(b, name);
    }
    end(began, best);
    for (int i = 0; i < PARTITIONS; i++)
        check("close", partition_close(many[i]));
    stop(b);
    mem_free(many);
}

/* --- all of it -------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static void print_bytes(const char *what, const struct bench *b, struct took t)
{
    printf("%-34s %8.2f GiB/s   %8.2f per CPU second\n", what, (double)b->bytes / GIB / t.wall,
           (double)b->bytes / GIB / t.cpu);
}

static void run(struct bench *b)
{
    struct took appended = {0}, scanned = {0}, opened = {0};
    char name[64] = "log-0", path[512];
    double records = (double)b->records;
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(path, sizeof(path), "%s/%s", b->dir, name);
        nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        snprintf(name, sizeof(name), "log-%d", i);
        measure_append(b, name, &appended);
    }
    printf("%-34s %8.2f M records/s %6.2f per CPU second  %.2f GiB/s\n", "append, 100-byte records",
           records / 1e6 / appended.wall, records / 1e6 / appended.cpu,
           (double)b->bytes / GIB / appended.wall);
    for (int i = 0; i < ROUNDS; i++)
        measure_scan(b, name, &scanned);
    print_bytes("scan, with checksums", b, scanned);
    for (int crash = 0; crash < CRASH_COUNT; crash++) {
        struct took recovered = {0};
        for (int i = 0; i < ROUNDS; i++)
            measure_recovery(b, name, (enum crash)crash, &recovered);
        print_bytes(crash_names[crash], b, recovered);
    }
    make_many(b);
    for (int i = 0; i < ROUNDS; i++)
        measure_open(b, &opened);
    printf("%-34s %8.2f ms      %8.2f of the CPU\n", "open 1,000 partitions, clean stop",
           opened.wall * 1e3, opened.cpu * 1e3);
}

int main(int argc, char **argv)
{
    struct bench b = {
        .records = argc == 3 ? atoll(argv[2]) : RECORDS_DEFAULT,
        .clock = {.update = read_clock},
        .trace = {.level = TRACE_WARNING, .sink = print_warning},
    };
    if (argc < 2 || argc > 3 || b.records < 1 || access(argv[1], F_OK) == 0) {
        fprintf(stderr, "usage: bench-storage DIR [RECORDS]     (DIR must not be there yet)\n");
        return 2;
    }
    b.dir = argv[1];
    run(&b);
    nftw(b.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
