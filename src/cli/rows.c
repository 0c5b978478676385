/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/rows.h"
#include "cli/table.h"
#include "cli/text.h"
#include <stdio.h>

/* Where the parts of a record stand. */
enum { OFFSET, TIMESTAMP, KEY, VALUE, HEADERS, RECORD_PARTS };

/* --- shapes --------------------------------------------------------------------------------------- */

static bool is_text(const struct reply *r)
{
    return r->kind == REPLY_BULK || r->kind == REPLY_NULL;
}

static bool is_record(const struct reply *r)
{
    return r->kind == REPLY_ARRAY && r->count == RECORD_PARTS &&
           r->items[OFFSET].kind == REPLY_INT && r->items[TIMESTAMP].kind == REPLY_INT &&
           is_text(&r->items[KEY]) && is_text(&r->items[VALUE]) &&
           (r->items[HEADERS].kind == REPLY_ARRAY || r->items[HEADERS].kind == REPLY_MAP);
}

static bool are_records(const struct reply *r)
{
    if (r->kind != REPLY_ARRAY)
        return false;
    for (size_t i = 0; i < r->count; i++)
        if (!is_record(&r->items[i]))
            return false;
    return true;
}

static bool is_partition(const struct reply *r)
{
    return r->kind == REPLY_ARRAY && r->count == 3 && r->items[0].kind == REPLY_BULK &&
           r->items[1].kind == REPLY_INT &&
           (r->items[2].kind == REPLY_ERROR || are_records(&r->items[2]));
}

/* --- cells ---------------------------------------------------------------------------------------- */

static void put_quoted(struct buf *out, const struct reply *text)
{
    if (text->kind == REPLY_NULL)
        buf_append_string(out, "(nil)");
    else
        text_append_quoted(out, text->text);
}

static void add_headings(struct table *t)
{
    static const char *const names[] = {"partition", "offset", "time", "key", "value", "headers"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        table_heading(t, bytes_of_string(names[i]));
}

static void add_quoted(struct table *t, struct buf *scratch, const struct reply *text)
{
    buf_clear(scratch);
    put_quoted(scratch, text);
    table_text(t, buf_bytes(scratch));
}

static void add_record(struct table *t, struct bytes place, const struct reply *record)
{
    const struct reply *headers = &record->items[HEADERS];
    struct buf scratch = {0};

    table_word(t, place);
    table_number(t, record->items[OFFSET].integer);
    text_append_time(&scratch, record->items[TIMESTAMP].integer);
    table_word(t, buf_bytes(&scratch));
    add_quoted(t, &scratch, &record->items[KEY]);
    add_quoted(t, &scratch, &record->items[VALUE]);
    buf_clear(&scratch);
    for (size_t i = 0; i + 1 < headers->count; i += 2) {
        if (i > 0)
            buf_append_char(&scratch, ' ');
        put_quoted(&scratch, &headers->items[i]);
        buf_append_char(&scratch, '=');
        put_quoted(&scratch, &headers->items[i + 1]);
    }
    table_text(t, buf_bytes(&scratch));
    buf_deinit(&scratch);
}

static void add_records(struct table *t, struct bytes topic, const char *partition,
                        const struct reply *records)
{
    struct buf place = {0};

    buf_append_bytes(&place, topic);
    buf_printf(&place, "/%s", partition);
    for (size_t i = 0; i < records->count; i++)
        add_record(t, buf_bytes(&place), &records->items[i]);
    buf_deinit(&place);
}

/* --- whole replies -------------------------------------------------------------------------------- */

bool rows_print_records(struct buf *out, const struct style *style, struct bytes topic,
                        struct bytes partition, const struct reply *reply)
{
    struct table t = {0};
    char number[32];

    if (!are_records(reply) || reply->count == 0)
        return false;
    snprintf(number, sizeof(number), "%.*s", (int)partition.len, partition.data);
    add_headings(&t);
    add_records(&t, topic, number, reply);
    table_print(&t, out, 0, style->width);
    table_deinit(&t);
    return true;
}

static void put_error(struct buf *out, const struct style *style, const struct reply *partition)
{
    struct buf text = {0};

    buf_append_bytes(&text, partition->items[0].text);
    buf_printf(&text, "/%lld: (error) ", (long long)partition->items[1].integer);
    buf_append_bytes(&text, partition->items[2].text);
    style_append(out, style, STYLE_ERROR, buf_bytes(&text));
    buf_append_char(out, '\n');
    buf_deinit(&text);
}

bool rows_print_partitions(struct buf *out, const struct style *style, const struct reply *reply)
{
    struct table t = {0};

    if (reply->kind != REPLY_ARRAY || reply->count == 0)
        return false;
    for (size_t i = 0; i < reply->count; i++)
        if (!is_partition(&reply->items[i]))
            return false;
    add_headings(&t);
    for (size_t i = 0; i < reply->count; i++) {
        const struct reply *p = &reply->items[i];
        char number[32];

        snprintf(number, sizeof(number), "%lld", (long long)p->items[1].integer);
        if (p->items[2].kind == REPLY_ARRAY)
            add_records(&t, p->items[0].text, number, &p->items[2]);
    }
    if (t.cell_count > t.column_count)
        table_print(&t, out, 0, style->width);
    for (size_t i = 0; i < reply->count; i++)
        if (reply->items[i].items[2].kind == REPLY_ERROR)
            put_error(out, style, &reply->items[i]);
    table_deinit(&t);
    return out->len > 0;
}
