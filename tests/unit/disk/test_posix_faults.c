/* SPDX-License-Identifier: BSD-3-Clause */
/* The POSIX driver under a kernel that interrupts, shortens and refuses. The program's own definitions
 * of a few calls stand before those of the C library and answer from a script; where the script is
 * empty they are the real calls. */
#include "disk/posix_disk.h"
#include "scratch.h"
#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SCRIPT_MAX 8

/* What the next calls answer: a negative errno, or how many bytes they may move at most. */
struct script {
    long steps[SCRIPT_MAX];
    int count, next;
};

static struct script script; /* the calls have no other way to it */

static void script_set(int count, const long *steps)
{
    cr_assert_leq(count, SCRIPT_MAX);
    script = (struct script){.count = count};
    memcpy(script.steps, steps, (size_t)count * sizeof(*steps));
}

#define SCRIPT(...) \
    script_set((int)(sizeof((long[]){__VA_ARGS__}) / sizeof(long)), (const long[]){__VA_ARGS__})

static bool script_step(long *step)
{
    if (script.next == script.count)
        return false;
    *step = script.steps[script.next++];
    return true;
}

/* The first `cap` bytes of the pieces. */
static int shorten(struct iovec *to, const struct iovec *from, int count, size_t cap)
{
    int used = 0;
    for (; used < count && cap > 0; used++) {
        to[used] = from[used];
        if (to[used].iov_len > cap)
            to[used].iov_len = cap;
        cap -= to[used].iov_len;
    }
    return used;
}

static ssize_t fail(long step)
{
    errno = (int)-step;
    return -1;
}

ssize_t pwritev(int fd, const struct iovec *iov, int count, off_t pos)
{
    long step;
    if (!script_step(&step))
        return syscall(SYS_pwritev, fd, iov, count, pos, 0);
    if (step < 0)
        return fail(step);
    struct iovec some[16];
    cr_assert_leq(count, 16);
    return syscall(SYS_pwritev, fd, some, shorten(some, iov, count, (size_t)step), pos, 0);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t pos)
{
    long step;
    if (!script_step(&step))
        return syscall(SYS_pwrite64, fd, data, len, pos);
    return step < 0 ? fail(step)
                    : syscall(SYS_pwrite64, fd, data, len < (size_t)step ? len : (size_t)step, pos);
}

ssize_t pread(int fd, void *data, size_t len, off_t pos)
{
    long step;
    if (!script_step(&step))
        return syscall(SYS_pread64, fd, data, len, pos);
    return step < 0 ? fail(step)
                    : syscall(SYS_pread64, fd, data, len < (size_t)step ? len : (size_t)step, pos);
}

ssize_t preadv2(int fd, const struct iovec *iov, int count, off_t pos, int flags)
{
    (void)flags;
    cr_assert_eq(count, 1);
    return pread(fd, iov->iov_base, iov->iov_len, pos);
}

int fdatasync(int fd)
{
    long step;
    if (!script_step(&step))
        return (int)syscall(SYS_fdatasync, fd);
    return step < 0 ? (int)fail(step) : 0;
}

static struct {
    ino_t inodes[SCRIPT_MAX];
    int count;
} synced; /* by fsync, in order */

int fsync(int fd)
{
    long step;
    struct stat st;
    cr_assert_lt(synced.count, SCRIPT_MAX);
    cr_assert_eq(fstat(fd, &st), 0);
    synced.inodes[synced.count++] = st.st_ino;
    if (!script_step(&step))
        return (int)syscall(SYS_fsync, fd);
    return step < 0 ? (int)fail(step) : 0;
}

int ftruncate(int fd, off_t len)
{
    long step;
    if (!script_step(&step))
        return (int)syscall(SYS_ftruncate, fd, len);
    return step < 0 ? (int)fail(step) : 0;
}

static void check_script_played(void)
{
    cr_assert_eq(script.next, script.count, "%d of %d steps", script.next, script.count);
}

/* --- writing ---------------------------------------------------------------------------------- */

static char hello[] = "hello", comma[] = ", ", world[] = "world";
static const struct iovec greeting[] = {{hello, 5}, {comma, 2}, {world, 5}};

static void check_content(struct disk_file *file, const char *expected)
{
    char data[64];
    size_t got;
    CHECK_OK(disk_read(file, data, sizeof(data), 0, &got));
    cr_assert_eq(got, strlen(expected));
    cr_assert_arr_eq(data, expected, got);
}

