/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"

#include "base/mem.h"
#include "topics/catalog_private.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DISK_WAIT_MS 20000 /* a test that waits longer hangs */
#define RIG_QUIET_TURNS 20

static void sink(struct trace *trace, enum trace_level level, const char *line)
{
    struct rig *b = CONTAINER_OF(trace, struct rig, trace);
    size_t len = strlen(b->traced);

    (void)level;
    snprintf(b->traced + len, sizeof(b->traced) - len, "%s\n", line);
}

static void stand_still(struct clock *clock)
{
    (void)clock;
}

void rig_start(struct rig *b)
{
    struct posix_disk_options disk_options = {
        .root = b->root,
        .sync_workers = b->sync_workers == 0 ? 1 : b->sync_workers,
        .bulk_workers = 1,
    };
    struct storage_options storage_options = {
        .clock = &b->clock,
        .timers = &b->timers,
        .trace = &b->trace,
        .tail_bytes_max = 1 << 20,
        .files_max = 64,
    };
    struct catalog_options options = {
        .clock = &b->clock,
        .timers = &b->timers,
        .trace = &b->trace,
        .random = &b->random,
        .hash_key = &b->key,
        .config = &b->config,
    };

    timers_init(&b->timers);
    cr_assert_eq(posix_disk_create(&disk_options, &b->disk), ERR_OK);
    b->disk_ops = b->disk->ops;
    b->faulty_ops = *b->disk_ops;
    b->disk->ops = &b->faulty_ops;
    storage_options.disk = options.disk = b->disk;
    b->storage = options.storage = storage_create(&storage_options);
    cr_assert_eq(catalog_open(&options, &b->recovery, &b->catalog), ERR_OK);
}

static void prepare(struct rig *b)
{
    static uint64_t seeds = 1; /* each rig of a test makes other ids */

    *b = (struct rig){
        .clock = {.wall_ms = RIG_RECORD_MS, .wall_us = RIG_RECORD_MS * 1000, .mono_us = 1000000},
    };
    b->clock.update = stand_still;
    b->trace.level = TRACE_DEBUG;
    b->trace.sink = sink;
    random_seed(&b->random, seeds++);
    config_init(&b->config);
    snprintf(b->root, sizeof(b->root), "/tmp/echolog-topics-XXXXXX");
    cr_assert_not_null(mkdtemp(b->root));
}

void rig_open(struct rig *b)
{
    prepare(b);
    rig_start(b);
}

