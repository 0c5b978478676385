/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump/target.h"

#include "base/mem.h"
#include "base/num.h"
#include "dump/journal_check.h"
#include "dump/partition_check.h"
#include "dump/read_disk.h"
#include "dump/segment_check.h"
#include "dump/topics.h"
#include "storage/journal.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

/* The argument, taken apart. Names in a report are relative to `root`. */
struct target {
    char root[PATH_MAX];
    char name[PATH_MAX]; /* of what is asked for, below the root; "" the root itself */
    bool is_dir;
};

/* --- names ----------------------------------------------------------------------------------- */

static bool has_suffix(const char *name, const char *suffix)
{
    size_t len = strlen(name), suffix_len = strlen(suffix);
    return len >= suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

/* Cuts the last name off `path` and returns where it begins; the path must not be the root of all. */
static const char *cut_name(char *path)
{
    char *slash = strrchr(path, '/');
    ASSERT(slash != NULL);
    *slash = '\0';
    return slash + 1;
}

/* The last `levels` names of `path` become the name, what is before them the root. */
static void split(struct target *t, const char *path, int levels)
{
    char rest[PATH_MAX], name[PATH_MAX];
    snprintf(rest, sizeof(rest), "%s", path);
    t->name[0] = '\0';
    for (int i = 0; i < levels && strcmp(rest, "/") != 0 && rest[0] != '\0'; i++) {
        const char *last = cut_name(rest);
        int len = snprintf(name, sizeof(name), i == 0 ? "%s" : "%s/%s", last, t->name);
        ASSERT(len >= 0 && (size_t)len < sizeof(name));
        memcpy(t->name, name, sizeof(name));
    }
    snprintf(t->root, sizeof(t->root), "%s", rest[0] == '\0' ? "/" : rest);
}

/* --- partitions ------------------------------------------------------------------------------ */

static void look_at_partition(struct dump *d, const struct topics *topics, const char *dir,
                              unsigned parts, int64_t base_offset)
{
    const struct topic *t = topics_find(topics, dir);
    struct partition_facts facts = {
        .owned = t != NULL,
        .id = t != NULL && t->id[0] != '\0' ? t->id : NULL,
        .parts = parts,
        .base_offset = base_offset,
    };
    partition_check_run(d, dir, &facts);
}

struct dirs {
    char **names; /* owned, sorted */
    size_t count;
};

static bool add_dir(void *ctx, const char *name, enum disk_entry_kind kind)
{
    struct dirs *dirs = ctx;
    if (kind != DISK_ENTRY_DIR || strcmp(name, TOPICS_DIR) == 0 || strcmp(name, JOURNAL_DIR) == 0)
        return true;
    if ((dirs->count & (dirs->count + 1)) == 0)
        dirs->names = mem_realloc(dirs->names, (2 * dirs->count + 1) * sizeof(dirs->names[0]));
    dirs->names[dirs->count++] = mem_strdup(name);
    return true;
}

/* "orders-10" comes behind "orders-9". */
static int compare_names(const void *a, const void *b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b);
}

static bool see_log(void *ctx, const char *name, enum disk_entry_kind kind)
{
    bool *seen = ctx;
    *seen = *seen || (kind != DISK_ENTRY_DIR && has_suffix(name, ".log"));
    return !*seen;
}

static bool holds_log(struct disk *disk, const char *dir)
{
    bool seen = false;
    return disk_list(disk, dir, see_log, &seen) == ERR_OK && seen;
}

static bool names_partition(const char *dir)
{
    const char *dash = strrchr(dir, '-');
    int64_t number;
    return dash != NULL && dash != dir && num_parse_i64(bytes_of_string(dash + 1), &number) &&
           number >= 0;
}

static void look_at_dir(struct dump *d, const struct topics *topics, const char *dir)
{
    if (has_suffix(dir, ".deleted") || has_suffix(dir, ".orphan")) {
        printer_note(d->out, dir, "is left from a deletion: not looked at");
    } else if (names_partition(dir) || holds_log(d->disk, dir)) {
        look_at_partition(d, topics, dir, DUMP_ALL, -1);
        if (topics->all && topics_find(topics, dir) == NULL)
            printer_note(d->out, dir, "no topic has this partition");
    }
}

