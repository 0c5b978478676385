/* SPDX-License-Identifier: BSD-3-Clause */
#include "scratch.h"

#include "disk/posix_disk.h"
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

void scratch_open(struct scratch *s, bool narrow)
{
    snprintf(s->dir, sizeof(s->dir), "/tmp/echolog-unit-XXXXXX");
    cr_assert_not_null(mkdtemp(s->dir));
    snprintf(s->root, sizeof(s->root), "%s/root", s->dir);
    struct posix_disk_options options = {
        .root = s->root, .sync_workers = narrow, .bulk_workers = narrow};
    CHECK_OK(posix_disk_create(&options, &s->disk));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    (void)st;
    (void)kind;
    (void)place;
    return remove(path);
}

void scratch_close(struct scratch *s)
{
    posix_disk_destroy(s->disk);
    cr_assert_eq(nftw(s->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

struct disk_file *scratch_file(struct scratch *s, const char *path)
{
    struct disk_file *file;
    CHECK_OK(disk_open(s->disk, path, DISK_WRITE | DISK_CREATE | DISK_TRUNCATE, &file));
    return file;
}

void scratch_write(struct scratch *s, const char *path, const char *text)
{
    struct disk_file *file = scratch_file(s, path);
    CHECK_OK(disk_write_all(file, text, strlen(text), 0));
    disk_close(file);
}

void scratch_reap(struct scratch *s, size_t count)
{
    for (size_t reaped = 0; reaped < count; reaped += disk_reap(s->disk)) {
        struct pollfd finished = {.fd = posix_disk_fd(s->disk), .events = POLLIN};
        cr_assert_eq(poll(&finished, 1, -1), 1);
    }
}
