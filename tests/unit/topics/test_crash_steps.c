/* SPDX-License-Identifier: BSD-3-Clause */
/* A crash at every step: before each change of a file or a name the directory is copied, and each copy is
 * opened as a start after a crash would. (What power loss does is for tests/sim.) */
#include "rig.h"

#include "base/mem.h"
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STEPS_MAX 400

/* What had been answered by then. */
enum answered { NOTHING, CREATED, APPENDED, DELETING, DELETED, CREATED_AGAIN, APPENDED_AGAIN };

/* The hooks of a disk have no place of their own for this. Changes wait for each other, so that a copy
 * is of one moment. */
static struct {
    struct rig *rig;
    pthread_mutex_t lock;
    enum answered answered;
    int steps;
    enum answered answered_at[STEPS_MAX];
    struct rig copies[STEPS_MAX];
} taken = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void step(void)
{
    pthread_mutex_lock(&taken.lock);
    cr_assert_lt(taken.steps, STEPS_MAX);
    rig_copy(taken.rig, &taken.copies[taken.steps]);
    taken.answered_at[taken.steps++] = taken.answered;
}

static const struct disk_ops *plain(void)
{
    return taken.rig->disk_ops;
}

#define STEP(call)                         \
    do {                                   \
        enum err err_;                     \
        step();                            \
        err_ = (call);                     \
        pthread_mutex_unlock(&taken.lock); \
        return err_;                       \
    } while (0)

static enum err step_open(struct disk *d, const char *path, unsigned flags, struct disk_file **file)
{
    if ((flags & DISK_CREATE) == 0)
        return plain()->open(d, path, flags, file);
    STEP(plain()->open(d, path, flags, file));
}

static enum err step_write(struct disk_file *file, const struct iovec *iov, int count, uint64_t pos,
                           size_t *put)
{
    STEP(plain()->write(file, iov, count, pos, put));
}

static enum err step_rename(struct disk *d, const char *from, const char *to)
{
    STEP(plain()->rename(d, from, to));
}

static enum err step_unlink(struct disk *d, const char *path)
{
    STEP(plain()->unlink(d, path));
}

static enum err step_mkdir(struct disk *d, const char *path)
{
    STEP(plain()->mkdir(d, path));
}

static enum err step_rmdir(struct disk *d, const char *path)
{
    STEP(plain()->rmdir(d, path));
}

static void take_steps(struct rig *r)
{
    taken.rig = r;
    r->faulty_ops.open = step_open;
    r->faulty_ops.write = step_write;
    r->faulty_ops.rename = step_rename;
    r->faulty_ops.unlink = step_unlink;
    r->faulty_ops.mkdir = step_mkdir;
    r->faulty_ops.rmdir = step_rmdir;
}

static void answer(enum answered answered)
{
    pthread_mutex_lock(&taken.lock);
    taken.answered = answered;
    pthread_mutex_unlock(&taken.lock);
}

struct reading {
    struct fetch fetch;
    struct fetch_part part;
    bool done;
    char *values;
};

static void take_values(struct fetch *f)
{
    struct reading *reading = CONTAINER_OF(f, struct reading, fetch);

    cr_assert_eq(reading->part.err, ERR_OK);
    reading->values = rig_values(&reading->part);
    reading->done = true;
}

/* The values in partition 0 of the topic; the caller's. */
static char *values_of(struct rig *r, struct topic *t)
{
    struct reading reading = {
        .part = {.tp = topic_partition(t, 0), .from = FETCH_FROM_EARLIEST},
        .fetch = {.parts = &reading.part,
                  .part_count = 1,
                  .count_max = 100,
                  .bytes_max = 10000,
                  .timers = &r->timers,
                  .clock = &r->clock,
                  .done = take_values},
    };

    if (fetch_start(&reading.fetch) == ERR_OK)
        take_values(&reading.fetch);
    rig_until(r, &reading.done);
    fetch_end(&reading.fetch);
    return reading.values;
}

