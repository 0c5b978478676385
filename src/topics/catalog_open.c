/* SPDX-License-Identifier: BSD-3-Clause */
/* Start-up: reads the meta files, finishes what a crash interrupted, opens the logs. May block; nothing
 * else runs yet.
 *
 * What may be removed is what is known to be nobody's: directories that a ".gone-<id>" (a deleted topic) or
 * a ".new-<id>" (a creation or growth that was never acknowledged) names, directories that the log had
 * begun to remove, and partitions that no topic has and that hold no record. Everything else that is found
 * and not understood is traced and left alone. */
#include "base/mem.h"
#include "base/num.h"
#include "topics/catalog_files.h"
#include "topics/catalog_private.h"
#include "topics/topic_partition.h"
#include <stdio.h>

#define DELETED_SUFFIX ".deleted" /* storage/partition.h: a directory whose removal has begun */

struct names {
    char **items;
    size_t count;
};

struct opening {
    struct catalog *c;
    struct catalog_recovery *recovery;
    struct names files; /* in topics/ */
    struct names dirs;  /* in the root */
    struct dict used;   /* directories of partitions that are somebody's -> anything */
    bool unread_metas;  /* some meta file could not be read: who knows whose is what */
};

/* --- listing --------------------------------------------------------------------------------- */

struct name_list {
    struct names *names;
    enum disk_entry_kind kind;
};

static bool collect(void *ctx, const char *name, enum disk_entry_kind kind)
{
    struct name_list *list = ctx;
    struct names *names = list->names;

    if (kind != list->kind)
        return true;
    if ((names->count & (names->count + 1)) == 0) /* full at 2^n - 1: room for as many again */
        names->items = mem_realloc(names->items, (2 * names->count + 1) * sizeof(*names->items));
    names->items[names->count++] = mem_strdup(name);
    return true;
}

static enum err list_names(struct disk *d, const char *path, enum disk_entry_kind kind,
                           struct names *names)
{
    struct name_list list = {names, kind};

    return disk_list(d, path, collect, &list);
}

static void names_deinit(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        mem_free(names->items[i]);
    mem_free(names->items);
}

/* What is between prefix and suffix. */
static bool name_between(const char *name, const char *prefix, const char *suffix,
                         struct bytes *middle)
{
    size_t len = strlen(name), before = strlen(prefix), after = strlen(suffix);

    if (len <= before + after || memcmp(name, prefix, before) != 0 ||
        memcmp(name + len - after, suffix, after) != 0)
        return false;
    *middle = bytes_of(name + before, len - before - after);
    return true;
}

/* --- reading meta files ---------------------------------------------------------------------- */

static enum err read_meta(struct opening *o, const char *path, struct topic_meta *meta)
{
    struct trace *trace = o->c->o.trace;
    struct buf why = {0};
    char *data;
    size_t len;
    enum err err = disk_read_file(o->c->o.disk, path, CATALOG_META_BYTES_MAX, &data, &len);

    if (err != ERR_OK) {
        TRACE_WARN(trace, "%s: cannot be read: %s", path, err_text(err));
        return err;
    }
    err = topic_meta_read(path, bytes_of(data, len), o->c->o.config, meta, &why);
    if (err != ERR_OK)
        TRACE_WARN(trace, "%.*s", (int)why.len, why.data);
    buf_deinit(&why);
    mem_free(data);
    return err;
}

static void use_directory(struct opening *o, const char *path)
{
    struct bytes name = bytes_of_string(path);

    if (dict_find(&o->used, name) == NULL)
        dict_add(&o->used, name, o);
}

static bool is_used(const struct opening *o, const char *path)
{
    return dict_find(&o->used, bytes_of_string(path)) != NULL;
}

/* --- topics ---------------------------------------------------------------------------------- */

static void open_partition(struct opening *o, struct topic *t, int32_t number)
{
    struct catalog_recovery *recovery = o->recovery;
    struct partition_recovery found = {0};
    struct topic_partition *tp = topic_partition_make(t, number);
    char path[DISK_PATH_BYTES_MAX + 1];
    enum err err = topic_partition_open_log(tp, o->c->o.storage, &found);

    t->partitions[number] = tp;
    topic_directory(t, number, path);
    use_directory(o, path);
    recovery->partitions++;
    recovery->partitions_scanned += err == ERR_OK && !found.clean;
    recovery->bytes_scanned += found.bytes_scanned;
    recovery->bytes_replayed += found.bytes_replayed;
    recovery->bytes_cut += found.bytes_cut;
    recovery->corrupt_ranges += found.corrupt_ranges;
    if (err == ERR_OK)
        return;
    recovery->partitions_failed++;
    TRACE_WARN(o->c->o.trace, "%s: this partition cannot be opened: %s", path, err_text(err));
}

static void tell_opening(const struct opening *o)
{
    const struct catalog_options *options = &o->c->o;

    if (options->opening != NULL)
        options->opening(options->opening_ctx, o->recovery->partitions);
}

