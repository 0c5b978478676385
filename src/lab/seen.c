/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/seen.h"
#include "base/num.h"
#include "cli/tool.h"

const struct reply *seen_null(void)
{
    static const struct reply null = {.kind = REPLY_NULL};

    return &null;
}

int64_t seen_number(const struct reply *r)
{
    return r->kind == REPLY_INT ? r->integer : SEEN_NOTHING;
}

struct bytes seen_text(const struct reply *r)
{
    return r->text;
}

bool seen_error(const struct reply *r, const char *code)
{
    size_t len = strlen(code);

    return r->kind == REPLY_ERROR && bytes_starts_with(r->text, code) &&
           (r->text.len == len || r->text.data[len] == ' ');
}

const struct reply *seen_item(const struct reply *r, size_t i)
{
    return i < r->count ? &r->items[i] : seen_null();
}

const struct reply *seen_field(const struct reply *map, const char *name)
{
    const struct reply *field = tool_field(map, name);

    return field != NULL ? field : seen_null();
}

int64_t seen_time_ms(const struct reply *r)
{
    int64_t seconds, micros;

    if (!num_parse_i64(seen_text(seen_item(r, 0)), &seconds) ||
        !num_parse_i64(seen_text(seen_item(r, 1)), &micros))
        return SEEN_NOTHING;
    return seconds * 1000 + micros / 1000;
}

/* --- records -------------------------------------------------------------------------------------- */

/* [offset, timestamp, key, value, headers] */
static bool is_record(const struct reply *r)
{
    return r->kind == REPLY_ARRAY && r->count == 5 && r->items[0].kind == REPLY_INT &&
           r->items[1].kind == REPLY_INT;
}

/* [topic, partition, [record, ...] | error] */
static bool is_part(const struct reply *r)
{
    return r->kind == REPLY_ARRAY && r->count == 3 && r->items[1].kind == REPLY_INT &&
           r->items[2].kind == REPLY_ARRAY;
}

static struct seen_record record_of(const struct reply *r, struct bytes topic, int64_t partition)
{
    return (struct seen_record){.topic = topic,
                                .partition = partition,
                                .offset = r->items[0].integer,
                                .timestamp = r->items[1].integer,
                                .key = r->items[2].text,
                                .value = r->items[3].text};
}

static size_t add_records(const struct reply *list, struct bytes topic, int64_t partition,
                          struct seen_record *records, size_t at, size_t max)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!is_record(&list->items[i]))
            continue;
        if (at < max)
            records[at] = record_of(&list->items[i], topic, partition);
        at++;
    }
    return at;
}

/* ["record", topic, partition, offset, timestamp, key, value, headers] */
static size_t add_pushed(const struct reply *r, struct seen_record *records, size_t max)
{
    if (r->count < 7 || !bytes_is(r->items[0].text, "record"))
        return 0;
    if (max > 0)
        records[0] = (struct seen_record){.topic = r->items[1].text,
                                          .partition = r->items[2].integer,
                                          .offset = r->items[3].integer,
                                          .timestamp = r->items[4].integer,
                                          .key = r->items[5].text,
                                          .value = r->items[6].text};
    return 1;
}

size_t seen_records(const struct reply *r, struct seen_record *records, size_t max)
{
    size_t at = 0;

    if (r->kind == REPLY_PUSH)
        return add_pushed(r, records, max);
    if (r->kind != REPLY_ARRAY)
        return 0;
    for (size_t i = 0; i < r->count; i++)
        if (is_part(&r->items[i]))
            at = add_records(&r->items[i].items[2], r->items[i].items[0].text,
                             r->items[i].items[1].integer, records, at, max);
    return at > 0 ? at : add_records(r, BYTES_NULL, SEEN_NOTHING, records, 0, max);
}
