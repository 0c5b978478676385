/* SPDX-License-Identifier: BSD-3-Clause */
/* The compound calls of the disk interface over a driver that writes down what it is asked for and
 * fails where it is told to. */
#include "base/mem.h"
#include "disk/disk.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

struct fake_disk {
    struct disk disk;
    struct disk_file file;
    char asked[512];
    const char *fail_at; /* the call that answers ERR_NOSPACE, or NULL */
    const char *content; /* what is read */
    uint64_t size;       /* what the file says it has */
};

static struct fake_disk *fake_of(struct disk *d)
{
    return CONTAINER_OF(d, struct fake_disk, disk);
}

static enum err ask(struct disk *d, const char *call, const char *a, const char *b)
{
    struct fake_disk *fake = fake_of(d);
    size_t len = strlen(fake->asked);
    snprintf(fake->asked + len, sizeof(fake->asked) - len, "%s%s %s%s%s", len > 0 ? ", " : "", call,
             a, b[0] != '\0' ? " " : "", b);
    return fake->fail_at != NULL && strcmp(fake->fail_at, call) == 0 ? ERR_NOSPACE : ERR_OK;
}

static enum err fake_open(struct disk *d, const char *path, unsigned flags, struct disk_file **file)
{
    fake_of(d)->file.disk = d;
    *file = &fake_of(d)->file;
    return ask(d, flags & DISK_WRITE ? "create" : "open", path, "");
}

static void fake_close(struct disk_file *file)
{
    enum err ignored = ask(file->disk, "close", "", "");
    (void)ignored;
}

static enum err fake_write(struct disk_file *file, const struct iovec *iov, int count, uint64_t pos,
                           size_t *put)
{
    cr_assert_eq(count, 1);
    cr_assert_eq(pos, 0);
    *put = iov->iov_len;
    return ask(file->disk, "write", iov->iov_base, "");
}

static enum err fake_read(struct disk_file *file, void *data, size_t len, uint64_t pos, bool cached,
                          size_t *got)
{
    const char *content = fake_of(file->disk)->content;
    cr_assert_eq(pos, 0);
    cr_assert(!cached);
    *got = strlen(content) < len ? strlen(content) : len;
    memcpy(data, content, *got);
    return ask(file->disk, "read", "", "");
}

static enum err fake_sync(struct disk_file *file)
{
    return ask(file->disk, "sync", "", "");
}

static enum err fake_size(struct disk_file *file, uint64_t *len)
{
    *len = fake_of(file->disk)->size;
    return ask(file->disk, "size", "", "");
}

static enum err fake_rename(struct disk *d, const char *from, const char *to)
{
    return ask(d, "rename", from, to);
}

static enum err fake_unlink(struct disk *d, const char *path)
{
    return ask(d, "unlink", path, "");
}

static enum err fake_sync_dir(struct disk *d, const char *path)
{
    return ask(d, "sync_dir", path, "");
}

static const struct disk_ops fake_ops = {
    .open = fake_open,
    .close = fake_close,
    .write = fake_write,
    .read = fake_read,
    .sync = fake_sync,
    .size = fake_size,
    .rename = fake_rename,
    .unlink = fake_unlink,
    .sync_dir = fake_sync_dir,
};

static struct fake_disk fake_disk(const char *fail_at)
{
    return (struct fake_disk){.disk = {.ops = &fake_ops}, .fail_at = fail_at};
}

Test(disk, replace_file_syncs_the_new_one_before_the_rename_and_the_directory_after_it)
{
    struct fake_disk fake = fake_disk(NULL);
    cr_assert_eq(disk_replace_file(&fake.disk, "a/b/c", "new", 3), ERR_OK);
    cr_assert_str_eq(fake.asked, "create a/b/c.tmp, write new, sync , close , "
                                 "rename a/b/c.tmp a/b/c, sync_dir a/b");
}

Test(disk, replace_file_in_the_root_syncs_the_root)
{
    struct fake_disk fake = fake_disk(NULL);
    cr_assert_eq(disk_replace_file(&fake.disk, "c", "new", 3), ERR_OK);
    cr_assert_str_eq(fake.asked,
                     "create c.tmp, write new, sync , close , rename c.tmp c, sync_dir ");
}

