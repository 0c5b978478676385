/* SPDX-License-Identifier: BSD-3-Clause */
/* What is synced before a change of a topic is told: names and bytes that a power cut would take otherwise.
 * (The other tests of this folder run on a real disk, where nothing is lost.) */
#include "rig.h"

#include "base/mem.h"
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define EVENTS_MAX 400
#define FILES_MAX 100

/* What was done to the disk, in order. The hooks of a disk have no place of their own for this. */
static struct {
    const struct disk_ops *plain;
    pthread_mutex_t lock;
    char events[EVENTS_MAX][128];
    int count;
    struct {
        struct disk_file *file;
        char path[100];
    } files[FILES_MAX]; /* that were opened */
    int file_count;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void note(const char *what, const char *path)
{
    pthread_mutex_lock(&seen.lock);
    cr_assert_lt(seen.count, EVENTS_MAX);
    snprintf(seen.events[seen.count++], sizeof(seen.events[0]), "%s '%s'", what, path);
    pthread_mutex_unlock(&seen.lock);
}

/* Where it stands among the events, from `from` on; -1 nowhere. */
static int find(const char *what, const char *path, int from)
{
    char event[sizeof(seen.events[0])];

    snprintf(event, sizeof(event), "%s '%s'", what, path);
    for (int i = from; i < seen.count; i++)
        if (strcmp(seen.events[i], event) == 0)
            return i;
    return -1;
}

/* --- the disk ------------------------------------------------------------------------------- */

static enum err note_open(struct disk *d, const char *path, unsigned flags, struct disk_file **file)
{
    enum err err = seen.plain->open(d, path, flags, file);

    pthread_mutex_lock(&seen.lock);
    if (err == ERR_OK) {
        cr_assert_lt(seen.file_count, FILES_MAX);
        seen.files[seen.file_count].file = *file;
        snprintf(seen.files[seen.file_count++].path, sizeof(seen.files[0].path), "%s", path);
    }
    pthread_mutex_unlock(&seen.lock);
    return err;
}

static enum err note_sync(struct disk_file *file)
{
    enum err err = seen.plain->sync(file);
    char path[100] = "";

    pthread_mutex_lock(&seen.lock);
    for (int i = 0; i < seen.file_count; i++) /* the newest counts: memory is used again */
        if (seen.files[i].file == file)
            snprintf(path, sizeof(path), "%s", seen.files[i].path);
    pthread_mutex_unlock(&seen.lock);
    note("sync", path);
    return err;
}

static enum err note_rename(struct disk *d, const char *from, const char *to)
{
    enum err err = seen.plain->rename(d, from, to);

    note("rename from", from);
    note("rename to", to);
    return err;
}

static enum err note_mkdir(struct disk *d, const char *path)
{
    enum err err = seen.plain->mkdir(d, path);

    note("mkdir", path);
    return err;
}

static enum err note_sync_dir(struct disk *d, const char *path)
{
    enum err err = seen.plain->sync_dir(d, path);

    note("sync_dir", path);
    return err;
}

static void watch(struct rig *r)
{
    seen.plain = r->disk_ops;
    r->faulty_ops.open = note_open;
    r->faulty_ops.sync = note_sync;
    r->faulty_ops.sync_dir = note_sync_dir;
    r->faulty_ops.rename = note_rename;
    r->faulty_ops.mkdir = note_mkdir;
}

/* --- the promises --------------------------------------------------------------------------- */

/* A new text of the topic is in place, on the device, and so is its name. Returns when it was renamed. */
static int assert_placed(int from)
{
    int renamed = find("rename to", "topics/t.meta", from);
    char path[100];

    cr_assert_geq(renamed, 1);
    cr_assert_eq(sscanf(seen.events[renamed - 1], "rename from '%99[^']'", path), 1);
    int synced = find("sync", path, from);
    cr_assert(synced >= 0 && synced < renamed, "%s is not synced before it is renamed", path);
    cr_assert_geq(find("sync_dir", "topics", renamed), 0, "the rename is not durable");
    return renamed;
}

Test(promises, a_creation_is_told_when_all_its_names_are_durable)
{
    struct rig r;

    rig_open(&r);
    watch(&r);
    rig_topic(&r, "t", 1);
    note("told", "");
    int told = find("told", "", 0), made = find("mkdir", "t-0", 0);
    int renamed = assert_placed(0);
    cr_assert_lt(find("sync_dir", "topics", renamed), told);
    cr_assert_geq(made, 0);
    int inside = find("sync_dir", "t-0", made), above = find("sync_dir", "", made);
    cr_assert(inside >= 0 && inside < renamed);
    cr_assert(above >= 0 && above < renamed);
    rig_close(&r);
}

Test(promises, a_change_of_configuration_is_told_when_it_is_durable)
{
    struct rig r;
    struct awaited a;
    const struct bytes words[] = {BYTES_LITERAL("retention.ms"), BYTES_LITERAL("1000")};

    rig_open(&r);
    struct topic *t = rig_topic(&r, "t", 1);
    watch(&r);
    awaited_init(&a);
    cr_assert_eq(catalog_set_config(r.catalog, t, words, 1, &a.change, &r.why), ERR_OK);
    rig_until(&r, &a.done);
    assert_placed(0);
    rig_close(&r);
}

Test(promises, a_deletion_is_told_when_the_topic_cannot_come_back)
{
    struct rig r;

    rig_open(&r);
    struct topic *t = rig_topic(&r, "t", 1);
    watch(&r);
    rig_delete(&r, t);
    int renamed = find("rename from", "topics/t.meta", 0);
    cr_assert_geq(renamed, 0);
    cr_assert_geq(find("sync_dir", "topics", renamed), 0);
    rig_close(&r);
}

/* --- acknowledgements ----------------------------------------------------------------------- */

static atomic_bool sync_hangs;

static enum err hanging_sync(struct disk_file *file)
{
    while (atomic_load(&sync_hangs))
        usleep(100);
    return seen.plain->sync(file);
}

Test(promises, what_waits_behind_a_sync_is_not_told_as_written)
{
    struct rig r;
    struct awaited_ack first, second;

    rig_open(&r);
    struct topic_partition *tp = topic_partition(rig_topic(&r, "t", 1), 0);
    seen.plain = r.disk_ops;
    r.faulty_ops.sync = hanging_sync;
    atomic_store(&sync_hangs, true);
    rig_append_wait(tp, "has the file", ACK_SYNCED, &first);
    rig_turn(&r);
    rig_append_wait(tp, "waits for it", ACK_WRITTEN, &second);
    for (int i = 0; i < 3; i++)
        rig_turn(&r);
    cr_assert_eq(partition_batch_written(tp->log), 1);
    cr_assert_not(first.done);
    cr_assert_not(second.done);
    atomic_store(&sync_hangs, false);
    rig_until(&r, &second.done);
    cr_assert_eq(second.err, ERR_OK);
    cr_assert_eq(partition_batch_written(tp->log), 2);
    rig_until(&r, &first.done);
    rig_close(&r);
}
