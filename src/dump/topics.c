/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump/topics.h"

#include "base/crc32c.h"
#include "base/mem.h"
#include "base/num.h"
#include <stdlib.h>

#define META_SUFFIX ".meta"
#define META_BYTES_MAX ((size_t)64 * 1024)
#define PARTITIONS_MAX 100000

static bool has_suffix(const char *name, const char *suffix)
{
    size_t len = strlen(name), suffix_len = strlen(suffix);
    return len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

/* --- one meta file --------------------------------------------------------------------------- */

/* Takes the next line off `text`: its first word and what stands behind the blank. */
static bool take_line(struct bytes *text, struct bytes *word, struct bytes *rest)
{
    if (text->len == 0)
        return false;
    const char *end = memchr(text->data, '\n', text->len);
    size_t len = end == NULL ? text->len : (size_t)(end - text->data);
    const char *blank = memchr(text->data, ' ', len);
    size_t word_len = blank == NULL ? len : (size_t)(blank - text->data);
    size_t rest_at = blank == NULL ? len : word_len + 1;
    *word = bytes_of(text->data, word_len);
    *rest = bytes_of(text->data + rest_at, len - rest_at);
    size_t taken = end == NULL ? len : len + 1;
    *text = bytes_of(text->data + taken, text->len - taken);
    return true;
}

static bool word_is(struct bytes word, const char *text)
{
    return bytes_equal(word, bytes_of_string(text));
}

static const char *copy_word(char *to, struct bytes from)
{
    if (from.len == 0 || from.len >= TOPIC_WORD_BYTES_MAX || memchr(from.data, '\0', from.len))
        return "a name in it is empty or too long";
    memcpy(to, from.data, from.len);
    to[from.len] = '\0';
    return NULL;
}

static const char *take_word(struct topic *t, struct bytes word, struct bytes rest)
{
    int64_t format;
    if (word_is(word, "format"))
        return num_parse_i64(rest, &format) && format == 1 ? NULL : "it is of another format";
    if (word_is(word, "name")) {
        const char *fault = copy_word(t->name, rest);
        return fault != NULL ? fault : copy_word(t->directory, rest);
    }
    if (word_is(word, "partitions"))
        return num_parse_i64(rest, &t->partitions) && t->partitions >= 1 &&
                       t->partitions <= PARTITIONS_MAX
                   ? NULL
                   : "its number of partitions is none";
    if (word_is(word, "directory"))
        return copy_word(t->directory, rest);
    if (word_is(word, "id"))
        return copy_word(t->id, rest);
    return word_is(word, "config") ? NULL : "it has a line that is not known here";
}

static const char *check_checksum(struct topic *t)
{
    static const char word[] = "\nchecksum ";
    const size_t line_len = strlen(word) + 8 + 1;
    char expected[9];
    if (t->text_len < line_len || t->text[t->text_len - 1] != '\n' ||
        memcmp(t->text + t->text_len - line_len, word, strlen(word)) != 0)
        return "it does not end with its checksum";
    size_t body = t->text_len - line_len + 1;
    snprintf(expected, sizeof(expected), "%08x", (unsigned)crc32c(t->text, body));
    if (memcmp(t->text + t->text_len - 9, expected, 8) != 0)
        return "its checksum does not match";
    t->text_len = body;
    return NULL;
}

static const char *parse(struct topic *t)
{
    struct bytes word, rest, text;
    const char *fault = check_checksum(t);
    text = bytes_of(t->text, t->text_len);
    while (fault == NULL && take_line(&text, &word, &rest))
        fault = take_word(t, word, rest);
    if (fault == NULL && (t->name[0] == '\0' || t->partitions == 0))
        fault = "it does not say name and partitions";
    return fault;
}

void topic_read(struct topic *t, struct disk *disk, const char *path)
{
    *t = (struct topic){0};
    snprintf(t->path, sizeof(t->path), "%s", path);
    t->err = disk_read_file(disk, path, META_BYTES_MAX, &t->text, &t->text_len);
    if (t->err == ERR_OK)
        t->fault = parse(t);
    if (t->fault != NULL)
        t->directory[0] = '\0';
}

void topic_deinit(struct topic *t)
{
    mem_free(t->text);
}

/* --- printing -------------------------------------------------------------------------------- */

static void print_config(const struct topic *t, struct printer *out)
{
    struct bytes text = bytes_of(t->text, t->text_len), word, rest;
    printer_list_open(out, "config");
    while (take_line(&text, &word, &rest)) {
        struct bytes value = rest, key;
        const char *blank = memchr(rest.data, ' ', rest.len);
        if (!word_is(word, "config") || blank == NULL)
            continue;
        key = bytes_of(rest.data, (size_t)(blank - rest.data));
        value = bytes_of(blank + 1, rest.len - key.len - 1);
        printer_pair(out, key, value);
    }
    printer_list_close(out);
}

static void check_partitions(const struct topic *t, struct dump *d);

static bool stop_listing(void *ctx, const char *name, enum disk_entry_kind kind)
{
    (void)ctx, (void)name, (void)kind;
    return false;
}

/* A topic may be deleted while we look. */
static bool still_there(const struct topic *t, struct disk *disk)
{
    char *text;
    size_t len;
    enum err err = disk_read_file(disk, t->path, META_BYTES_MAX, &text, &len);
    if (err == ERR_OK)
        mem_free(text);
    return err == ERR_OK;
}

static void check_partitions(const struct topic *t, struct dump *d)
{
    char dir[DISK_PATH_BYTES_MAX + 1];
    for (int64_t i = 0; i < t->partitions; i++) {
        snprintf(dir, sizeof(dir), "%s-%d", t->directory, (int)i);
        enum err err = disk_list(d->disk, dir, stop_listing, NULL);
        if (err == ERR_NOT_FOUND && still_there(t, d->disk))
            printer_error(d->out, t->path, "the directory of partition %d, %s, is missing", (int)i,
                          dir);
    }
}

void topic_print(const struct topic *t, struct dump *d)
{
    struct printer *out = d->out;
    if (t->err != ERR_OK) {
        printer_failed(out, t->path, t->err);
        return;
    }
    if (t->fault != NULL) {
        printer_error(out, t->path, "%s", t->fault);
        return;
    }
    printer_begin(out, DEPTH_TOP, "topic");
    printer_word(out, "path", t->path);
    printer_word(out, "name", t->name);
    printer_number(out, "partitions", t->partitions);
    printer_word(out, "directory", t->directory);
    print_config(t, out);
    printer_end(out);
    if (bytes_starts_with(bytes_of_string(t->path), TOPICS_DIR "/"))
        check_partitions(t, d);
}

/* --- all of them ----------------------------------------------------------------------------- */

struct reading {
    struct topics *topics;
    struct disk *disk;
};

static bool read_one(void *ctx, const char *name, enum disk_entry_kind kind)
{
    struct reading *r = ctx;
    struct topics *ts = r->topics;
    char path[DISK_PATH_BYTES_MAX + 1];
    if (kind == DISK_ENTRY_DIR || name[0] == '.' || !has_suffix(name, META_SUFFIX) ||
        strlen(name) + sizeof(TOPICS_DIR) > DISK_PATH_BYTES_MAX)
        return true;
    snprintf(path, sizeof(path), TOPICS_DIR "/%.*s", DISK_PATH_BYTES_MAX / 2, name);
    if ((ts->count & (ts->count + 1)) == 0) /* full at 2^n - 1: room for as many again */
        ts->items = mem_realloc(ts->items, (2 * ts->count + 1) * sizeof(ts->items[0]));
    struct topic *t = &ts->items[ts->count++];
    topic_read(t, r->disk, path);
    ts->all = ts->all && t->err == ERR_OK && t->fault == NULL;
    return true;
}

/* Those that could not be read have no directory, and come first. */
static int compare_topics(const void *a, const void *b)
{
    const struct topic *x = a, *y = b;
    int order = strcmp(x->directory, y->directory);
    return order != 0 ? order : strcmp(x->path, y->path);
}

static int compare_directory(const void *key, const void *item)
{
    return strcmp(key, ((const struct topic *)item)->directory);
}

enum err topics_read(struct topics *ts, struct disk *disk)
{
    struct reading r = {ts, disk};
    *ts = (struct topics){.all = true};
    enum err err = disk_list(disk, TOPICS_DIR, read_one, &r);
    if (err != ERR_OK) {
        topics_deinit(ts);
        return err;
    }
    if (ts->count > 0)
        qsort(ts->items, ts->count, sizeof(ts->items[0]), compare_topics);
    return ERR_OK;
}

void topics_deinit(struct topics *ts)
{
    for (size_t i = 0; i < ts->count; i++)
        topic_deinit(&ts->items[i]);
    mem_free(ts->items);
    *ts = (struct topics){0};
}

const struct topic *topics_find(const struct topics *ts, const char *dir)
{
    const char *dash = strrchr(dir, '-');
    char name[TOPIC_WORD_BYTES_MAX];
    int64_t number;
    if (dash == NULL || dash == dir || (size_t)(dash - dir) >= sizeof(name) || ts->count == 0 ||
        !num_parse_i64(bytes_of_string(dash + 1), &number))
        return NULL;
    snprintf(name, sizeof(name), "%.*s", (int)(dash - dir), dir);
    const struct topic *t =
        bsearch(name, ts->items, ts->count, sizeof(ts->items[0]), compare_directory);
    return t != NULL && t->err == ERR_OK && t->fault == NULL && number < t->partitions ? t : NULL;
}
