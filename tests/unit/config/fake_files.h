/* SPDX-License-Identifier: BSD-3-Clause */
/* Configuration files in memory. A pattern matches by its letters before and behind one '*'. */
#ifndef ECHOLOG_TESTS_UNIT_CONFIG_FAKE_FILES_H
#define ECHOLOG_TESTS_UNIT_CONFIG_FAKE_FILES_H

#include "config/config_source.h"

#define FAKE_FILES_MAX 40

struct fake_files {
    struct config_files files;
    size_t count;
    struct {
        char path[32];
        struct buf text; /* owned */
    } items[FAKE_FILES_MAX];
};

void fake_files_init(struct fake_files *f);
void fake_files_deinit(struct fake_files *f);
void fake_files_put(struct fake_files *f, const char *path, struct bytes text);
void fake_files_put_string(struct fake_files *f, const char *path, const char *text);

#endif
