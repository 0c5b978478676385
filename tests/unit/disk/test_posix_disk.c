/* SPDX-License-Identifier: BSD-3-Clause */
/* The POSIX driver on a real file system. Faults of the device are in test_posix_faults.c. */
#include "base/mem.h"
#include "disk/posix_disk.h"
#include "scratch.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the root --------------------------------------------------------------------------------- */

static enum err create_at(const char *root)
{
    struct disk *disk;
    struct posix_disk_options options = {.root = root};
    enum err err = posix_disk_create(&options, &disk);
    if (err == ERR_OK)
        posix_disk_destroy(disk);
    return err;
}

Test(posix_disk, the_root_is_made_and_may_be_there_already)
{
    struct scratch s;
    scratch_open(&s, false);
    struct stat st;
    cr_assert_eq(stat(s.root, &st), 0);
    cr_assert(S_ISDIR(st.st_mode));
    cr_assert_eq(st.st_mode & 07, 0, "data is nobody else's to read");
    CHECK_OK(create_at(s.root));
    scratch_close(&s);
}

Test(posix_disk, a_root_whose_parent_is_missing_is_not_found)
{
    struct scratch s;
    scratch_open(&s, false);
    char root[128];
    snprintf(root, sizeof(root), "%s/no/such", s.dir);
    CHECK_ERR(ERR_NOT_FOUND, create_at(root));
    scratch_close(&s);
}

Test(posix_disk, a_root_that_is_a_file_is_invalid)
{
    struct scratch s;
    scratch_open(&s, false);
    scratch_write(&s, "file", "x");
    char root[128];
    snprintf(root, sizeof(root), "%s/file", s.root);
    CHECK_ERR(ERR_INVALID, create_at(root));
    scratch_close(&s);
}

Test(posix_disk, a_root_that_is_not_writable_is_refused_at_the_start)
{
    struct scratch s;
    scratch_open(&s, false);
    cr_assert_eq(chmod(s.dir, 0755), 0);
    cr_assert_eq(chmod(s.root, 0555), 0);
    bool super = geteuid() == 0; /* who may write everywhere: be nobody for the call */
    if (super)
        cr_assert_eq(seteuid(65534), 0);
    enum err err = create_at(s.root);
    if (super)
        cr_assert_eq(seteuid(0), 0);
    cr_assert_eq(err, ERR_ACCESS);
    cr_assert_eq(chmod(s.root, 0755), 0);
    scratch_close(&s);
}

Test(posix_disk, the_root_is_followed_when_it_is_renamed)
{
    struct scratch s;
    scratch_open(&s, false);
    char moved[128];
    snprintf(moved, sizeof(moved), "%s/moved", s.dir);
    cr_assert_eq(rename(s.root, moved), 0);
    scratch_write(&s, "file", "x");
    snprintf(moved, sizeof(moved), "%s/moved/file", s.dir);
    cr_assert_eq(access(moved, F_OK), 0);
    scratch_close(&s);
}

Test(posix_disk, the_boot_id_is_the_kernels)
{
    struct scratch s;
    scratch_open(&s, false);
    char expected[40] = "";
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    if (file != NULL) {
        cr_assert_eq(fscanf(file, "%39s", expected), 1);
        fclose(file);
    }
    cr_assert_str_eq(s.disk->boot_id, expected);
    scratch_close(&s);
}

/* --- opening ---------------------------------------------------------------------------------- */

Test(posix_disk, opening_what_is_not_there_is_not_found)
{
    struct scratch s;
    scratch_open(&s, false);
    struct disk_file *file;
    CHECK_ERR(ERR_NOT_FOUND, disk_open(s.disk, "nothing", DISK_READ, &file));
    CHECK_ERR(ERR_NOT_FOUND, disk_open(s.disk, "nothing", DISK_WRITE, &file));
    CHECK_ERR(ERR_NOT_FOUND, disk_open(s.disk, "no/file", DISK_WRITE | DISK_CREATE, &file));
    scratch_close(&s);
}

