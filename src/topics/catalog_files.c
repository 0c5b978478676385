/* SPDX-License-Identifier: BSD-3-Clause */
#include "topics/catalog_files.h"

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/num.h"
#include "topics/topic_config.h"
#include <stdio.h>

#define FORMAT 1

static void path_print(catalog_path path, const char *before, const char *name, const char *after)
{
    int len = snprintf(path, DISK_PATH_BYTES_MAX + 1, CATALOG_DIR "/%s%s%s", before, name, after);

    ASSERT(len > 0 && len <= DISK_PATH_BYTES_MAX);
}

void catalog_meta_path(catalog_path path, const char *name)
{
    path_print(path, "", name, CATALOG_META_SUFFIX);
}

void catalog_new_path(catalog_path path, const char *id)
{
    path_print(path, CATALOG_NEW_PREFIX, id, "");
}

void catalog_gone_path(catalog_path path, const char *id)
{
    path_print(path, CATALOG_GONE_PREFIX, id, "");
}

/* --- the text -------------------------------------------------------------------------------- */

void topic_meta_write(struct buf *text, const struct topic *t, int32_t partitions,
                      const struct topic_config *config, uint64_t set_keys)
{
    size_t start = text->len;

    buf_printf(text, "format %d\nname %s\nid %s\npartitions %d\n", FORMAT, t->name.data, t->id,
               (int)partitions);
    if (t->own_directory)
        buf_printf(text, "directory +%s\n", t->id);
    for (size_t i = 0; i < topic_config_table.count; i++) {
        const struct directive *d = &topic_config_table.items[i];

        if ((set_keys & topic_config_bit(d)) == 0)
            continue;
        buf_printf(text, "config %s ", d->name);
        directive_get(d, config, text);
        buf_append_char(text, '\n');
    }
    buf_printf(text, "checksum %08x\n", (unsigned)crc32c(text->data + start, text->len - start));
}

bool topic_id_valid(struct bytes id)
{
    if (id.len != TOPIC_ID_TEXT_BYTES)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-'))
            return false;
    }
    return true;
}

struct meta_reader {
    const char *path;
    struct bytes text; /* what is left, without the checksum line */
    int line;
    struct buf *why;
};

static enum err meta_refuse(const struct meta_reader *r, const char *reason)
{
    buf_printf(r->why, "%s:%d: %s", r->path, r->line, reason);
    return ERR_CORRUPT;
}

/* The next line without its newline; false at the end. */
static bool meta_line(struct meta_reader *r, struct bytes *line)
{
    const char *end;

    if (r->text.len == 0)
        return false;
    end = memchr(r->text.data, '\n', r->text.len);
    ASSERT(end != NULL); /* the checksum was cut off behind one */
    *line = bytes_of(r->text.data, (size_t)(end - r->text.data));
    r->text = bytes_of(end + 1, r->text.len - line->len - 1);
    r->line++;
    return true;
}

/* What stands behind `word` and a blank. */
static bool after_word(struct bytes line, const char *word, struct bytes *rest)
{
    size_t len = strlen(word);

    if (line.len <= len || memcmp(line.data, word, len) != 0 || line.data[len] != ' ')
        return false;
    *rest = bytes_of(line.data + len + 1, line.len - len - 1);
    return true;
}

static enum err meta_expect(struct meta_reader *r, const char *word, struct bytes *rest)
{
    struct bytes line;
    char reason[64];

    if (meta_line(r, &line) && after_word(line, word, rest))
        return ERR_OK;
    snprintf(reason, sizeof(reason), "expected a line '%s ...'", word);
    return meta_refuse(r, reason);
}

/* Cuts off the last line, which tells whether the others are as they were written. */
static enum err meta_checksum(struct meta_reader *r)
{
    static const char word[] = "\nchecksum ";
    const size_t line_len = strlen(word) + 8 + 1; /* with the newline before */
    char expected[9];
    size_t body;

    if (r->text.len < line_len || r->text.data[r->text.len - 1] != '\n' ||
        memcmp(r->text.data + r->text.len - line_len, word, strlen(word)) != 0) {
        buf_printf(r->why, "%s: the file does not end with its checksum", r->path);
        return ERR_CORRUPT;
    }
    body = r->text.len - line_len + 1;
    snprintf(expected, sizeof(expected), "%08x", (unsigned)crc32c(r->text.data, body));
    if (memcmp(r->text.data + r->text.len - 9, expected, 8) != 0) {
        buf_printf(r->why, "%s: the checksum does not match", r->path);
        return ERR_CORRUPT;
    }
    r->text.len = body;
    return ERR_OK;
}

static enum err meta_head(struct meta_reader *r, struct topic_meta *meta)
{
    struct bytes format = {0}, name = {0}, id = {0}, partitions = {0};
    struct buf reason = {0};
    int64_t number;
    bool name_ok;

    if (meta_expect(r, "format", &format) != ERR_OK)
        return ERR_CORRUPT;
    if (!num_parse_i64(format, &number) || number != FORMAT)
        return meta_refuse(r, "this release reads format 1 only");
    if (meta_expect(r, "name", &name) != ERR_OK)
        return ERR_CORRUPT;
    name_ok = topic_check_name(name, &reason) == ERR_OK;
    buf_deinit(&reason);
    if (!name_ok)
        return meta_refuse(r, "not a topic name");
    memcpy(meta->name, name.data, name.len);
    if (meta_expect(r, "id", &id) != ERR_OK)
        return ERR_CORRUPT;
    if (!topic_id_valid(id))
        return meta_refuse(r, "not a topic id");
    memcpy(meta->id, id.data, id.len);
    if (meta_expect(r, "partitions", &partitions) != ERR_OK)
        return ERR_CORRUPT;
    if (!num_parse_i64(partitions, &number) || number < 1 || number > TOPIC_PARTITIONS_MAX)
        return meta_refuse(r, "not a number of partitions");
    meta->partitions = (int32_t)number;
    return ERR_OK;
}

