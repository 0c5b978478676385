/* SPDX-License-Identifier: BSD-3-Clause */
/* A fresh directory per test with a POSIX disk on it, and a child process to try things in. */
#ifndef ECHOLOG_TESTS_UNIT_DISK_SCRATCH_H
#define ECHOLOG_TESTS_UNIT_DISK_SCRATCH_H

#include "disk/disk.h"
#include <criterion/criterion.h>

#define CHECK_OK(call) cr_assert_eq((call), ERR_OK, #call)
#define CHECK_ERR(expected, call) cr_assert_eq((call), (expected), #call " is not " #expected)

struct scratch {
    char dir[64];      /* removed with all that is in it */
    char root[80];     /* of the disk, inside `dir` */
    struct disk *disk; /* owned */
};

/* One worker per lane when `narrow`, so that jobs run one after the other. */
void scratch_open(struct scratch *s, bool narrow);
void scratch_close(struct scratch *s);

struct disk_file *scratch_file(struct scratch *s,
                               const char *path); /* made empty, open for writing */
void scratch_write(struct scratch *s, const char *path, const char *text);

/* Waits until `count` jobs were reaped in all. */
void scratch_reap(struct scratch *s, size_t count);

#endif