Test(posix_disk, exclusive_creation_refuses_an_existing_file)
{
    struct scratch s;
    scratch_open(&s, false);
    struct disk_file *file;
    unsigned flags = DISK_WRITE | DISK_CREATE | DISK_EXCLUSIVE;
    CHECK_OK(disk_open(s.disk, "file", flags, &file));
    disk_close(file);
    CHECK_ERR(ERR_EXISTS, disk_open(s.disk, "file", flags, &file));
    scratch_close(&s);
}

Test(posix_disk, a_file_keeps_its_content_unless_truncated)
{
    struct scratch s;
    scratch_open(&s, false);
    scratch_write(&s, "file", "hello");
    struct disk_file *file;
    uint64_t size;
    CHECK_OK(disk_open(s.disk, "file", DISK_WRITE | DISK_CREATE, &file));
    CHECK_OK(disk_size(file, &size));
    cr_assert_eq(size, 5);
    disk_close(file);
    CHECK_OK(disk_open(s.disk, "file", DISK_WRITE | DISK_TRUNCATE, &file));
    CHECK_OK(disk_size(file, &size));
    cr_assert_eq(size, 0);
    disk_close(file);
    scratch_close(&s);
}

Test(posix_disk, a_file_used_as_a_directory_is_invalid)
{
    struct scratch s;
    scratch_open(&s, false);
    scratch_write(&s, "file", "x");
    struct disk_file *file;
    CHECK_ERR(ERR_INVALID, disk_open(s.disk, "file/inner", DISK_READ, &file));
    CHECK_ERR(ERR_INVALID, disk_sync_dir(s.disk, "file"));
    CHECK_ERR(ERR_INVALID, disk_rmdir(s.disk, "file"));
    scratch_close(&s);
}

Test(posix_disk, opening_without_descriptors_left_is_a_limit)
{
    struct scratch s;
    scratch_open(&s, false);
    scratch_write(&s, "file", "x");
    struct rlimit before, none;
    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = 0;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct disk_file *file;
    enum err open_err = disk_open(s.disk, "file", DISK_READ, &file);
    enum err sync_err = disk_sync_dir(s.disk, "");
    enum err list_err = disk_list(s.disk, "", NULL, NULL);
    enum err lock_err = disk_lock(s.disk, "lock");
    enum err create_err = create_at(s.root);
    setrlimit(RLIMIT_NOFILE, &before);
    CHECK_ERR(ERR_LIMIT, open_err);
    CHECK_ERR(ERR_LIMIT, sync_err);
    CHECK_ERR(ERR_LIMIT, list_err);
    CHECK_ERR(ERR_LIMIT, lock_err);
    CHECK_ERR(ERR_LIMIT, create_err);
    scratch_close(&s);
}

Test(posix_disk, descriptors_are_not_inherited_by_other_programs)
{
    struct scratch s;
    scratch_open(&s, false);
    struct disk_file *file = scratch_file(&s, "file");
    CHECK_OK(disk_lock(s.disk, "lock"));
    char target[256];
    size_t ours = 0;
    for (int fd = 3; fd < 64; fd++) {
        char link[64];
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t len = readlink(link, target, sizeof(target) - 1);
        target[len < 0 ? 0 : len] = '\0';
        if (strncmp(target, s.root, strlen(s.root)) != 0)
            continue;
        ours++;
        cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC, "%s", target);
    }
    cr_assert_eq(ours, 3, "the root, the file and the lock");
    disk_close(file);
    scratch_close(&s);
}

/* --- reading and writing ---------------------------------------------------------------------- */

Test(posix_disk, pieces_are_written_one_after_the_other_at_the_position)
{
    struct scratch s;
    scratch_open(&s, false);
    struct disk_file *file = scratch_file(&s, "file");
    char one[] = "one", two[] = "two";
    struct iovec iov[] = {{NULL, 0}, {one, 3}, {NULL, 0}, {two, 3}, {NULL, 0}};
    size_t put;
    CHECK_OK(disk_write(file, iov, COUNT_OF(iov), 2, &put));
    cr_assert_eq(put, 6);
    char data[16];
    size_t got;
    CHECK_OK(disk_read(file, data, sizeof(data), 0, &got));
    cr_assert_eq(got, 8);
    cr_assert_arr_eq(data, "\0\0onetwo", 8);
    disk_close(file);
    scratch_close(&s);
}

