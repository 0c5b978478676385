/* SPDX-License-Identifier: BSD-3-Clause */
/* Printing records. */
#include "cli/record_format.h"
#include "cli/csv_print.h"
#include "cli/json_print.h"

enum record_part {
    RECORD_OFFSET,
    RECORD_TIMESTAMP,
    RECORD_KEY,
    RECORD_VALUE,
    RECORD_PARTS_MIN,
    RECORD_HEADERS = RECORD_PARTS_MIN,
};

bool record_is(const struct reply *record)
{
    return record->kind == REPLY_ARRAY && record->count >= RECORD_PARTS_MIN &&
           record->items[RECORD_OFFSET].kind == REPLY_INT;
}

int64_t record_offset(const struct reply *record)
{
    return record->items[RECORD_OFFSET].integer;
}

/* --- properties ----------------------------------------------------------------------------------- */

static bool set_switch(bool *to, const char *value)
{
    *to = strcmp(value, "true") == 0;
    return *to || strcmp(value, "false") == 0;
}

bool record_format_set(struct record_format *format, const char *property)
{
    const struct {
        const char *name;
        bool *on;
        const char **text;
    } properties[] = {
        {"print.timestamp", &format->timestamp, NULL},
        {"print.partition", &format->partition, NULL},
        {"print.offset", &format->offset, NULL},
        {"print.headers", &format->headers, NULL},
        {"print.key", &format->key, NULL},
        {"key.separator", NULL, &format->key_separator},
        {"headers.separator", NULL, &format->headers_separator},
        {"null.literal", NULL, &format->null_literal},
    };
    const char *value = strchr(property, '=');
    bool on;

    if (value == NULL)
        return false;
    struct bytes name = bytes_of(property, (size_t)(value++ - property));
    for (size_t i = 0; i < COUNT_OF(properties); i++) {
        if (!bytes_equal(name, bytes_of_string(properties[i].name)))
            continue;
        if (properties[i].on != NULL)
            return set_switch(properties[i].on, value);
        *properties[i].text = value;
        return true;
    }
    if (!bytes_equal(name, BYTES_LITERAL("print.value")) || !set_switch(&on, value))
        return false;
    format->no_value = !on;
    return true;
}

/* --- text ----------------------------------------------------------------------------------------- */

static void put_part(struct buf *out, const struct record_format *format, const struct reply *part)
{
    if (part->kind == REPLY_NULL)
        buf_append_string(out, format->null_literal != NULL ? format->null_literal : "null");
    else
        buf_append_bytes(out, part->text);
}

static void put_headers(struct buf *out, const struct record_format *format,
                        const struct reply *record)
{
    const struct reply *headers =
        record->count > RECORD_HEADERS ? &record->items[RECORD_HEADERS] : NULL;

    if (headers == NULL || headers->count == 0)
        buf_append_string(out, "NO_HEADERS");
    for (size_t i = 0; headers != NULL && i + 1 < headers->count; i += 2) {
        if (i > 0)
            buf_append_string(out,
                              format->headers_separator != NULL ? format->headers_separator : ",");
        put_part(out, format, &headers->items[i]);
        buf_append_char(out, ':');
        put_part(out, format, &headers->items[i + 1]);
    }
}

static void put_text(struct buf *out, const struct record_format *format, int64_t partition,
                     const struct reply *record)
{
    const char *between = format->key_separator;
    size_t from = out->len;

    if (format->timestamp) {
        buf_printf(out, "CreateTime:%lld", (long long)record->items[RECORD_TIMESTAMP].integer);
        buf_append_string(out, between);
    }
    if (format->partition) {
        buf_printf(out, "Partition:%lld", (long long)partition);
        buf_append_string(out, between);
    }
    if (format->offset) {
        buf_printf(out, "Offset:%lld", (long long)record_offset(record));
        buf_append_string(out, between);
    }
    if (format->headers) {
        put_headers(out, format, record);
        buf_append_string(out, between);
    }
    if (format->key) {
        put_part(out, format, &record->items[RECORD_KEY]);
        buf_append_string(out, between);
    }
    if (!format->no_value)
        put_part(out, format, &record->items[RECORD_VALUE]);
    else if (out->len > from)
        out->len -= strlen(between);
    buf_append_char(out, '\n');
}

/* --- for programs --------------------------------------------------------------------------------- */

static struct reply text_of(const char *text)
{
    return (struct reply){.kind = REPLY_BULK, .text = bytes_of_string(text)};
}

static void put_json(struct buf *out, const struct record_format *format, int64_t partition,
                     const struct reply *record)
{
    struct reply headers = {.kind = REPLY_MAP};

    if (record->count > RECORD_HEADERS)
        headers = record->items[RECORD_HEADERS];
    headers.kind = REPLY_MAP; /* in RESP2 a flat array */
    struct reply items[] = {
        text_of("topic"),     text_of(format->topic),
        text_of("partition"), {.kind = REPLY_INT, .integer = partition},
        text_of("offset"),    record->items[RECORD_OFFSET],
        text_of("timestamp"), record->items[RECORD_TIMESTAMP],
        text_of("key"),       record->items[RECORD_KEY],
        text_of("value"),     record->items[RECORD_VALUE],
        text_of("headers"),   headers,
    };
    json_print(out, &(struct reply){.kind = REPLY_MAP, .items = items, .count = COUNT_OF(items)});
}

static void put_csv(struct buf *out, int64_t partition, const struct reply *record)
{
    struct reply items[] = {{.kind = REPLY_INT, .integer = partition}, *record};

    csv_print(out, &(struct reply){.kind = REPLY_ARRAY, .items = items, .count = COUNT_OF(items)});
}

void record_print(struct buf *out, const struct record_format *format, int64_t partition,
                  const struct reply *record)
{
    switch (format->form) {
    case RECORD_TEXT:
        put_text(out, format, partition, record);
        break;
    case RECORD_JSON:
        put_json(out, format, partition, record);
        break;
    case RECORD_CSV:
        put_csv(out, partition, record);
        break;
    }
}
