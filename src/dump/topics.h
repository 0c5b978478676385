/* SPDX-License-Identifier: BSD-3-Clause */
/* The topics of a data directory, from their meta files: text, one `word rest` per line, the last with the
 * checksum of those before. */
#ifndef ECHOLOG_DUMP_TOPICS_H
#define ECHOLOG_DUMP_TOPICS_H

#include "dump/dump.h"

#define TOPICS_DIR "topics"
#define TOPIC_WORD_BYTES_MAX 256

struct topic {
    char path[DISK_PATH_BYTES_MAX + 1]; /* of the meta file */
    enum err err;                       /* of reading it */
    const char *fault;                  /* what is wrong with it; NULL nothing: the rest is set */
    char *text;                         /* owned; without the checksum */
    size_t text_len;
    char name[TOPIC_WORD_BYTES_MAX];
    char id[TOPIC_WORD_BYTES_MAX];        /* "" when it says none */
    char directory[TOPIC_WORD_BYTES_MAX]; /* of partition n, without the "-n" */
    int64_t partitions;
};

struct topics {
    struct topic *items; /* owned; by their directories */
    size_t count;
    bool all; /* each meta file could be read: who is not in here is nobody's */
};

void topic_read(struct topic *t, struct disk *disk, const char *path);
void topic_deinit(struct topic *t);
/* Prints it with what is wrong. */
void topic_print(const struct topic *t, struct dump *d);

/* Reads all metas below the disk's root. ERR_NOT_FOUND there is no directory of topics. */
MUST_CHECK
enum err topics_read(struct topics *ts, struct disk *disk);
void topics_deinit(struct topics *ts);
/* The topic whose partition the directory `dir` is; NULL there is none. */
const struct topic *topics_find(const struct topics *ts, const char *dir);

#endif