Test(posix_faults, short_writes_are_continued_from_every_byte)
{
    struct scratch s;
    scratch_open(&s, false);
    for (long cut = 1; cut < 12; cut++) {
        struct disk_file *file = scratch_file(&s, "file");
        SCRIPT(cut, -EINTR, 1);
        size_t put;
        CHECK_OK(disk_write(file, greeting, COUNT_OF(greeting), 0, &put));
        cr_assert_eq(put, 12);
        check_script_played();
        SCRIPT();
        check_content(file, "hello, world");
        disk_close(file);
    }
    scratch_close(&s);
}

Test(posix_faults, an_error_in_the_middle_of_a_write_counts_the_bytes_before_it)
{
    struct scratch s;
    scratch_open(&s, false);
    struct disk_file *file = scratch_file(&s, "file");
    SCRIPT(3, 2, 1, -ENOSPC);
    size_t put;
    CHECK_ERR(ERR_NOSPACE, disk_write(file, greeting, COUNT_OF(greeting), 0, &put));
    cr_assert_eq(put, 6);
    check_script_played();
    check_content(file, "hello,");
    disk_close(file);
    scratch_close(&s);
}

Test(posix_faults, an_error_of_the_first_write_counts_nothing)
{
    static const struct {
        int errnum;
        enum err err;
    } cases[] = {{ENOSPC, ERR_NOSPACE}, {EDQUOT, ERR_NOSPACE}, {EIO, ERR_IO},
                 {ETIMEDOUT, ERR_IO},   {ENODEV, ERR_IO},      {EAGAIN, ERR_IO}};
    struct scratch s;
    scratch_open(&s, false);
    struct disk_file *file = scratch_file(&s, "file");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        SCRIPT(-cases[i].errnum);
        size_t put = 99;
        CHECK_ERR(cases[i].err, disk_write(file, greeting, COUNT_OF(greeting), 0, &put));
        cr_assert_eq(put, 0);
        check_script_played();
    }
    disk_close(file);
    scratch_close(&s);
}

Test(posix_faults, a_write_that_moves_nothing_is_an_error_and_no_endless_loop)
{
    struct scratch s;
    scratch_open(&s, false);
    struct disk_file *file = scratch_file(&s, "file");
    SCRIPT(0);
    size_t put;
    CHECK_ERR(ERR_IO, disk_write(file, greeting, COUNT_OF(greeting), 0, &put));
    cr_assert_eq(put, 0);
    disk_close(file);
    scratch_close(&s);
}

/* --- reading ---------------------------------------------------------------------------------- */

Test(posix_faults, short_and_interrupted_reads_are_continued)
{
    struct scratch s;
    scratch_open(&s, false);
    scratch_write(&s, "file", "hello, world");
    struct disk_file *file;
    CHECK_OK(disk_open(s.disk, "file", DISK_READ, &file));
    SCRIPT(5, -EINTR, 1);
    check_content(file, "hello, world");
    check_script_played();
    SCRIPT(5, -EINTR, 1);
    char data[12];
    size_t got;
    CHECK_OK(disk_read_cached(file, data, sizeof(data), 0, &got));
    check_script_played();
    cr_assert_eq(got, 12);
    cr_assert_arr_eq(data, "hello, world", 12);
    disk_close(file);
    scratch_close(&s);
}

Test(posix_faults, a_read_error_is_an_error_and_gives_nothing)
{
    struct scratch s;
    scratch_open(&s, false);
    scratch_write(&s, "file", "hello, world");
    struct disk_file *file;
    CHECK_OK(disk_open(s.disk, "file", DISK_READ, &file));
    char data[12];
    size_t got = 99;
    SCRIPT(5, -EIO);
    CHECK_ERR(ERR_IO, disk_read(file, data, sizeof(data), 0, &got));
    SCRIPT(5, -EIO);
    CHECK_ERR(ERR_IO, disk_read_cached(file, data, sizeof(data), 0, &got));
    cr_assert_eq(got, 99);
    disk_close(file);
    scratch_close(&s);
}

Test(posix_faults, a_cached_read_that_is_short_before_the_end_asks_for_a_worker)
{
    struct scratch s;
    scratch_open(&s, false);
    scratch_write(&s, "file", "hello, world");
    struct disk_file *file;
    CHECK_OK(disk_open(s.disk, "file", DISK_READ, &file));
    char data[16];
    size_t got = 99;
    SCRIPT(-EAGAIN);
    CHECK_ERR(ERR_AGAIN, disk_read_cached(file, data, sizeof(data), 0, &got));
    SCRIPT(5, -EAGAIN);
    CHECK_ERR(ERR_AGAIN, disk_read_cached(file, data, sizeof(data), 0, &got));
    SCRIPT(5, 0);
    CHECK_ERR(ERR_AGAIN, disk_read_cached(file, data, sizeof(data), 0, &got));
    cr_assert_eq(got, 99);
    SCRIPT(12, 0);
    CHECK_OK(disk_read_cached(file, data, sizeof(data), 0, &got));
    cr_assert_eq(got, 12, "the end of the file is no reason to ask");
    disk_close(file);
    scratch_close(&s);
}

