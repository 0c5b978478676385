/* SPDX-License-Identifier: BSD-3-Clause */
#include "scratch.h"

#include "base/crc32c.h"
#include "base/mem.h"
#include "disk/posix_disk.h"
#include <criterion/criterion.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void nothing_new(struct clock *clock)
{
    (void)clock;
}

static void say_nothing(struct trace *trace, enum trace_level level, const char *line)
{
    (void)trace, (void)level, (void)line;
}

static void on_batch(struct partition *p, void *ctx, uint64_t batch)
{
    (void)p, (void)ctx, (void)batch;
}

static void on_refused(struct partition *p, void *ctx, uint64_t first, uint64_t last, enum err why)
{
    (void)p, (void)ctx;
    cr_assert_fail("batches %d to %d were refused: %s", (int)first, (int)last, err_text(why));
}

static void on_trimmed(struct partition *p, void *ctx)
{
    (void)p, (void)ctx;
}

static const struct partition_events events = {
    .written = on_batch, .synced = on_batch, .refused = on_refused, .trimmed = on_trimmed};

static struct partition_config config_of(const struct scratch *s)
{
    return (struct partition_config){.segment_bytes = s->segment_bytes,
                                     .segment_ms = INT64_MAX,
                                     .retention_ms = -1,
                                     .retention_bytes = -1,
                                     .batch_bytes_max = 1 << 20,
                                     .flush_ms = 1000,
                                     .compact = s->compact};
}

static void start(struct scratch *s)
{
    struct posix_disk_options disk_options = {.root = s->dir};
    cr_assert_eq(posix_disk_create(&disk_options, &s->disk), ERR_OK);
    timers_init(&s->timers);
    struct storage_options options = {.disk = s->disk,
                                      .clock = &s->clock,
                                      .timers = &s->timers,
                                      .trace = &s->trace,
                                      .tail_bytes_max = 1 << 20,
                                      .files_max = 100};
    s->st = storage_create(&options);
}

void scratch_init(struct scratch *s)
{
    *s = (struct scratch){.clock = {.wall_ms = SCRATCH_NOW_MS, .update = nothing_new},
                          .trace = {.sink = say_nothing},
                          .segment_bytes = 1 << 20};
    strcpy(s->dir, "/tmp/echolog-dump-XXXXXX");
    cr_assert_not_null(mkdtemp(s->dir));
    start(s);
    struct partition_config config = config_of(s);
    s->p = partition_create(s->st, "t-0", &config, &events, s);
}

void scratch_close(struct scratch *s)
{
    cr_assert_eq(partition_close(s->p), ERR_OK);
    s->p = NULL;
    storage_destroy(s->st);
    timers_deinit(&s->timers);
    posix_disk_destroy(s->disk);
}

