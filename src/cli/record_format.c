/* SPDX-License-Identifier: BSD-3-Clause */
/* Printing records. */
#include "cli/record_format.h"

enum record_part { RECORD_OFFSET, RECORD_TIMESTAMP, RECORD_KEY, RECORD_VALUE, RECORD_PARTS_MIN };

bool record_is(const struct reply *record)
{
    return record->kind == REPLY_ARRAY && record->count >= RECORD_PARTS_MIN &&
           record->items[RECORD_OFFSET].kind == REPLY_INT;
}

int64_t record_offset(const struct reply *record)
{
    return record->items[RECORD_OFFSET].integer;
}

static void put_part(struct buf *out, const struct reply *part)
{
    if (part->kind == REPLY_NULL)
        buf_append_string(out, "null");
    else
        buf_append_bytes(out, part->text);
}

void record_print(struct buf *out, const struct record_format *format, int64_t partition,
                  const struct reply *record)
{
    if (format->partition) {
        buf_printf(out, "Partition:%lld", (long long)partition);
        buf_append_string(out, format->key_separator);
    }
    if (format->offset) {
        buf_printf(out, "Offset:%lld", (long long)record_offset(record));
        buf_append_string(out, format->key_separator);
    }
    if (format->key) {
        put_part(out, &record->items[RECORD_KEY]);
        buf_append_string(out, format->key_separator);
    }
    put_part(out, &record->items[RECORD_VALUE]);
    buf_append_char(out, '\n');
}