static void open_topic(struct opening *o, struct topic_meta *meta)
{
    struct catalog *c = o->c;
    struct topic *t = catalog_make_topic(c, bytes_of_string(meta->name));

    memcpy(t->id, meta->id, sizeof(t->id));
    t->config = meta->config; /* and what it owns */
    t->set_keys = meta->set_keys;
    t->own_directory = meta->own_directory;
    t->placed = true;
    t->partition_count = meta->partitions;
    t->partitions = mem_zalloc((size_t)meta->partitions, sizeof(*t->partitions));
    for (int32_t i = 0; i < meta->partitions; i++) {
        tell_opening(o);
        open_partition(o, t, i);
    }
    catalog_add(c, t);
    o->recovery->topics++;
}

/* A topic whose file cannot be read fails alone: its name is taken, its directories are left alone. */
static void topic_unreadable(struct opening *o, struct bytes name)
{
    o->unread_metas = true;
    catalog_take_name(o->c, name)->meta = true;
}

static void open_meta_file(struct opening *o, const char *file, struct bytes name)
{
    struct topic_meta meta;
    catalog_path path;
    int len = snprintf(path, sizeof(path), CATALOG_DIR "/%s", file);

    ASSERT(len > 0 && len < (int)sizeof(path));
    if (read_meta(o, path, &meta) != ERR_OK) {
        topic_unreadable(o, name);
        return;
    }
    if (!bytes_equal(bytes_of_string(meta.name), name)) {
        TRACE_WARN(o->c->o.trace, "%s: this is the file of topic '%s'", path, meta.name);
        topic_meta_deinit(&meta);
        topic_unreadable(o, name);
        return;
    }
    if (o->c->partition_count + (size_t)meta.partitions > TOPIC_PARTITIONS_MAX) {
        TRACE_WARN(o->c->o.trace, "%s: all topics together have more than %d partitions", path,
                   TOPIC_PARTITIONS_MAX);
        topic_meta_deinit(&meta);
        topic_unreadable(o, name);
        return;
    }
    open_topic(o, &meta);
}

static void open_topics(struct opening *o)
{
    for (size_t i = 0; i < o->files.count; i++) {
        const char *file = o->files.items[i];
        struct buf why = {0};
        struct bytes name;

        if (!name_between(file, "", CATALOG_META_SUFFIX, &name))
            continue;
        if (topic_check_name(name, &why) == ERR_OK)
            open_meta_file(o, file, name);
        else
            TRACE_WARN(o->c->o.trace, CATALOG_DIR "/%s: not the name of a topic; left alone", file);
        buf_deinit(&why);
    }
}

/* --- what was interrupted --------------------------------------------------------------------- */

/* Removes what is nobody's; if that fails the name is taken. */
static bool remove_directory(struct opening *o, const char *path, struct bytes topic)
{
    enum err err = catalog_remove_directory(o->c->o.disk, path);

    if (err == ERR_OK || err == ERR_NOT_FOUND)
        return true;
    TRACE_WARN(o->c->o.trace, "%s: cannot be removed: %s", path, err_text(err));
    if (!bytes_is_null(topic))
        catalog_take_name(o->c, topic)->directories++;
    return false;
}

/* Directories of a topic that is gone, or of the part of it that never was. */
static bool remove_unused(struct opening *o, const struct topic_meta *meta)
{
    struct topic named = {.name = bytes_of_string(meta->name),
                          .own_directory = meta->own_directory};
    char path[DISK_PATH_BYTES_MAX + 1];
    bool all = true;

    memcpy(named.id, meta->id, sizeof(named.id));
    for (int32_t i = 0; i < meta->partitions; i++) {
        topic_directory(&named, i, path);
        if (!is_used(o, path))
            all &= remove_directory(o, path, meta->own_directory ? BYTES_NULL : named.name);
    }
    return all;
}

/* A topic of that name that cannot be read may own what carries the name. */
static bool may_remove(const struct opening *o, const struct topic_meta *meta)
{
    return meta->own_directory ? !o->unread_metas
                               : !catalog_name_has_meta(o->c, bytes_of_string(meta->name));
}

static void finish_interrupted(struct opening *o, const char *file, bool deleted)
{
    struct topic_meta meta;
    catalog_path path;
    bool done = true;
    int len = snprintf(path, sizeof(path), CATALOG_DIR "/%s", file);

    ASSERT(len > 0 && len < (int)sizeof(path));
    if (read_meta(o, path, &meta) == ERR_OK) {
        TRACE_NOTE(o->c->o.trace, "Topic '%s': removing what is left of a %s", meta.name,
                   deleted ? "deletion" : "change that did not come to its end");
        done = may_remove(o, &meta) && remove_unused(o, &meta);
        topic_meta_deinit(&meta);
    }
    if (done && disk_unlink(o->c->o.disk, path) != ERR_OK)
        TRACE_WARN(o->c->o.trace, "%s: cannot be removed", path);
}

