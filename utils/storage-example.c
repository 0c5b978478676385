/* SPDX-License-Identifier: BSD-3-Clause */
/* A whole program on the storage library alone: a durable list of lines.
 *
 *     storage-example DIR < lines.txt
 *
 * appends each line of its input to the log in DIR (made on the first run), says "durable up to N" once all
 * of them are on the device, and then prints the whole log, those of earlier runs first, as "offset: line".
 *
 * Built by `make build/release/storage-example`, or by hand:
 *
 *     cc -Isrc -D_GNU_SOURCE -pthread utils/storage-example.c libecholog-storage.a -lisal -lsodium
 *
 * What to notice: one thread owns the storage and turns a loop; records are appended to memory and go to
 * the file together, a batch at a time; an event says what has become durable; a read that would have to
 * wait for the device is done by a worker and comes back through the same loop. */
#include "disk/posix_disk.h"
#include "storage/partition.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PARTITION "lines-0" /* a partition is a directory below DIR */
#define COMMIT_EVERY 1000   /* lines */

struct program {
    struct disk *disk;     /* files and workers */
    struct clock clock;    /* the time, as it was when the turn began */
    struct timers timers;  /* what the storage wants to do later */
    struct trace trace;    /* where it tells people what it found */
    struct storage *store; /* shared by all partitions of DIR */
    struct partition *log;
    bool refused;
};

/* --- what the storage asks of its surroundings ------------------------------------------------ */

static int64_t now_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void read_clock(struct clock *clock)
{
    clock->wall_us = now_us(CLOCK_REALTIME);
    clock->wall_ms = clock->wall_us / 1000;
    clock->mono_us = now_us(CLOCK_MONOTONIC);
}

static void print_trace(struct trace *trace, enum trace_level level, const char *line)
{
    (void)trace, (void)level;
    fprintf(stderr, "%s\n", line);
}

/* --- what it tells us ------------------------------------------------------------------------- */

static void on_written(struct partition *log, void *ctx, uint64_t batch)
{
    (void)log, (void)ctx, (void)batch; /* readers may see it; a crash of this process keeps it */
}

static void on_synced(struct partition *log, void *ctx, uint64_t batch)
{
    (void)log, (void)ctx, (void)batch; /* it survives a power cut too; below we ask instead */
}

static void on_refused(struct partition *log, void *ctx, uint64_t first, uint64_t last,
                       enum err why)
{
    struct program *program = ctx;
    (void)log, (void)first, (void)last;
    fprintf(stderr, "storage-example: lines were not written: %s\n", err_text(why));
    program->refused = true;
}

static void on_trimmed(struct partition *log, void *ctx)
{
    (void)log, (void)ctx; /* retention has moved the start of the log */
}

static const struct partition_events events = {
    .written = on_written, .synced = on_synced, .refused = on_refused, .trimmed = on_trimmed};

/* --- the loop --------------------------------------------------------------------------------- */

/* One turn: waits until a worker has finished something or a timer is due, and deals with it. */
static void turn(struct program *program)
{
    struct pollfd finished = {.fd = posix_disk_fd(program->disk), .events = POLLIN};
    int64_t next_us = timers_next(&program->timers), wait_ms = -1;
    if (next_us != TIMERS_NONE) {
        wait_ms = (next_us - program->clock.mono_us + 999) / 1000;
        wait_ms = wait_ms < 0 ? 0 : wait_ms > 1000 ? 1000 : wait_ms;
    }
    poll(&finished, 1, (int)wait_ms);
    clock_update(&program->clock);
    disk_reap(program->disk);
    timers_run(&program->timers, program->clock.mono_us);
}

static enum err open_log(struct program *program)
{
    struct partition_config config = {
        .segment_bytes = 64 << 20,
        .segment_ms = INT64_MAX,
        .retention_ms = -1, /* for ever */
        .retention_bytes = -1,
        .batch_bytes_max = 1 << 20,
        .flush_ms = 1000,
    };
    struct partition_recovery found;
    enum err err =
        partition_open(program->store, PARTITION, &config, &events, program, &found, &program->log);
    if (err != ERR_NOT_FOUND)
        return err;
    program->log = partition_create(program->store, PARTITION, &config, &events, program);
    return ERR_OK;
}

/* --- writing ---------------------------------------------------------------------------------- */

static enum err append_line(struct program *program, const char *line, size_t len)
{
    struct record record = {
        .timestamp_ms = program->clock.wall_ms,
        .key = BYTES_NULL,
        .value = bytes_of(line, len),
    };
    int64_t offset; /* the line's number in the log, for ever */
    uint64_t batch; /* it becomes durable together with this batch */
    return partition_append(program->log, &record, 1, &offset, &batch);
}