static void check_copy(struct rig *r, enum answered answered, const char *first, const char *second)
{
    struct topic *t;
    char *values = NULL;
    bool is_first;

    rig_start(r);
    cr_assert_eq(r->recovery.partitions_failed, 0);
    t = catalog_find(r->catalog, BYTES_LITERAL("t"));
    if (answered == CREATED || answered == APPENDED || answered >= CREATED_AGAIN)
        cr_assert_not_null(t);
    if (t != NULL) {
        is_first = strcmp(t->id, first) == 0;
        cr_assert(is_first || strcmp(t->id, second) == 0);
        cr_assert(is_first ? answered < DELETED : answered >= DELETING);
        cr_assert_eq(t->partition_count, is_first ? 2 : 1);
        values = values_of(r, t);
        cr_assert(strcmp(values, "") == 0 || strcmp(values, is_first ? "a" : "b") == 0);
        if (answered == APPENDED || answered == APPENDED_AGAIN)
            cr_assert_str_neq(values, "");
        mem_free(values);
    }
    /* Its directories, that of the meta files, and nothing else. */
    cr_assert_eq(rig_count(r, ""), 1 + (t == NULL ? 0 : (size_t)t->partition_count));
    cr_assert_eq(rig_count(r, "topics"), t == NULL ? 0 : 1);
    rig_close(r);
}

Test(crash_steps, a_crash_at_any_step_of_create_delete_create_keeps_what_was_answered,
     .timeout = 120)
{
    static struct rig r;
    struct topic *t;
    struct awaited a;
    char first[TOPIC_ID_TEXT_BYTES + 1], second[TOPIC_ID_TEXT_BYTES + 1];

    rig_open(&r);
    take_steps(&r);
    t = rig_topic(&r, "t", 2);
    memcpy(first, t->id, sizeof(first));
    answer(CREATED);
    rig_append_now(&r, topic_partition(t, 0), "a", ACK_WRITTEN);
    answer(APPENDED);
    rig_turn(&r);
    answer(DELETING);
    awaited_init(&a);
    catalog_delete_topic(r.catalog, t, &a.change);
    rig_until(&r, &a.done);
    answer(DELETED);
    t = rig_topic(&r, "t", 1);
    memcpy(second, t->id, sizeof(second));
    answer(CREATED_AGAIN);
    rig_append_now(&r, topic_partition(t, 0), "b", ACK_WRITTEN);
    answer(APPENDED_AGAIN);
    rig_until_idle(&r);
    rig_close(&r);
    cr_assert_gt(taken.steps, 15);
    for (int i = 0; i < taken.steps; i++)
        check_copy(&taken.copies[i], taken.answered_at[i], first, second);
}

/* --- behind another creation ------------------------------------------------------------------ */

static enum err a_hangs(struct disk *d, const char *path)
{
    struct rig *r = CONTAINER_OF((uintptr_t)d->ops, struct rig, faulty_ops);

    while (strcmp(path, "a-0") == 0 && atomic_load(&r->mkdir_hangs))
        usleep(100);
    return r->disk_ops->mkdir(d, path);
}

Test(crash_steps, a_crash_in_a_creation_that_stands_behind_another_leaves_nothing)
{
    struct rig r, after;
    struct topic *a, *b;

    rig_open(&r);
    r.sync_workers = 4;
    rig_restart(&r);
    atomic_store(&r.mkdir_hangs, true);
    r.faulty_ops.mkdir = a_hangs;
    cr_assert_eq(catalog_create_topic(r.catalog, BYTES_LITERAL("a"), 1, NULL, 0, NULL, &r.why, &a),
                 ERR_OK);
    cr_assert_eq(catalog_create_topic(r.catalog, BYTES_LITERAL("b"), 1, NULL, 0, NULL, &r.why, &b),
                 ERR_OK);
    rig_append(topic_partition(b, 0), NULL, "v", ACK_WRITTEN);
    while (partition_batch_written(topic_partition(b, 0)->log) == 0)
        rig_turn_and_wait(&r);
    rig_crash_copy(&r, &after);
    cr_assert_not(rig_exists(&after, "b-0"));
    cr_assert_eq(rig_count(&after, ""), 1);
    cr_assert_eq(rig_count(&after, "topics"), 0);
    rig_close(&after);
    rig_fault(&r, RIG_NO_FAULT);
    rig_until_idle(&r);
    rig_close(&r);
}