static void finish_all_interrupted(struct opening *o)
{
    for (size_t i = 0; i < o->files.count; i++) {
        const char *file = o->files.items[i];
        struct bytes id;

        if (name_between(file, CATALOG_GONE_PREFIX, "", &id) && topic_id_valid(id))
            finish_interrupted(o, file, true);
        else if (name_between(file, CATALOG_NEW_PREFIX, "", &id) && topic_id_valid(id))
            finish_interrupted(o, file, false);
        else if (!name_between(file, "", CATALOG_META_SUFFIX, &id))
            TRACE_NOTE(o->c->o.trace, CATALOG_DIR "/%s: not a file of this program; left alone",
                       file);
    }
}

/* --- directories that nobody names ------------------------------------------------------------ */

/* "<topic>-<n>", "+<id>-<n>", with `suffix`. */
static bool is_partition_directory(const char *name, const char *suffix, struct bytes *topic)
{
    struct bytes stem;
    struct buf why = {0};
    size_t dash;
    int64_t number;
    bool valid;

    if (!name_between(name, "", suffix, &stem))
        return false;
    for (dash = stem.len; dash > 0 && stem.data[dash - 1] != '-'; dash--)
        ;
    if (dash <= 1 || !num_parse_i64(bytes_of(stem.data + dash, stem.len - dash), &number) ||
        number < 0 || number >= TOPIC_PARTITIONS_MAX)
        return false;
    *topic = bytes_of(stem.data, dash - 1);
    if (topic->data[0] == '+')
        return topic_id_valid(bytes_of(topic->data + 1, topic->len - 1));
    valid = topic_check_name(*topic, &why) == ERR_OK;
    buf_deinit(&why);
    return valid;
}

static void leave_alone(struct opening *o, const char *path, struct bytes topic)
{
    TRACE_WARN(o->c->o.trace, "%s: the records in this directory belong to no topic; left alone",
               path);
    if (topic.data[0] != '+')
        catalog_take_name(o->c, topic)->directories++;
}

static void look_at_directory(struct opening *o, const char *path)
{
    struct bytes topic;

    if (is_partition_directory(path, DELETED_SUFFIX, &topic)) {
        TRACE_NOTE(o->c->o.trace, "%s: removing what is left of a deletion", path);
        remove_directory(o, path, BYTES_NULL);
        return;
    }
    if (!is_partition_directory(path, "", &topic) || is_used(o, path))
        return;
    if (topic.data[0] == '+' ? o->unread_metas : catalog_name_has_meta(o->c, topic))
        return; /* it may belong to a topic whose file cannot be read */
    if (!catalog_directory_is_blank(o->c->o.disk, path)) {
        leave_alone(o, path, topic);
        return;
    }
    TRACE_NOTE(o->c->o.trace, "%s: removing an empty partition of no topic", path);
    remove_directory(o, path, topic.data[0] == '+' ? BYTES_NULL : topic);
}

/* --- all of it ------------------------------------------------------------------------------- */

/* The process may have died before it synced names that this start relies on: a power cut later must not
 * take them back. One that finds none relies on none: the first topic's directory is synced, and all above it,
 * before the topic counts. */
static enum err make_catalog_dir(struct disk *d)
{
    enum err err = disk_mkdir(d, CATALOG_DIR);

    if (err != ERR_EXISTS)
        return err;
    err = disk_sync_dir(d, "");
    return err == ERR_OK ? disk_sync_dir(d, CATALOG_DIR) : err;
}

static enum err list_meta_files(struct opening *o)
{
    struct disk *d = o->c->o.disk;
    enum err err = make_catalog_dir(d);

    return err == ERR_OK ? list_names(d, CATALOG_DIR, DISK_ENTRY_FILE, &o->files) : err;
}

static enum err open_all(struct opening *o)
{
    enum err err = list_meta_files(o);

    if (err != ERR_OK)
        return err;
    open_topics(o);
    finish_all_interrupted(o);
    err = list_names(o->c->o.disk, "", DISK_ENTRY_DIR, &o->dirs);
    for (size_t i = 0; i < o->dirs.count && err == ERR_OK; i++)
        look_at_directory(o, o->dirs.items[i]);
    return err;
}

enum err catalog_open(const struct catalog_options *options, struct catalog_recovery *recovery,
                      struct catalog **catalog)
{
    struct opening o = {.c = catalog_make(options), .recovery = recovery};
    enum err err;

    *recovery = (struct catalog_recovery){0};
    dict_init(&o.used, options->hash_key);
    err = open_all(&o);
    dict_deinit(&o.used);
    names_deinit(&o.files);
    names_deinit(&o.dirs);
    if (err != ERR_OK) {
        enum err ignored = catalog_close(o.c);

        (void)ignored;
        return err;
    }
    catalog_retention_arm(o.c);
    *catalog = o.c;
    return ERR_OK;
}
