/* SPDX-License-Identifier: BSD-3-Clause */
/* The worker pool and the POSIX disk under load, for ThreadSanitizer. It has a plain main, since
 * Criterion aborts under that sanitizer. Prints "N passed, 0 failed" and exits with 0 when all is well. */
#include "base/mem.h"
#include "disk/posix_disk.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WRITERS 16
#define ROUNDS 200 /* per writer: a write and a sync */
#define READERS 8
#define BLOCK_BYTES 512

struct tally {
    int passed, failed;
};

static void check(struct tally *t, bool ok, const char *what)
{
    if (ok) {
        t->passed++;
        return;
    }
    t->failed++;
    fprintf(stderr, "failed: %s\n", what);
}

/* A file that is written and synced by one job after the other, as a partition's log is: the fields pass
 * from the reactor to a worker and back without a lock of their own. */
struct writer {
    struct disk_job job;
    struct disk *disk;
    struct disk_file *file;
    unsigned char fill;
    int rounds;
    enum err err;
    int dones; /* this and the next are the reactor's alone */
    bool finished;
    char block[BLOCK_BYTES];
};

static void writer_run(struct disk_job *job)
{
    struct writer *w = CONTAINER_OF(job, struct writer, job);
    char path[32];
    snprintf(path, sizeof(path), "file-%d", w->fill);
    if (w->file == NULL)
        w->err = disk_open(w->disk, path, DISK_WRITE | DISK_CREATE, &w->file);
    if (w->err == ERR_OK)
        w->err = disk_write_all(w->file, w->block, sizeof(w->block),
                                (uint64_t)w->rounds * sizeof(w->block));
    if (w->err == ERR_OK && w->rounds % 16 == 0)
        w->err = disk_sync(w->file);
    w->rounds++;
}

static void writer_done(struct disk_job *job)
{
    struct writer *w = CONTAINER_OF(job, struct writer, job);
    w->dones++;
    memset(w->block, w->fill + w->rounds, sizeof(w->block)); /* for the next round */
    w->finished = w->err != ERR_OK || w->rounds == ROUNDS;
    if (!w->finished)
        disk_submit(w->disk, DISK_LANE_SYNC, job);
}

/* Reads behind a writer in the other lane, from a buffer and file of its own. */
struct reader {
    struct disk_job job;
    struct disk *disk;
    const char *path; /* borrowed */
    int left;
    int found;
    enum err err;
};

static void reader_run(struct disk_job *job)
{
    struct reader *r = CONTAINER_OF(job, struct reader, job);
    char *data;
    size_t len;
    r->err = disk_read_file(r->disk, r->path, ROUNDS * BLOCK_BYTES, &data, &len);
    if (r->err != ERR_OK)
        return;
    r->found++;
    mem_free(data);
}

static void reader_done(struct disk_job *job)
{
    struct reader *r = CONTAINER_OF(job, struct reader, job);
    if (r->err == ERR_NOT_FOUND)
        r->err = ERR_OK; /* its writer has not begun */
    if (--r->left > 0)
        disk_submit(r->disk, DISK_LANE_BULK, job);
}

static void reap_until_idle(struct disk *disk, const struct writer *writers)
{
    for (;;) {
        bool idle = true;
        for (int i = 0; i < WRITERS; i++)
            idle = idle && writers[i].finished;
        if (idle)
            return;
        struct pollfd finished = {.fd = posix_disk_fd(disk), .events = POLLIN};
        if (poll(&finished, 1, -1) > 0)
            disk_reap(disk);
    }
}

static void check_content(struct tally *t, struct disk *disk, const struct writer *w)
{
    char path[32];
    snprintf(path, sizeof(path), "file-%d", w->fill);
    char *data;
    size_t len;
    enum err err = disk_read_file(disk, path, ROUNDS * BLOCK_BYTES, &data, &len);
    check(t, err == ERR_OK, "the file can be read back");
    if (err != ERR_OK)
        return;
    bool good = len == ROUNDS * BLOCK_BYTES;
    for (size_t i = 0; good && i < len; i++)
        good = (unsigned char)data[i] == (unsigned char)((size_t)w->fill + i / BLOCK_BYTES);
    check(t, good, "each block is in its place");
    mem_free(data);
}