void scratch_open(struct scratch *s)
{
    struct partition_recovery recovery;
    start(s);
    struct partition_config config = config_of(s);
    cr_assert_eq(partition_open(s->st, "t-0", &config, &events, s, &recovery, &s->p), ERR_OK);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

void scratch_deinit(struct scratch *s)
{
    if (s->p != NULL)
        scratch_close(s);
    nftw(s->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(s->said);
    free(s->complained);
}

/* --- writing --------------------------------------------------------------------------------- */

static void wait_for_job(struct scratch *s)
{
    struct pollfd ready = {.fd = posix_disk_fd(s->disk), .events = POLLIN};
    poll(&ready, 1, -1);
    disk_reap(s->disk);
}

void scratch_put_record(struct scratch *s, const struct record *r)
{
    int64_t offset;
    uint64_t batch;
    struct partition_config config = config_of(s);
    partition_configure(s->p, &config);
    cr_assert_eq(partition_append(s->p, r, 1, &offset, &batch), ERR_OK);
    partition_want_sync(s->p);
    partition_commit(s->p);
    while (partition_batch_synced(s->p) < batch)
        wait_for_job(s);
    s->clock.wall_ms++;
    s->clock.mono_us += 1000;
}

void scratch_compact(struct scratch *s)
{
    uint64_t before = storage_stats(s->st)->compactions;
    partition_retain(s->p);
    while (storage_stats(s->st)->compactions == before)
        wait_for_job(s);
}

void scratch_put(struct scratch *s, const char *key, const char *value)
{
    struct record r = {.timestamp_ms = s->clock.wall_ms,
                       .key = key == NULL ? BYTES_NULL : bytes_of_string(key),
                       .value = value == NULL ? BYTES_NULL : bytes_of_string(value)};
    scratch_put_record(s, &r);
}

void scratch_put_bytes(struct scratch *s, size_t len)
{
    char *value = mem_alloc(len);
    memset(value, 'v', len);
    struct record r = {
        .timestamp_ms = s->clock.wall_ms, .key = BYTES_NULL, .value = bytes_of(value, len)};
    scratch_put_record(s, &r);
    mem_free(value);
}

/* --- files ----------------------------------------------------------------------------------- */

static const char *full(struct scratch *s, const char *path, char *room, size_t len)
{
    snprintf(room, len, "%s/%s", s->dir, path);
    return room;
}

struct buf scratch_read(struct scratch *s, const char *path)
{
    char name[256], chunk[4096];
    struct buf content = {0};
    FILE *f = fopen(full(s, path, name, sizeof(name)), "rb");
    cr_assert_not_null(f, "%s", path);
    for (size_t got; (got = fread(chunk, 1, sizeof(chunk), f)) > 0;)
        buf_append(&content, chunk, got);
    fclose(f);
    return content;
}

static void put(struct scratch *s, const char *path, const char *mode, const void *data, size_t len)
{
    char name[256];
    FILE *f = fopen(full(s, path, name, sizeof(name)), mode);
    cr_assert_not_null(f, "%s", path);
    cr_assert_eq(fwrite(data, 1, len, f), len);
    fclose(f);
}

void scratch_write(struct scratch *s, const char *path, const void *data, size_t len)
{
    put(s, path, "wb", data, len);
}

void scratch_append(struct scratch *s, const char *path, const void *data, size_t len)
{
    put(s, path, "ab", data, len);
}

void scratch_remove(struct scratch *s, const char *path)
{
    char name[256];
    cr_assert_eq(remove(full(s, path, name, sizeof(name))), 0);
}

void scratch_truncate(struct scratch *s, const char *path, size_t len)
{
    char name[256];
    cr_assert_eq(truncate(full(s, path, name, sizeof(name)), (off_t)len), 0);
}

bool scratch_has(struct scratch *s, const char *path)
{
    char name[256];
    return access(full(s, path, name, sizeof(name)), F_OK) == 0;
}

void scratch_flip(struct scratch *s, const char *path, size_t pos)
{
    struct buf content = scratch_read(s, path);
    cr_assert_lt(pos, content.len);
    content.data[pos] ^= 4;
    scratch_write(s, path, content.data, content.len);
    buf_deinit(&content);
}

static int make_readable(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)kind, (void)ftw;
    return chmod(path, S_ISDIR(st->st_mode) ? 0555 : 0444);
}

static int make_writable(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)kind, (void)ftw;
    return chmod(path, S_ISDIR(st->st_mode) ? 0755 : 0644);
}

/* Modes do not bind the superuser, so that one becomes somebody else. */
void scratch_forbid_writing(struct scratch *s)
{
    char name[256];
    nftw(s->dir, make_readable, 16, FTW_PHYS);
    if (geteuid() == 0)
        cr_assert_eq(seteuid(65534), 0);
    cr_assert_neq(euidaccess(full(s, SCRATCH_LOG, name, sizeof(name)), W_OK), 0);
}

void scratch_allow_writing(struct scratch *s)
{
    if (getuid() == 0)
        cr_assert_eq(seteuid(0), 0);
    nftw(s->dir, make_writable, 16, FTW_PHYS);
}

void scratch_meta(struct scratch *s, int partitions, const char *lines)
{
    struct buf text = {0};
    char name[256];
    mkdir(full(s, "topics", name, sizeof(name)), 0700);
    buf_printf(&text, "format 1\nname t\nid 5mYkPqzHSQCjdNNz3kQ0Ug\npartitions %d\n%s", partitions,
               lines);
    buf_printf(&text, "checksum %08x\n", (unsigned)crc32c(text.data, text.len));
    scratch_write(s, "topics/t.meta", text.data, text.len);
    buf_deinit(&text);
}

/* --- the program ----------------------------------------------------------------------------- */

enum target_status scratch_dump(struct scratch *s, const char *path, const char *options)
{
    char name[256], why[OPTIONS_WHY_BYTES], words[128];
    char *argv[8];
    int argc = 0;
    struct options o;
    size_t said_len, complained_len;
    argv[argc++] = name;
    full(s, path, name, sizeof(name));
    snprintf(words, sizeof(words), "%s", options);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    cr_assert(options_parse(&o, argc, argv, why), "%s", why);
    free(s->said);
    free(s->complained);
    FILE *out = open_memstream(&s->said, &said_len);
    FILE *complaints = open_memstream(&s->complained, &complained_len);
    enum target_status status = target_run(&o, out, complaints);
    fclose(out);
    fclose(complaints);
    return status;
}

bool scratch_said(const struct scratch *s, const char *text)
{
    return strstr(s->said, text) != NULL;
}

size_t scratch_lines(const struct scratch *s, const char *kind)
{
    size_t count = 0;
    for (const char *line = s->said; *line != '\0';) {
        const char *end = strchr(line, '\n');
        cr_assert_not_null(end);
        line += strspn(line, " ");
        count += strncmp(line, kind, strlen(kind)) == 0;
        line = end + 1;
    }
    return count;
}
