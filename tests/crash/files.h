/* SPDX-License-Identifier: BSD-3-Clause */
/* The files of a data directory, for those who damage them. */
#ifndef TESTS_CRASH_FILES_H
#define TESTS_CRASH_FILES_H

#include "crash/process.h"
#include "crash/random.h"
#include <stdint.h>

struct stored_file {
    char path[2 * PROCESS_PATH_MAX];
    long long size;
};

/* All of them, in the order of their names, malloc'ed; how many goes to *count. */
struct stored_file *list_files(const char *dir, uint32_t *count);
bool is_log(const struct stored_file *file);
/* Whether the journal has a file with something in it. */
bool has_journal(const char *dir);
/* Puts behind the newest log of some partitions what a write leaves that a kill ended midway. Returns how
 * many. */
uint32_t tear_logs(const char *dir, struct random *r);

#endif