Test(posix_faults, a_file_system_that_cannot_tell_is_asked_once_per_file)
{
    struct scratch s;
    scratch_open(&s, false);
    scratch_write(&s, "file", "hello");
    struct disk_file *file;
    CHECK_OK(disk_open(s.disk, "file", DISK_READ, &file));
    char data[5];
    size_t got;
    SCRIPT(-EOPNOTSUPP, -EIO);
    CHECK_ERR(ERR_AGAIN, disk_read_cached(file, data, sizeof(data), 0, &got));
    CHECK_ERR(ERR_AGAIN, disk_read_cached(file, data, sizeof(data), 0, &got));
    cr_assert_eq(script.next, 1);
    disk_close(file);
    scratch_close(&s);
}

/* --- syncing ---------------------------------------------------------------------------------- */

Test(posix_faults, a_failed_sync_is_reported_and_an_interrupted_one_repeated)
{
    struct scratch s;
    scratch_open(&s, false);
    struct disk_file *file = scratch_file(&s, "file");
    SCRIPT(-EIO);
    CHECK_ERR(ERR_IO, disk_sync(file));
    SCRIPT(-ENOSPC);
    CHECK_ERR(ERR_NOSPACE, disk_sync(file));
    SCRIPT(-EINTR, 0);
    CHECK_OK(disk_sync(file));
    check_script_played();
    SCRIPT(-EINTR, -EIO);
    CHECK_ERR(ERR_IO, disk_truncate(file, 1));
    check_script_played();
    disk_close(file);
    scratch_close(&s);
}

Test(posix_faults, a_directory_that_cannot_be_synced_at_all_needs_none)
{
    struct scratch s;
    scratch_open(&s, false);
    SCRIPT(-EINVAL, -EINVAL); /* the parent, too */
    CHECK_OK(disk_sync_dir(s.disk, ""));
    SCRIPT(-EIO);
    CHECK_ERR(ERR_IO, disk_sync_dir(s.disk, ""));
    SCRIPT(-EINTR, 0);
    CHECK_OK(disk_sync_dir(s.disk, ""));
    check_script_played();
    scratch_close(&s);
}

/* --- the root's own name ---------------------------------------------------------------------- */

static ino_t inode_of(const char *path)
{
    struct stat st;
    cr_assert_eq(stat(path, &st), 0);
    return st.st_ino;
}

Test(posix_faults, the_roots_own_name_is_durable_before_any_below_it_and_synced_once)
{
    struct scratch s;
    scratch_open(&s, false);
    cr_assert_eq(synced.count, 0, "a start waits for no device");
    CHECK_OK(disk_mkdir(s.disk, "below"));
    CHECK_OK(disk_sync_dir(s.disk, "below"));
    CHECK_OK(disk_sync_dir(s.disk, ""));
    cr_assert_eq(synced.count, 3);
    cr_assert_eq(synced.inodes[0], inode_of(s.dir));
    cr_assert_neq(synced.inodes[1], inode_of(s.dir));
    cr_assert_eq(synced.inodes[2], inode_of(s.root));
    scratch_close(&s);
}

Test(posix_faults, the_name_of_a_root_that_was_there_may_not_be_durable_either)
{
    struct scratch s;
    struct disk *again;
    scratch_open(&s, false);
    struct posix_disk_options options = {.root = s.root};
    CHECK_OK(posix_disk_create(&options, &again));
    CHECK_OK(disk_sync_dir(again, ""));
    cr_assert_eq(synced.count, 2);
    cr_assert_eq(synced.inodes[0], inode_of(s.dir));
    cr_assert_eq(synced.inodes[1], inode_of(s.root));
    posix_disk_destroy(again);
    scratch_close(&s);
}

Test(posix_faults, where_the_roots_own_name_is_not_durable_no_other_becomes_so)
{
    struct scratch s;
    scratch_open(&s, false);
    SCRIPT(-EIO);
    CHECK_ERR(ERR_IO, disk_sync_dir(s.disk, ""));
    check_script_played();
    CHECK_ERR(ERR_IO, disk_sync_dir(s.disk, ""));
    cr_assert_eq(synced.count, 1, "a sync after one that failed says nothing");
    scratch_close(&s);
}