static void look_at_data(struct dump *d, const struct topics *topics)
{
    struct dirs dirs = {0};
    enum err err = disk_list(d->disk, "", add_dir, &dirs);
    if (err != ERR_OK)
        printer_failed(d->out, ".", err);
    for (size_t i = 0; i < topics->count; i++)
        topic_print(&topics->items[i], d);
    journal_check_all(d);
    if (dirs.count > 0)
        qsort(dirs.names, dirs.count, sizeof(dirs.names[0]), compare_names);
    for (size_t i = 0; i < dirs.count; i++) {
        look_at_dir(d, topics, dirs.names[i]);
        mem_free(dirs.names[i]);
    }
    mem_free(dirs.names);
}

/* --- files ----------------------------------------------------------------------------------- */

/* The base offset that a file's name says, -1 when it does not. */
static int64_t name_base(const char *name, const char *suffix)
{
    const size_t digits = 20;
    int64_t base = 0;
    if (strlen(name) != digits + strlen(suffix) || !has_suffix(name, suffix))
        return -1;
    for (size_t i = 0; i < digits; i++) {
        if (name[i] < '0' || name[i] > '9' || base > (INT64_MAX - (name[i] - '0')) / 10)
            return -1;
        base = base * 10 + (name[i] - '0');
    }
    return base;
}

/* A log or index by itself: nothing is known of what is around it. */
static void look_at_lone_file(struct dump *d, const char *path, unsigned part, int64_t base)
{
    if (part == DUMP_LOG) {
        struct segment_check s = {.dump = d,
                                  .log_disk = d->disk,
                                  .log_path = path,
                                  .parts = part,
                                  .base_offset = base,
                                  .last = true,
                                  .holes = true,
                                  .epoch = -1};
        segment_check_run(&s);
        return;
    }
    struct index_check x;
    if (index_check_open(&x, d, path, part == DUMP_TIME_INDEX, base < 0 ? 0 : base))
        printer_note(d->out, path, "the log is not beside it: not checked against it");
    index_check_print(&x);
    index_check_close(&x);
}

static bool log_is_beside(struct disk *disk, const char *dir, int64_t base)
{
    char path[DISK_PATH_BYTES_MAX + 1];
    struct disk_file *file;
    int len = snprintf(path, sizeof(path), "%s/%020" PRId64 ".log", dir, base);
    if (base < 0 || len < 0 || (size_t)len >= sizeof(path) ||
        disk_open(disk, path, DISK_READ, &file) != ERR_OK)
        return false;
    disk_close(file);
    return true;
}

/* False: it is none that this program knows. `path` is "<directory>/<name>". */
static bool look_at_file(struct dump *d, const struct topics *topics, const char *path)
{
    static const struct {
        const char *suffix;
        unsigned part;
    } kinds[] = {{".log", DUMP_LOG}, {".index", DUMP_INDEX}, {".timeindex", DUMP_TIME_INDEX}};
    char dir[PATH_MAX];
    snprintf(dir, sizeof(dir), strchr(path, '/') == NULL ? "./%s" : "%s", path);
    const char *name = cut_name(dir);
    if (strcmp(name, "checkpoint") == 0 || strcmp(name, "clean") == 0) {
        look_at_partition(d, topics, dir, name[1] == 'h' ? DUMP_CHECKPOINT : DUMP_MARKER, -1);
        return true;
    }
    if (has_suffix(name, ".meta")) {
        struct topic t;
        topic_read(&t, d->disk, path);
        topic_print(&t, d);
        topic_deinit(&t);
        return true;
    }
    if (has_suffix(name, JOURNAL_SUFFIX)) {
        journal_check_file(d, path);
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        int64_t base = name_base(name, kinds[i].suffix);
        if (!has_suffix(name, kinds[i].suffix))
            continue;
        if (log_is_beside(d->disk, dir, base))
            look_at_partition(d, topics, dir, kinds[i].part, base);
        else
            look_at_lone_file(d, path, kinds[i].part, base);
        return true;
    }
    return false;
}

/* --- the argument ---------------------------------------------------------------------------- */

/* False, after a complaint: there is nothing to look at. */
static bool resolve(struct target *t, const char *path, FILE *complaints)
{
    struct stat st;
    char *real = realpath(path, NULL); /* the C library's memory */
    if (real == NULL || stat(real, &st) != 0) {
        fprintf(complaints, "echolog-dump: %s: %s\n", path, strerror(errno));
        free(real);
        return false;
    }
    t->is_dir = S_ISDIR(st.st_mode);
    split(t, real, t->is_dir ? 0 : 2);
    free(real);
    return true;
}

static bool see_topics_or_partition(void *ctx, const char *name, enum disk_entry_kind kind)
{
    bool *seen = ctx;
    *seen = kind == DISK_ENTRY_DIR && (strcmp(name, TOPICS_DIR) == 0 || names_partition(name));
    return !*seen;
}