/* Writers and readers at once, all submitted and reaped by this thread. */
static void test_load(struct tally *t, const char *root)
{
    struct posix_disk_options options = {.root = root};
    struct disk *disk;
    enum err err = posix_disk_create(&options, &disk);
    check(t, err == ERR_OK, "the disk is made");
    if (err != ERR_OK)
        return;
    struct writer *writers = mem_zalloc(WRITERS, sizeof(*writers));
    struct reader readers[READERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.job = {.run = writer_run, .done = writer_done},
                                     .disk = disk,
                                     .fill = (unsigned char)i};
        memset(writers[i].block, i, sizeof(writers[i].block));
        disk_submit(disk, DISK_LANE_SYNC, &writers[i].job);
    }
    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct reader){.job = {.run = reader_run, .done = reader_done},
                                     .disk = disk,
                                     .path = "file-1",
                                     .left = ROUNDS};
        disk_submit(disk, DISK_LANE_BULK, &readers[i].job);
    }
    reap_until_idle(disk, writers);
    for (int i = 0; i < WRITERS; i++) {
        check(t, writers[i].err == ERR_OK, "a writer had no error");
        check(t, writers[i].dones == ROUNDS, "each round was done once");
        check_content(t, disk, &writers[i]);
        disk_close(writers[i].file);
    }
    mem_free(writers);
    posix_disk_destroy(disk); /* with readers under way, as like as not */
    for (int i = 0; i < READERS; i++)
        check(t, readers[i].err == ERR_OK && readers[i].left == 0, "a reader came to its end");
}

struct count {
    struct disk_job job;
    struct disk *disk;
    int runs, dones, left;
};

static void count_run(struct disk_job *job)
{
    CONTAINER_OF(job, struct count, job)->runs++;
}

static void count_done(struct disk_job *job)
{
    struct count *c = CONTAINER_OF(job, struct count, job);
    c->dones++;
    if (--c->left > 0)
        disk_submit(c->disk, c->left % 2 == 0 ? DISK_LANE_SYNC : DISK_LANE_BULK, job);
}

/* Disks that are destroyed at once, with empty jobs that resubmit themselves across the lanes. */
static void test_destroy(struct tally *t, const char *root)
{
    for (int round = 0; round < 20; round++) {
        struct posix_disk_options options = {.root = root};
        struct disk *disk;
        if (posix_disk_create(&options, &disk) != ERR_OK) {
            check(t, false, "the disk is made");
            return;
        }
        struct count counts[32];
        for (size_t i = 0; i < COUNT_OF(counts); i++) {
            counts[i] = (struct count){
                .job = {.run = count_run, .done = count_done}, .disk = disk, .left = 25};
            disk_submit(disk, DISK_LANE_SYNC, &counts[i].job);
        }
        posix_disk_destroy(disk);
        bool good = true;
        for (size_t i = 0; i < COUNT_OF(counts); i++)
            good = good && counts[i].runs == 25 && counts[i].dones == 25;
        check(t, good, "destroy finished every job once");
    }
}

int main(void)
{
    char root[] = "/tmp/echolog-tsan-XXXXXX";
    if (mkdtemp(root) == NULL) {
        perror(root);
        return 1;
    }
    struct tally t = {0};
    test_load(&t, root);
    test_destroy(&t, root);
    for (int i = 0; i < WRITERS; i++) {
        char path[64];
        snprintf(path, sizeof(path), "%s/file-%d", root, i);
        unlink(path);
    }
    rmdir(root);
    printf("%d passed, %d failed\n", t.passed, t.failed);
    return t.failed == 0 ? 0 : 1;
}
