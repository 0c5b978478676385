/* SPDX-License-Identifier: BSD-3-Clause */
#include "storage/journal_scan.h"

#include "base/mem.h"
#include <stdlib.h>

/* --- the files ------------------------------------------------------------------------------- */

struct list_of_files {
    uint64_t *files; /* owned */
    size_t count, cap;
};

static bool found_file(void *ctx, const char *name, enum disk_entry_kind kind)
{
    struct list_of_files *l = ctx;
    uint64_t first;
    if (kind != DISK_ENTRY_FILE || !journal_name_parse(name, &first))
        return true;
    if (l->count == l->cap) {
        l->cap = l->cap == 0 ? 4 : l->cap * 2;
        l->files = mem_realloc(l->files, l->cap * sizeof(l->files[0]));
    }
    l->files[l->count++] = first;
    return true;
}

static int compare_files(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

enum err journal_list(struct disk *disk, uint64_t **files, size_t *count)
{
    struct list_of_files l = {0};
    enum err err = disk_list(disk, JOURNAL_DIR, found_file, &l);
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        mem_free(l.files);
        return err;
    }
    if (l.count > 0)
        qsort(l.files, l.count, sizeof(l.files[0]), compare_files);
    *files = l.files;
    *count = l.count;
    return ERR_OK;
}

/* --- the rounds in one ------------------------------------------------------------------------- */

void journal_scan_init(struct journal_scan *s, struct disk_file *file, uint64_t len)
{
    *s = (struct journal_scan){.file = file, .len = len};
}

void journal_scan_deinit(struct journal_scan *s)
{
    buf_deinit(&s->image);
}

static bool may_follow(const struct journal_scan *s, uint64_t pos, uint64_t sequence)
{
    uint64_t between = (pos - s->pos) / JOURNAL_BLOCK_BYTES;
    return s->sequence_due == 0 ||
           (sequence >= s->sequence_due && sequence - s->sequence_due <= between);
}

/* The round at `pos`, whole, into the image. ERR_CORRUPT: there is none; what a header says of its version counts only if
 * it is as it was written. */
static enum err read_round(struct journal_scan *s, uint64_t pos, struct journal_round *round)
{
    char header[JOURNAL_ROUND_HEADER_BYTES];
    size_t got;
    enum err err = disk_read(s->file, header, sizeof(header), pos, &got);
    if (err == ERR_OK && got < sizeof(header))
        err = ERR_CORRUPT;
    if (err != ERR_OK)
        return err;
    enum err version = journal_round_header(header, round);
    if (version != ERR_OK && version != ERR_UNSUPPORTED)
        return version;
    if (round->len > s->len - pos || !may_follow(s, pos, round->sequence))
        return ERR_CORRUPT;
    buf_clear(&s->image);
    err = disk_read(s->file, buf_reserve(&s->image, round->len), round->len, pos, &got);
    if (err != ERR_OK)
        return err;
    s->image.len = got;
    return got == round->len && journal_round_whole(buf_bytes(&s->image)) ? version : ERR_CORRUPT;
}

enum err journal_scan_next(struct journal_scan *s, struct journal_found *found)
{
    struct journal_round round;
    enum err err = ERR_NOT_FOUND;
    uint64_t pos;
    for (pos = s->pos; pos < s->len; pos += JOURNAL_BLOCK_BYTES) {
        err = read_round(s, pos, &round);
        if (err != ERR_CORRUPT)
            break;
        err = ERR_NOT_FOUND; /* perhaps there is one behind it */
    }
    if (err != ERR_OK)
        return err;
    *found = (struct journal_found){.round = round, .pos = pos, .image = buf_bytes(&s->image)};
    s->pos = pos + journal_round_span(round.len);
    s->sequence_due = round.sequence + 1;
    return ERR_OK;
}