Test(posix_disk, writing_nothing_is_no_error)
{
    struct scratch s;
    scratch_open(&s, false);
    struct disk_file *file = scratch_file(&s, "file");
    size_t put = 9;
    CHECK_OK(disk_write(file, NULL, 0, 0, &put));
    cr_assert_eq(put, 0);
    CHECK_OK(disk_write_all(file, "", 0, 0));
    disk_close(file);
    scratch_close(&s);
}

Test(posix_disk, a_write_that_stops_half_way_counts_what_got_in)
{
    struct scratch s;
    scratch_open(&s, false);
    struct disk_file *file = scratch_file(&s, "file");
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit before, thousand;
    getrlimit(RLIMIT_FSIZE, &before);
    thousand = before;
    thousand.rlim_cur = 1000;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &thousand), 0);
    char piece[400] = {0};
    struct iovec iov[] = {{piece, 400}, {piece, 400}, {piece, 400}};
    struct iovec same[COUNT_OF(iov)];
    memcpy(same, iov, sizeof(iov));
    size_t put;
    enum err err = disk_write(file, iov, COUNT_OF(iov), 0, &put);
    setrlimit(RLIMIT_FSIZE, &before);
    CHECK_ERR(ERR_TOO_LARGE, err);
    cr_assert_eq(put, 1000);
    cr_assert_arr_eq(iov, same, sizeof(iov), "the pieces are the caller's");
    uint64_t size;
    CHECK_OK(disk_size(file, &size));
    cr_assert_eq(size, 1000);
    disk_close(file);
    scratch_close(&s);
}

Test(posix_disk, a_read_is_short_only_at_the_end)
{
    struct scratch s;
    scratch_open(&s, false);
    scratch_write(&s, "file", "hello");
    struct disk_file *file;
    CHECK_OK(disk_open(s.disk, "file", DISK_READ, &file));
    char data[16];
    size_t got;
    CHECK_OK(disk_read(file, data, 3, 1, &got));
    cr_assert_eq(got, 3);
    cr_assert_arr_eq(data, "ell", 3);
    CHECK_OK(disk_read(file, data, sizeof(data), 3, &got));
    cr_assert_eq(got, 2);
    cr_assert_arr_eq(data, "lo", 2);
    CHECK_OK(disk_read(file, data, sizeof(data), 5, &got));
    cr_assert_eq(got, 0);
    CHECK_OK(disk_read(file, data, sizeof(data), 500, &got));
    cr_assert_eq(got, 0);
    disk_close(file);
    scratch_close(&s);
}

Test(posix_disk, a_cached_read_answers_as_a_read_or_asks_for_a_worker)
{
    struct scratch s;
    scratch_open(&s, false);
    struct disk_file *file = scratch_file(&s, "file");
    CHECK_OK(disk_write_all(file, "hello", 5, 0));
    char data[16];
    size_t got = 99;
    enum err err = disk_read_cached(file, data, sizeof(data), 1, &got);
    if (err == ERR_AGAIN) {
        cr_assert_eq(got, 99, "nothing is written on failure");
    } else {
        CHECK_OK(err);
        cr_assert_eq(got, 4);
        cr_assert_arr_eq(data, "ello", 4);
    }
    disk_close(file);
    scratch_close(&s);
}

Test(posix_disk, writing_to_a_file_opened_for_reading_fails)
{
    struct scratch s;
    scratch_open(&s, false);
    scratch_write(&s, "file", "hello");
    struct disk_file *file;
    CHECK_OK(disk_open(s.disk, "file", DISK_READ, &file));
    CHECK_ERR(ERR_IO, disk_write_all(file, "x", 1, 0));
    CHECK_ERR(ERR_IO, disk_truncate(file, 0));
    disk_close(file);
    scratch_close(&s);
}