static enum err append_input(struct program *program, FILE *input)
{
    char *line = NULL;
    size_t room = 0, count = 0;
    enum err err = ERR_OK;
    for (ssize_t len; err == ERR_OK && (len = getline(&line, &room, input)) >= 0;) {
        if (len > 0 && line[len - 1] == '\n')
            len--;
        err = append_line(program, line, (size_t)len);
        if (++count % COMMIT_EVERY == 0)
            partition_commit(program->log); /* a single write to the file */
    }
    free(line);
    return err;
}

/* Group commit: one sync for everything that was appended. */
static enum err make_durable(struct program *program)
{
    uint64_t last = partition_batch_last(program->log);
    partition_commit(program->log);
    partition_want_sync(program->log);
    while (partition_batch_synced(program->log) < last && !program->refused)
        turn(program);
    return program->refused ? ERR_FAILED : ERR_OK;
}

/* --- reading ---------------------------------------------------------------------------------- */

static void on_read(struct partition_read *read)
{
    *(bool *)read->ctx = true;
}

/* A batch may begin before the offset that was asked for: skip what is before. */
static enum err print_batches(struct bytes batches, int64_t from)
{
    while (batches.len > 0) {
        struct batch_header header;
        struct batch_iter records;
        struct record_view record;
        enum err err = batch_header_read(batches, (int64_t)batches.len, &header);
        if (err != ERR_OK)
            return err;
        size_t len = batch_header_len(&header);
        err = batch_iter_init(&records, bytes_of(batches.data, len));
        while (err == ERR_OK && (err = batch_iter_next(&records, &record)) == ERR_OK)
            if (record.offset >= from)
                printf("%lld: %.*s\n", (long long)record.offset, (int)record.value.len,
                       record.value.data);
        if (err != ERR_NOT_FOUND) /* the end of the batch */
            return err;
        batches = bytes_of(batches.data + len, batches.len - len);
    }
    return ERR_OK;
}

static enum err print_log(struct program *program)
{
    int64_t offset = partition_log_start(program->log);
    while (offset < partition_next_offset(program->log)) {
        bool done = false;
        struct partition_read read = {
            .offset = offset, .bytes_max = 1 << 20, .done = on_read, .ctx = &done};
        enum err err = partition_read(program->log, &read);
        while (err == ERR_AGAIN && !done) /* not in the page cache: a worker reads it */
            turn(program);
        err = read.err;
        if (err == ERR_OK)
            err = print_batches(read.batches, offset);
        offset = read.next_offset;
        partition_read_end(&read);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

/* --- all of it -------------------------------------------------------------------------------- */

static enum err run(struct program *program)
{
    enum err err = append_input(program, stdin);
    if (err == ERR_OK)
        err = make_durable(program);
    if (err != ERR_OK)
        return err;
    printf("durable up to %lld\n", (long long)partition_next_offset(program->log));
    return print_log(program);
}

static enum err run_in(struct program *program, const char *dir)
{
    struct posix_disk_options disk_options = {.root = dir};
    enum err err = posix_disk_create(&disk_options, &program->disk);
    if (err != ERR_OK)
        return err;
    err = disk_lock(program->disk, "lock"); /* one program at a time */
    struct storage_options options = {
        .disk = program->disk,
        .clock = &program->clock,
        .timers = &program->timers,
        .trace = &program->trace,
        .tail_bytes_max = 4 << 20,
        .files_max = 16,
    };
    if (err == ERR_OK) {
        program->store = storage_create(&options);
        err = open_log(program);
        if (err == ERR_OK) {
            err = run(program);
            enum err closed = partition_close(program->log); /* leaves the marker of a clean stop */
            err = err == ERR_OK ? closed : err;
        }
        storage_destroy(program->store);
    }
    posix_disk_destroy(program->disk);
    return err;
}

int main(int argc, char **argv)
{
    struct program program = {
        .clock = {.update = read_clock},
        .trace = {.level = TRACE_NOTICE, .sink = print_trace},
    };
    if (argc != 2) {
        fprintf(stderr, "usage: storage-example DIR < lines\n");
        return 2;
    }
    clock_update(&program.clock);
    timers_init(&program.timers);
    enum err err = run_in(&program, argv[1]);
    timers_deinit(&program.timers);
    if (err != ERR_OK) {
        fprintf(stderr, "storage-example: %s\n", err_text(err));
        return 1;
    }
    return 0;
}