void rig_stop(struct rig *b)
{
    cr_assert_eq(catalog_close(b->catalog), ERR_OK);
    storage_destroy(b->storage);
    posix_disk_destroy(b->disk);
    timers_deinit(&b->timers);
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static void clean_up(struct rig *b)
{
    buf_deinit(&b->why);
    config_deinit(&b->config);
    nftw(b->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void rig_abandon(struct rig *b)
{
    cr_assert_neq(catalog_close(b->catalog), ERR_OK);
    storage_destroy(b->storage);
    posix_disk_destroy(b->disk);
    timers_deinit(&b->timers);
    clean_up(b);
}

/* --- faults ---------------------------------------------------------------------------------- */

static enum err write_full(struct disk_file *file, const struct iovec *iov, int count, uint64_t pos,
                           size_t *put)
{
    (void)file, (void)iov, (void)count, (void)pos;
    *put = 0;
    return ERR_NOSPACE;
}

static enum err sync_fails(struct disk_file *file)
{
    (void)file;
    return ERR_IO;
}

static enum err read_cold(struct disk_file *file, void *data, size_t len, uint64_t pos, bool cached,
                          size_t *got)
{
    const struct rig *b = CONTAINER_OF((uintptr_t)file->disk->ops, struct rig, faulty_ops);

    return cached ? ERR_AGAIN : b->disk_ops->read(file, data, len, pos, cached, got);
}

static enum err mkdir_hangs(struct disk *d, const char *path)
{
    struct rig *b = CONTAINER_OF((uintptr_t)d->ops, struct rig, faulty_ops);

    while (atomic_load(&b->mkdir_hangs))
        usleep(100);
    return b->disk_ops->mkdir(d, path);
}

void rig_fault(struct rig *b, enum rig_fault fault)
{
    atomic_store(&b->mkdir_hangs, fault == RIG_MKDIR_HANGS);
    b->faulty_ops = *b->disk_ops;
    switch (fault) {
    case RIG_NO_FAULT:
        break;
    case RIG_WRITE_FULL:
        b->faulty_ops.write = write_full;
        break;
    case RIG_SYNC_FAILS:
        b->faulty_ops.sync = sync_fails;
        break;
    case RIG_COLD:
        b->faulty_ops.read = read_cold;
        break;
    case RIG_MKDIR_HANGS:
        b->faulty_ops.mkdir = mkdir_hangs;
        break;
    }
}

void rig_restart(struct rig *b)
{
    rig_stop(b);
    rig_start(b);
}

void rig_close(struct rig *b)
{
    rig_stop(b);
    clean_up(b);
}

void rig_copy(const struct rig *b, struct rig *after)
{
    char command[256];

    prepare(after);
    after->clock = b->clock;
    snprintf(command, sizeof(command), "cp -r %s/. %s/", b->root, after->root);
    cr_assert_eq(system(command), 0);
}

void rig_crash_copy(const struct rig *b, struct rig *after)
{
    rig_copy(b, after);
    rig_start(after);
}

void rig_crash_copy_renamed(const struct rig *b, const char *to, const char *from,
                            struct rig *after)
{
    rig_copy(b, after);
    rig_rename(after, to, from);
    rig_start(after);
}

void rig_turn(struct rig *b)
{
    catalog_begin_turn(b->catalog);
    disk_reap(b->disk);
    b->clock.mono_us += 1000;
    timers_run(&b->timers, b->clock.mono_us);
    catalog_commit(b->catalog);
}

/* Whether something came from the disk within `ms`. */
static bool disk_ready(struct rig *b, int ms)
{
    struct pollfd fd = {.fd = posix_disk_fd(b->disk), .events = POLLIN};

    return poll(&fd, 1, ms) > 0;
}

void rig_turn_and_wait(struct rig *b)
{
    rig_turn(b);
    disk_ready(b, 1);
}

void rig_until(struct rig *b, const bool *flag)
{
    for (int ms = 0; !*flag && ms < DISK_WAIT_MS; ms++) {
        rig_turn(b);
        if (!*flag)
            disk_ready(b, 1); /* or a turn of the clock, for timers */
    }
    cr_assert(*flag, "the disk did not get there");
}

void rig_until_idle(struct rig *b)
{
    int quiet = 0;

    for (int ms = 0; quiet < RIG_QUIET_TURNS && ms < DISK_WAIT_MS; ms++) {
        rig_turn(b);
        if (disk_ready(b, 1) || !list_empty(&b->catalog->jobs) ||
            !list_empty(&b->catalog->removals))
            quiet = 0;
        else
            quiet++;
    }
    cr_assert_eq(quiet, RIG_QUIET_TURNS, "the disk did not come to rest");
}

static void path_of(const struct rig *b, const char *path, char out[512])
{
    snprintf(out, 512, "%s/%s", b->root, path);
}

bool rig_exists(const struct rig *b, const char *path)
{
    char full[512];

    path_of(b, path, full);
    return access(full, F_OK) == 0;
}

void rig_write_file(const struct rig *b, const char *path, const char *text)
{
    char full[512];
    FILE *f;

    path_of(b, path, full);
    f = fopen(full, "w");
    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
}

char *rig_read_file(const struct rig *b, const char *path)
{
    char full[512], *data = mem_zalloc(1, CONFIG_PORT_DEFAULT * 4);
    FILE *f;

    path_of(b, path, full);
    f = fopen(full, "r");
    cr_assert_not_null(f, "%s", full);
    data[fread(data, 1, CONFIG_PORT_DEFAULT * 4 - 1, f)] = '\0';
    fclose(f);
    return data;
}

void rig_remove(const struct rig *b, const char *path)
{
    char full[512];

    path_of(b, path, full);
    cr_assert_eq(remove(full), 0);
}

void rig_rename(const struct rig *b, const char *from, const char *to)
{
    char full_from[512], full_to[512];

    path_of(b, from, full_from);
    path_of(b, to, full_to);
    cr_assert_eq(rename(full_from, full_to), 0);
}

static bool count_entry(void *ctx, const char *name, enum disk_entry_kind kind)
{
    (void)name, (void)kind;
    ++*(size_t *)ctx;
    return true;
}

size_t rig_count(const struct rig *b, const char *path)
{
    size_t count = 0;

    cr_assert_eq(disk_list(b->disk, path, count_entry, &count), ERR_OK);
    return count;
}

void rig_mkdir(const struct rig *b, const char *path)
{
    char full[512];

    path_of(b, path, full);
    cr_assert_eq(mkdir(full, 0700), 0);
}

const char *rig_why(struct rig *b)
{
    buf_append_char(&b->why, '\0');
    b->why.len = 0;
    return b->why.data;
}

static void change_done(struct topic_change *change, enum err err)
{
    struct awaited *a = CONTAINER_OF(change, struct awaited, change);

    cr_assert_not(a->done);
    a->done = true;
    a->err = err;
}

void awaited_init(struct awaited *a)
{
    *a = (struct awaited){.change.done = change_done};
}

enum err rig_create(struct rig *b, const char *name, int partitions, struct topic **topic)
{
    struct awaited a;
    enum err err;

    awaited_init(&a);
    err = catalog_create_topic(b->catalog, bytes_of_string(name), partitions, NULL, 0, &a.change,
                               &b->why, topic);
    if (err != ERR_OK)
        return err;
    cr_assert_not(a.done);
    rig_until(b, &a.done);
    return a.err;
}

struct topic *rig_topic(struct rig *b, const char *name, int partitions)
{
    struct topic *t = NULL;

    cr_assert_eq(rig_create(b, name, partitions, &t), ERR_OK);
    return t;
}

void rig_delete(struct rig *b, struct topic *t)
{
    struct awaited a;

    awaited_init(&a);
    catalog_delete_topic(b->catalog, t, &a.change);
    rig_until(b, &a.done);
    cr_assert_eq(a.err, ERR_OK);
}

static struct record record_of(const char *key, const char *value)
{
    return (struct record){
        .timestamp_ms = RIG_RECORD_MS,
        .key = key == NULL ? BYTES_NULL : bytes_of_string(key),
        .value = bytes_of_string(value),
    };
}

int64_t rig_append(struct topic_partition *tp, const char *key, const char *value, enum ack ack)
{
    struct record r = record_of(key, value);
    struct appended appended;

    cr_assert_eq(topic_append(tp, &r, 1, ack, &appended), ERR_OK);
    return appended.offset;
}

static void ack_done(struct ack_wait *wait, enum err err)
{
    struct awaited_ack *a = CONTAINER_OF(wait, struct awaited_ack, wait);

    cr_assert_not(a->done);
    a->done = true;
    a->err = err;
}

void rig_append_wait(struct topic_partition *tp, const char *value, enum ack ack,
                     struct awaited_ack *a)
{
    struct record r = record_of(NULL, value);
    struct appended appended;

    *a = (struct awaited_ack){.wait.done = ack_done};
    cr_assert_eq(topic_append(tp, &r, 1, ack, &appended), ERR_OK);
    ack_wait_start(&a->wait, tp, appended.batch, ack);
    cr_assert_not(a->done);
}

void rig_append_now(struct rig *b, struct topic_partition *tp, const char *value, enum ack ack)
{
    struct awaited_ack a;

    rig_append_wait(tp, value, ack, &a);
    rig_until(b, &a.done);
    cr_assert_eq(a.err, ERR_OK);
}

static void add_values(const struct fetch_part *part, struct bytes batch, struct buf *values)
{
    struct batch_iter it;
    struct record_view record;

    cr_assert_eq(batch_iter_init(&it, batch), ERR_OK);
    while (batch_iter_next(&it, &record) == ERR_OK) {
        if (record.offset < part->offset)
            continue;
        if (values->len > 0)
            buf_append_char(values, ' ');
        buf_append_bytes(values, record.value);
    }
}

char *rig_values(const struct fetch_part *part)
{
    struct bytes rest = part->batches;
    struct buf values = {0};

    while (rest.len > 0) {
        struct batch_header header;
        size_t len;

        cr_assert_eq(batch_header_read(rest, INT32_MAX, &header), ERR_OK);
        len = batch_header_len(&header);
        add_values(part, bytes_of(rest.data, len), &values);
        rest = bytes_of(rest.data + len, rest.len - len);
    }
    buf_append_char(&values, '\0');
    return values.data;
}