Test(posix_disk, truncating_cuts_and_extends)
{
    struct scratch s;
    scratch_open(&s, false);
    struct disk_file *file = scratch_file(&s, "file");
    CHECK_OK(disk_write_all(file, "hello", 5, 0));
    CHECK_OK(disk_truncate(file, 2));
    CHECK_OK(disk_truncate(file, 4));
    CHECK_OK(disk_sync(file));
    char data[8];
    size_t got;
    CHECK_OK(disk_read(file, data, sizeof(data), 0, &got));
    cr_assert_eq(got, 4);
    cr_assert_arr_eq(data, "he\0\0", 4);
    disk_close(file);
    scratch_close(&s);
}

/* --- names ------------------------------------------------------------------------------------ */

Test(posix_disk, a_rename_replaces_the_target)
{
    struct scratch s;
    scratch_open(&s, false);
    scratch_write(&s, "old", "old");
    scratch_write(&s, "new", "new");
    CHECK_OK(disk_rename(s.disk, "new", "old"));
    char *data;
    size_t len;
    CHECK_OK(disk_read_file(s.disk, "old", 10, &data, &len));
    cr_assert_str_eq(data, "new");
    mem_free(data);
    CHECK_ERR(ERR_NOT_FOUND, disk_rename(s.disk, "new", "old"));
    scratch_close(&s);
}

Test(posix_disk, an_open_file_knows_when_it_has_been_removed)
{
    struct scratch s;
    scratch_open(&s, false);
    struct disk_file *file = scratch_file(&s, "old");
    cr_assert(disk_is_linked(file));
    CHECK_OK(disk_rename(s.disk, "old", "new"));
    cr_assert(disk_is_linked(file));
    CHECK_OK(disk_unlink(s.disk, "new"));
    cr_assert(!disk_is_linked(file));
    disk_close(file);
    scratch_close(&s);
}

Test(posix_disk, replace_file_makes_and_replaces)
{
    struct scratch s;
    scratch_open(&s, false);
    CHECK_OK(disk_mkdir(s.disk, "dir"));
    CHECK_OK(disk_replace_file(s.disk, "dir/file", "first and long", 14));
    CHECK_OK(disk_replace_file(s.disk, "dir/file", "second", 6));
    char *data;
    size_t len;
    CHECK_OK(disk_read_file(s.disk, "dir/file", 10, &data, &len));
    cr_assert_str_eq(data, "second");
    cr_assert_eq(len, 6);
    mem_free(data);
    struct disk_file *file;
    CHECK_ERR(ERR_NOT_FOUND, disk_open(s.disk, "dir/file.tmp", DISK_READ, &file));
    CHECK_ERR(ERR_NOT_FOUND, disk_replace_file(s.disk, "no/file", "x", 1));
    scratch_close(&s);
}

Test(posix_disk, directories_are_made_once_and_removed_when_empty)
{
    struct scratch s;
    scratch_open(&s, false);
    CHECK_OK(disk_mkdir(s.disk, "dir"));
    CHECK_ERR(ERR_EXISTS, disk_mkdir(s.disk, "dir"));
    CHECK_ERR(ERR_NOT_FOUND, disk_mkdir(s.disk, "no/dir"));
    scratch_write(&s, "dir/file", "x");
    CHECK_ERR(ERR_EXISTS, disk_rmdir(s.disk, "dir"));
    CHECK_OK(disk_unlink(s.disk, "dir/file"));
    CHECK_ERR(ERR_NOT_FOUND, disk_unlink(s.disk, "dir/file"));
    CHECK_ERR(ERR_INVALID, disk_unlink(s.disk, "dir"));
    CHECK_OK(disk_sync_dir(s.disk, "dir"));
    CHECK_OK(disk_rmdir(s.disk, "dir"));
    CHECK_ERR(ERR_NOT_FOUND, disk_rmdir(s.disk, "dir"));
    CHECK_ERR(ERR_NOT_FOUND, disk_sync_dir(s.disk, "dir"));
    CHECK_OK(disk_sync_dir(s.disk, ""));
    scratch_close(&s);
}

struct listing {
    size_t files, dirs, others;
    size_t stop_at; /* 0: go on */
};