Test(disk, replace_file_that_fails_before_the_rename_leaves_no_temporary_file)
{
    static const struct {
        const char *fail_at, *asked;
    } cases[] = {
        {"create", "create c.tmp, unlink c.tmp"},
        {"write", "create c.tmp, write new, close , unlink c.tmp"},
        {"sync", "create c.tmp, write new, sync , close , unlink c.tmp"},
        {"rename", "create c.tmp, write new, sync , close , rename c.tmp c, unlink c.tmp"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fake_disk fake = fake_disk(cases[i].fail_at);
        cr_assert_eq(disk_replace_file(&fake.disk, "c", "new", 3), ERR_NOSPACE, "%s",
                     cases[i].fail_at);
        cr_assert_str_eq(fake.asked, cases[i].asked);
    }
}

Test(disk, replace_file_reports_that_its_directory_could_not_be_synced)
{
    struct fake_disk fake = fake_disk("sync_dir");
    cr_assert_eq(disk_replace_file(&fake.disk, "c", "new", 3), ERR_NOSPACE);
    cr_assert_str_eq(fake.asked,
                     "create c.tmp, write new, sync , close , rename c.tmp c, sync_dir ");
}

Test(disk, read_file_ends_the_content_with_a_nul)
{
    struct fake_disk fake = fake_disk(NULL);
    fake.content = "hello";
    fake.size = 5;
    char *data;
    size_t len;
    cr_assert_eq(disk_read_file(&fake.disk, "c", 5, &data, &len), ERR_OK);
    cr_assert_eq(len, 5);
    cr_assert_str_eq(data, "hello");
    mem_free(data);
    cr_assert_str_eq(fake.asked, "open c, size , read , close ");
}

Test(disk, read_file_of_an_empty_file_is_an_empty_string)
{
    struct fake_disk fake = fake_disk(NULL);
    fake.content = "";
    char *data;
    size_t len;
    cr_assert_eq(disk_read_file(&fake.disk, "c", 5, &data, &len), ERR_OK);
    cr_assert_eq(len, 0);
    cr_assert_str_eq(data, "");
    mem_free(data);
}

Test(disk, read_file_that_shrinks_meanwhile_gives_what_is_there)
{
    struct fake_disk fake = fake_disk(NULL);
    fake.content = "hel";
    fake.size = 5;
    char *data;
    size_t len;
    cr_assert_eq(disk_read_file(&fake.disk, "c", 5, &data, &len), ERR_OK);
    cr_assert_eq(len, 3);
    cr_assert_str_eq(data, "hel");
    mem_free(data);
}

Test(disk, read_file_over_the_limit_is_refused_unread_and_closed)
{
    struct fake_disk fake = fake_disk(NULL);
    fake.size = 6;
    char *data = NULL;
    size_t len = 7;
    cr_assert_eq(disk_read_file(&fake.disk, "c", 5, &data, &len), ERR_TOO_LARGE);
    cr_assert_str_eq(fake.asked, "open c, size , close ");
    cr_assert_null(data);
    cr_assert_eq(len, 7);
}

Test(disk, read_file_that_fails_gives_nothing_and_closes)
{
    static const char *const calls[] = {"size", "read"};
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        struct fake_disk fake = fake_disk(calls[i]);
        fake.content = "hello";
        fake.size = 5;
        char *data = NULL;
        size_t len;
        cr_assert_eq(disk_read_file(&fake.disk, "c", 5, &data, &len), ERR_NOSPACE);
        cr_assert_null(data);
        cr_assert_not_null(strstr(fake.asked, "close"));
    }
}

Test(disk, closing_no_file_does_nothing)
{
    disk_close(NULL);
}

Test(disk, a_path_above_the_root_is_our_mistake, .signal = SIGABRT)
{
    struct fake_disk fake = fake_disk(NULL);
    enum err err = disk_unlink(&fake.disk, "a/../../b");
    (void)err;
}

Test(disk, an_absolute_path_is_our_mistake, .signal = SIGABRT)
{
    struct fake_disk fake = fake_disk(NULL);
    enum err err = disk_unlink(&fake.disk, "/etc/passwd");
    (void)err;
}

Test(disk, dots_inside_a_name_are_a_name)
{
    struct fake_disk fake = fake_disk(NULL);
    cr_assert_eq(disk_unlink(&fake.disk, "..a/b../..."), ERR_OK);
    cr_assert_str_eq(fake.asked, "unlink ..a/b../...");
}
