/* SPDX-License-Identifier: BSD-3-Clause */
/* The catalog's files. Any thread: these touch the disk and what they are handed.
 *
 *   topics/<name>.meta   a topic
 *   topics/.new-<id>     what becomes its meta file; found at start: a change that was not finished
 *   topics/.gone-<id>    the meta file of a deleted topic whose directories may still be there
 *
 * The second and third cannot be taken for the first: they do not end in ".meta". A meta file is text,
 *
 *   format 1
 *   name orders
 *   id 5mYkPqzHSQCjdNNz3kQ0Ug
 *   partitions 4
 *   directory +5mYkPqzHSQCjdNNz3kQ0Ug      only when it is not the name, see topic_directory
 *   config retention.ms 3600000            for each key that was set
 *   checksum 1a2b3c4d                      CRC-32C of the lines before, in hex
 *
 * replaced as a whole by rename. */
#ifndef ECHOLOG_TOPICS_CATALOG_FILES_H
#define ECHOLOG_TOPICS_CATALOG_FILES_H

#include "config/config.h"
#include "disk/disk.h"
#include "topics/topic.h"

#define CATALOG_DIR "topics"
#define CATALOG_META_SUFFIX ".meta"
#define CATALOG_NEW_PREFIX ".new-"
#define CATALOG_GONE_PREFIX ".gone-"
#define CATALOG_META_BYTES_MAX (64 * 1024)

struct topic_meta {
    char name[TOPIC_NAME_BYTES_MAX + 1];
    char id[TOPIC_ID_TEXT_BYTES + 1];
    int32_t partitions;
    bool own_directory;
    struct topic_config config;
    uint64_t set_keys;
};

typedef char catalog_path[DISK_PATH_BYTES_MAX + 1];

void catalog_meta_path(catalog_path path, const char *name);
void catalog_new_path(catalog_path path, const char *id);
void catalog_gone_path(catalog_path path, const char *id);

/* Topic `t` as it will be with `partitions` and `config`. */
void topic_meta_write(struct buf *text, const struct topic *t, int32_t partitions,
                      const struct topic_config *config, uint64_t set_keys);
/* Reads a meta file strictly; values that were not set are the `server`'s. ERR_CORRUPT: `why` names file,
 * line and reason. On ERR_OK `meta` is for topic_meta_deinit. */
MUST_CHECK
enum err topic_meta_read(const char *path, struct bytes text, const struct config *server,
                         struct topic_meta *meta, struct buf *why);
void topic_meta_deinit(struct topic_meta *meta);
bool topic_id_valid(struct bytes id);

/* Writes and syncs a file; it has no durable name yet. */
MUST_CHECK
enum err catalog_write_file(struct disk *d, const char *path, struct bytes text);
/* Removes a directory of files. ERR_EXISTS: something else is in it. */
MUST_CHECK
enum err catalog_remove_directory(struct disk *d, const char *path);
/* Whether all in the directory is what a log without records leaves. */
bool catalog_directory_is_blank(struct disk *d, const char *path);

#endif