static bool list_one(void *ctx, const char *name, enum disk_entry_kind kind)
{
    struct listing *l = ctx;
    cr_assert_neq(name[0], '.');
    l->files += kind == DISK_ENTRY_FILE;
    l->dirs += kind == DISK_ENTRY_DIR;
    l->others += kind == DISK_ENTRY_OTHER;
    return l->files + l->dirs + l->others != l->stop_at;
}

Test(posix_disk, a_listing_tells_kinds_apart_and_stops_when_told)
{
    struct scratch s;
    scratch_open(&s, false);
    scratch_write(&s, "a", "");
    scratch_write(&s, "b", "");
    CHECK_OK(disk_mkdir(s.disk, "dir"));
    char link[128];
    snprintf(link, sizeof(link), "%s/link", s.root);
    cr_assert_eq(symlink("dir", link), 0);

    struct listing all = {0};
    CHECK_OK(disk_list(s.disk, "", list_one, &all));
    cr_assert_eq(all.files, 2);
    cr_assert_eq(all.dirs, 1);
    cr_assert_eq(all.others, 1);
    struct listing some = {.stop_at = 2};
    CHECK_OK(disk_list(s.disk, "", list_one, &some));
    cr_assert_eq(some.files + some.dirs + some.others, 2);
    struct listing none = {0};
    CHECK_OK(disk_list(s.disk, "dir", list_one, &none));
    cr_assert_eq(none.files + none.dirs + none.others, 0);
    CHECK_ERR(ERR_NOT_FOUND, disk_list(s.disk, "no", list_one, &none));
    CHECK_ERR(ERR_INVALID, disk_list(s.disk, "a", list_one, &none));
    scratch_close(&s);
}

/* --- the lock --------------------------------------------------------------------------------- */

/* As another process would: the lock belongs to the open file, not to the process. (The server tests
 * have two processes; here a fork would meet the workers' threads.) */
static enum err lock_at(const char *root)
{
    struct disk *disk;
    struct posix_disk_options options = {.root = root};
    enum err err = posix_disk_create(&options, &disk);
    if (err == ERR_OK) {
        err = disk_lock(disk, "lock");
        posix_disk_destroy(disk);
    }
    return err;
}

Test(posix_disk, a_lock_keeps_others_out_until_the_disk_is_destroyed)
{
    struct scratch s;
    scratch_open(&s, false);
    cr_assert_eq(lock_at(s.root), ERR_OK);
    CHECK_OK(disk_lock(s.disk, "lock"));
    cr_assert_eq(lock_at(s.root), ERR_BUSY);
    posix_disk_destroy(s.disk);
    cr_assert_eq(lock_at(s.root), ERR_OK);
    struct posix_disk_options options = {.root = s.root};
    CHECK_OK(posix_disk_create(&options, &s.disk));
    scratch_close(&s);
}

Test(posix_disk, a_lock_outlives_other_descriptors_of_its_file)
{
    struct scratch s;
    scratch_open(&s, false);
    CHECK_OK(disk_lock(s.disk, "lock"));
    struct disk_file *file;
    CHECK_OK(disk_open(s.disk, "lock", DISK_WRITE, &file));
    disk_close(file);
    cr_assert_eq(lock_at(s.root), ERR_BUSY);
    scratch_close(&s);
}

Test(posix_disk, a_lock_in_a_missing_directory_is_not_found)
{
    struct scratch s;
    scratch_open(&s, false);
    CHECK_ERR(ERR_NOT_FOUND, disk_lock(s.disk, "no/lock"));
    scratch_close(&s);
}

Test(posix_disk, locks_are_counted)
{
    struct scratch s;
    scratch_open(&s, false);
    CHECK_OK(disk_lock(s.disk, "one"));
    CHECK_OK(disk_lock(s.disk, "two"));
    CHECK_OK(disk_lock(s.disk, "three"));
    CHECK_OK(disk_lock(s.disk, "four"));
    CHECK_ERR(ERR_FULL, disk_lock(s.disk, "five"));
    scratch_close(&s);
}