static enum err meta_directory(struct meta_reader *r, struct bytes directory,
                               struct topic_meta *meta)
{
    if (meta->own_directory || meta->set_keys != 0 || directory.len != TOPIC_ID_TEXT_BYTES + 1 ||
        directory.data[0] != '+' || memcmp(directory.data + 1, meta->id, TOPIC_ID_TEXT_BYTES) != 0)
        return meta_refuse(r, "not the directory of this topic");
    meta->own_directory = true;
    return ERR_OK;
}

static enum err meta_config(struct meta_reader *r, struct bytes pair, struct topic_meta *meta)
{
    const char *blank = memchr(pair.data, ' ', pair.len);
    struct bytes words[2];
    struct buf reason = {0};
    enum err err;

    if (blank == NULL)
        return meta_refuse(r, "expected a line 'config <key> <value>'");
    words[0] = bytes_of(pair.data, (size_t)(blank - pair.data));
    words[1] = bytes_of(blank + 1, pair.len - words[0].len - 1);
    err = topic_config_set(&meta->config, &meta->set_keys, words, 1, &reason);
    buf_append_char(&reason, '\0');
    if (err != ERR_OK)
        err = meta_refuse(r, reason.data);
    buf_deinit(&reason);
    return err;
}

static enum err meta_rest(struct meta_reader *r, struct topic_meta *meta)
{
    struct bytes line, rest;
    enum err err = ERR_OK;

    while (err == ERR_OK && meta_line(r, &line)) {
        if (after_word(line, "directory", &rest))
            err = meta_directory(r, rest, meta);
        else if (after_word(line, "config", &rest))
            err = meta_config(r, rest, meta);
        else
            err = meta_refuse(r, "this release does not know such a line");
    }
    return err;
}

enum err topic_meta_read(const char *path, struct bytes text, const struct config *server,
                         struct topic_meta *meta, struct buf *why)
{
    struct meta_reader r = {path, text, 0, why};
    enum err err = meta_checksum(&r);

    if (err != ERR_OK)
        return err;
    *meta = (struct topic_meta){0};
    topic_config_init(&meta->config, server);
    err = meta_head(&r, meta);
    if (err == ERR_OK)
        err = meta_rest(&r, meta);
    if (err != ERR_OK)
        topic_meta_deinit(meta);
    return err;
}

void topic_meta_deinit(struct topic_meta *meta)
{
    topic_config_deinit(&meta->config);
}

/* --- the disk -------------------------------------------------------------------------------- */

enum err catalog_write_file(struct disk *d, const char *path, struct bytes text)
{
    struct disk_file *file;
    enum err err = disk_open(d, path, DISK_WRITE | DISK_CREATE | DISK_TRUNCATE, &file);

    if (err != ERR_OK)
        return err;
    err = disk_write_all(file, text.data, text.len, 0);
    if (err == ERR_OK)
        err = disk_sync(file);
    disk_close(file);
    return err;
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t len = strlen(name), suffix_len = strlen(suffix);

    return len >= suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

struct names {
    char **items;
    size_t count;
    bool others; /* something that is no plain file */
};

static bool collect_name(void *ctx, const char *name, enum disk_entry_kind kind)
{
    struct names *names = ctx;

    if (kind != DISK_ENTRY_FILE) {
        names->others = true;
        return false;
    }
    names->items = mem_realloc(names->items, (names->count + 1) * sizeof(*names->items));
    names->items[names->count++] = mem_strdup(name);
    return true;
}

static void names_deinit(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        mem_free(names->items[i]);
    mem_free(names->items);
}

static bool path_join(catalog_path path, const char *directory, const char *name)
{
    return snprintf(path, DISK_PATH_BYTES_MAX + 1, "%s/%s", directory, name) <= DISK_PATH_BYTES_MAX;
}

enum err catalog_remove_directory(struct disk *d, const char *path)
{
    struct names names = {0};
    catalog_path file;
    enum err err = disk_list(d, path, collect_name, &names);

    if (err == ERR_OK && names.others)
        err = ERR_EXISTS;
    for (size_t i = 0; i < names.count && err == ERR_OK; i++) {
        if (path_join(file, path, names.items[i]))
            err = disk_unlink(d, file);
        else
            err = ERR_TOO_LARGE;
    }
    if (err == ERR_OK)
        err = disk_rmdir(d, path);
    names_deinit(&names);
    return err;
}

static bool file_is_empty(struct disk *d, const char *path)
{
    struct disk_file *file;
    uint64_t len = 0;
    enum err err = disk_open(d, path, DISK_READ, &file);

    if (err != ERR_OK)
        return false;
    err = disk_size(file, &len);
    disk_close(file);
    return err == ERR_OK && len == 0;
}

/* A file that the log makes, and without records. */
static bool file_is_blank(struct disk *d, const char *path, const char *name)
{
    if (ends_with(name, ".log"))
        return file_is_empty(d, path);
    return ends_with(name, ".index") || ends_with(name, ".timeindex") ||
           strncmp(name, "checkpoint", strlen("checkpoint")) == 0 ||
           strncmp(name, "clean", strlen("clean")) == 0;
}

bool catalog_directory_is_blank(struct disk *d, const char *path)
{
    struct names names = {0};
    catalog_path file;
    bool blank = disk_list(d, path, collect_name, &names) == ERR_OK && !names.others;

    for (size_t i = 0; i < names.count && blank; i++)
        blank = path_join(file, path, names.items[i]) && file_is_blank(d, file, names.items[i]);
    names_deinit(&names);
    return blank;
}