static enum err is_data_directory(struct disk *disk, bool *is_data)
{
    bool seen = false;
    enum err err = disk_list(disk, "", see_topics_or_partition, &seen);
    *is_data = seen;
    return err;
}

/* A directory that is not a data directory can only be a partition's; then the root lies above it. */
static enum err open_root(struct target *t, struct disk **disk)
{
    char path[PATH_MAX];
    bool is_data = false;
    enum err err = read_disk_create(t->root, disk);
    if (err != ERR_OK || !t->is_dir)
        return err;
    err = is_data_directory(*disk, &is_data);
    if (err == ERR_OK && is_data)
        return ERR_OK;
    read_disk_destroy(*disk);
    if (err != ERR_OK)
        return err;
    memcpy(path, t->root, sizeof(path));
    split(t, path, 1);
    return read_disk_create(t->root, disk);
}

/* False: it is nothing of Echolog's. */
static bool look_with(struct dump *d, const struct target *t, const struct topics *topics)
{
    if (t->is_dir && t->name[0] == '\0')
        look_at_data(d, topics);
    else if (!t->is_dir)
        return look_at_file(d, topics, t->name);
    else if (strcmp(t->name, JOURNAL_DIR) == 0)
        journal_check_all(d);
    else if (holds_log(d->disk, t->name) || topics_find(topics, t->name) != NULL)
        look_at_partition(d, topics, t->name, DUMP_ALL, -1);
    else
        return false;
    return true;
}

/* Whether logs are looked at, and nothing else says what the journal is like. */
static bool looks_at_logs_alone(const struct target *t)
{
    return t->name[0] != '\0' && strcmp(t->name, JOURNAL_DIR) != 0 &&
           !has_suffix(t->name, JOURNAL_SUFFIX);
}

/* The journal is read before the logs: what is in it then, a server has written to them. */
static bool look(struct dump *d, const struct target *t)
{
    struct topics topics;
    enum err err = topics_read(&topics, d->disk);
    if (err != ERR_OK && err != ERR_NOT_FOUND && t->is_dir && t->name[0] == '\0')
        printer_failed(d->out, TOPICS_DIR, err);
    struct journal_replay *journal = journal_check_load(d, looks_at_logs_alone(t));
    d->journal = journal;
    bool known = look_with(d, t, &topics);
    d->journal = NULL;
    if (journal != NULL)
        journal_replay_destroy(journal);
    topics_deinit(&topics);
    return known;
}

static void print_summary(const struct dump *d)
{
    struct printer *out = d->out;
    printer_begin(out, DEPTH_TOP, "summary");
    printer_count(out, "segments", d->segments);
    printer_count(out, "batches", d->batches);
    printer_count(out, "records", d->records);
    printer_count(out, "bytes", d->bytes);
    if (d->journal_files > 0) {
        printer_count(out, "journal_files", d->journal_files);
        printer_count(out, "journal_rounds", d->journal_rounds);
        printer_count(out, "journal_bytes", d->journal_bytes);
    }
    printer_count(out, "errors", out->errors);
    printer_count(out, "notes", out->notes);
    printer_end(out);
}

enum target_status target_run(const struct options *options, FILE *out, FILE *complaints)
{
    struct options wanted = *options;
    struct printer printer;
    struct target t;
    struct disk *disk;
    if (!resolve(&t, options->path, complaints))
        return TARGET_NOT_LOOKED;
    enum err err = open_root(&t, &disk);
    if (err != ERR_OK) {
        fprintf(complaints, "echolog-dump: %s: %s\n", options->path, err_text(err));
        return TARGET_NOT_LOOKED;
    }
    wanted.batches = options->batches || options->records || !t.is_dir;
    printer_init(&printer, out, options->json);
    struct dump d = {.disk = disk, .options = &wanted, .out = &printer};
    enum target_status status = TARGET_FINE;
    if (!look(&d, &t)) {
        fprintf(complaints, "echolog-dump: %s: this is no %s of Echolog's\n", options->path,
                t.is_dir ? "directory" : "file");
        status = TARGET_NOT_LOOKED;
    } else {
        print_summary(&d);
        status = printer.cannot_look  ? TARGET_NOT_LOOKED
                 : printer.errors > 0 ? TARGET_WRONG
                                      : TARGET_FINE;
    }
    printer_deinit(&printer);
    read_disk_destroy(disk);
    return status;
}
