/* SPDX-License-Identifier: BSD-3-Clause */
#include "storage/journal.h"

#include "base/crc32c.h"
#include "storage/bigendian.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define JOURNAL_VERSION 1
#define ENTRY_HEADER_BYTES 28
#define NAME_DIGITS 20

enum round_field {
    AT_CRC = 4,
    AT_LEN = 8,
    AT_VERSION = 12,
    AT_SEQUENCE = 16,
    AT_ENTRIES = 24,
};

enum entry_field {
    AT_ID_LEN = 0,
    AT_DIR_LEN = 2,
    AT_BYTES_LEN = 4,
    AT_SEGMENT_BASE = 8,
    AT_POS = 16,
    AT_LEADER_EPOCH = 24,
};

static const char round_magic[4] = {'E', 'C', 'J', 'R'};

void journal_path(char *path, uint64_t first_sequence)
{
    snprintf(path, DISK_PATH_BYTES_MAX + 1, JOURNAL_DIR "/%0*" PRIu64 JOURNAL_SUFFIX, NAME_DIGITS,
             first_sequence);
}

bool journal_name_parse(const char *name, uint64_t *first_sequence)
{
    if (strspn(name, "0123456789") != NAME_DIGITS ||
        strcmp(name + NAME_DIGITS, JOURNAL_SUFFIX) != 0)
        return false;
    *first_sequence = strtoull(name, NULL, 10);
    return *first_sequence <= JOURNAL_SEQUENCE_MAX;
}

void journal_round_begin(struct buf *image)
{
    buf_clear(image);
    char *p = buf_reserve(image, JOURNAL_ROUND_HEADER_BYTES);
    memset(p, 0, JOURNAL_ROUND_HEADER_BYTES);
    memcpy(p, round_magic, sizeof(round_magic));
    image->len = JOURNAL_ROUND_HEADER_BYTES;
}

void journal_round_add(struct buf *image, const struct journal_entry *entry)
{
    ASSERT(entry->id.len <= UINT16_MAX && entry->dir.len <= UINT16_MAX);
    char *p = buf_reserve(image, ENTRY_HEADER_BYTES);
    put_u16(p + AT_ID_LEN, (uint16_t)entry->id.len);
    put_u16(p + AT_DIR_LEN, (uint16_t)entry->dir.len);
    put_u32(p + AT_BYTES_LEN, (uint32_t)entry->bytes.len);
    put_u64(p + AT_SEGMENT_BASE, (uint64_t)entry->segment_base);
    put_u64(p + AT_POS, entry->pos);
    put_u32(p + AT_LEADER_EPOCH, (uint32_t)entry->leader_epoch);
    image->len += ENTRY_HEADER_BYTES;
    buf_append_bytes(image, entry->id);
    buf_append_bytes(image, entry->dir);
    if (!bytes_is_null(entry->bytes))
        buf_append_bytes(image, entry->bytes);
    put_u32(image->data + AT_ENTRIES, get_u32(image->data + AT_ENTRIES) + 1);
}

void journal_round_end(struct buf *image, uint64_t sequence)
{
    size_t len = image->len;
    size_t fill = (size_t)journal_round_span(len) - len;
    ASSERT(len <= JOURNAL_ROUND_BYTES_MAX);
    put_u32(image->data + AT_LEN, (uint32_t)len);
    put_u32(image->data + AT_VERSION, JOURNAL_VERSION);
    put_u64(image->data + AT_SEQUENCE, sequence);
    put_u32(image->data + AT_CRC, crc32c(image->data + AT_LEN, len - AT_LEN));
    memset(buf_reserve(image, fill), 0, fill);
    image->len += fill;
}

enum err journal_round_header(const char header[JOURNAL_ROUND_HEADER_BYTES],
                              struct journal_round *round)
{
    if (memcmp(header, round_magic, sizeof(round_magic)) != 0)
        return ERR_CORRUPT;
    round->len = get_u32(header + AT_LEN);
    round->sequence = get_u64(header + AT_SEQUENCE);
    round->entry_count = get_u32(header + AT_ENTRIES);
    if (round->len < JOURNAL_ROUND_HEADER_BYTES || round->len > JOURNAL_ROUND_BYTES_MAX)
        return ERR_CORRUPT;
    return get_u32(header + AT_VERSION) == JOURNAL_VERSION ? ERR_OK : ERR_UNSUPPORTED;
}

bool journal_round_whole(struct bytes image)
{
    return image.len >= JOURNAL_ROUND_HEADER_BYTES && get_u32(image.data + AT_LEN) == image.len &&
           crc32c(image.data + AT_LEN, image.len - AT_LEN) == get_u32(image.data + AT_CRC);
}

enum err journal_entry_next(struct bytes *rest, struct journal_entry *entry)
{
    const char *p = rest->data;
    if (rest->len == 0)
        return ERR_NOT_FOUND;
    if (rest->len < ENTRY_HEADER_BYTES)
        return ERR_CORRUPT;
    size_t id_len = get_u16(p + AT_ID_LEN), dir_len = get_u16(p + AT_DIR_LEN);
    size_t bytes_len = get_u32(p + AT_BYTES_LEN);
    size_t len = ENTRY_HEADER_BYTES + id_len + dir_len + bytes_len;
    if (rest->len < len)
        return ERR_CORRUPT;
    *entry = (struct journal_entry){
        .id = bytes_of(p + ENTRY_HEADER_BYTES, id_len),
        .dir = bytes_of(p + ENTRY_HEADER_BYTES + id_len, dir_len),
        .segment_base = (int64_t)get_u64(p + AT_SEGMENT_BASE),
        .pos = get_u64(p + AT_POS),
        .leader_epoch = (int32_t)get_u32(p + AT_LEADER_EPOCH),
        .bytes = bytes_of(p + ENTRY_HEADER_BYTES + id_len + dir_len, bytes_len),
    };
    *rest = bytes_of(p + len, rest->len - len);
    return ERR_OK;
}
