/* SPDX-License-Identifier: BSD-3-Clause */
#include "server/pidfile.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void make_path(char path[64])
{
    snprintf(path, 64, "/tmp/echolog-pid-XXXXXX");
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
}

static long number_in(const char *path)
{
    long number = -1;
    FILE *f = fopen(path, "r");
    cr_assert_not_null(f);
    cr_assert_eq(fscanf(f, "%ld", &number), 1);
    fclose(f);
    return number;
}

Test(pidfile, takes_the_place_of_a_stale_one_and_is_removed)
{
    char path[64];
    struct stat st;
    make_path(path);
    put(path, "99999999\nand more than fits\n");
    cr_assert(pidfile_write(path));
    cr_assert_eq(number_in(path), (long)getpid());
    cr_assert_eq(stat(path, &st), 0);
    cr_assert_eq(st.st_mode & 0777 & ~0644, 0);
    pidfile_remove(path);
    cr_assert_eq(access(path, F_OK), -1);
}

Test(pidfile, of_another_process_is_left_alone)
{
    char path[64];
    make_path(path);
    put(path, "1\n");
    pidfile_remove(path);
    cr_assert_eq(access(path, F_OK), 0);
    unlink(path);
    pidfile_remove(path); /* nothing there is nothing to do */
}

Test(pidfile, that_cannot_be_written_is_said_and_leaves_nothing)
{
    char path[64];
    cr_assert_not(pidfile_write("/nowhere/at/all"));
    cr_assert_eq(errno, ENOENT);
    make_path(path);
    unlink(path);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_assert_not(pidfile_write(path));
    cr_assert_eq(rmdir(path), 0);
}

Test(pidfile, does_not_follow_a_link_that_somebody_laid)
{
    char target[64], path[80];
    make_path(target);
    put(target, "precious\n");
    snprintf(path, sizeof(path), "%s.link", target);
    cr_assert_eq(symlink(target, path), 0);
    cr_assert(pidfile_write(path));
    char text[16] = "";
    FILE *f = fopen(target, "r");
    cr_assert_not_null(fgets(text, sizeof(text), f));
    fclose(f);
    cr_assert_str_eq(text, "precious\n");
    pidfile_remove(path);
    unlink(target);
}
