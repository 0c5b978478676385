/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/group_reset.h"
#include "base/num.h"
#include "cli/listing.h"

#define NONE (-1)

struct reset {
    struct tool *tool;                    /* borrowed */
    const struct groups_options *options; /* borrowed */
    struct reply *committed;              /* owned; GROUP OFFSETS, or NULL */
    struct reply *places;                 /* owned; the listing */
};

/* --- what is committed ---------------------------------------------------------------------------- */

/* A group that is not there yet has committed nothing: GROUP SEEK would make it. */
static void ask_committed(struct reset *r)
{
    struct tool *t = r->tool;

    TOOL_SEND(t, "GROUP", "OFFSETS", r->options->groups.items[0]);
    struct reply *reply = tool_ask(t);
    if (reply == NULL)
        return;
    if (reply->kind == REPLY_ARRAY)
        r->committed = reply;
    else if (reply->kind == REPLY_ERROR && !bytes_starts_with(reply->text, "UNKNOWNGROUP "))
        tool_refuse(t, reply->text);
    if (r->committed == NULL)
        reply_free(reply);
}

static bool is_text(const struct reply *field)
{
    return field != NULL && field->kind == REPLY_BULK;
}

static int64_t committed_of(const struct reset *r, struct bytes topic, int64_t partition)
{
    for (size_t i = 0; r->committed != NULL && i < r->committed->count; i++) {
        const struct reply *entry = &r->committed->items[i], *name = tool_field(entry, "topic");

        if (is_text(name) && bytes_equal(name->text, topic) &&
            tool_field_number(entry, "partition", NONE) == partition)
            return tool_field_number(entry, "committed", NONE);
    }
    return NONE;
}

static void add_place(struct reset *r, struct bytes topic, int64_t partition, int64_t offset)
{
    struct reply *row = listing_row(r->places);
    int64_t committed = committed_of(r, topic, partition);

    listing_text(row, "group", bytes_of_string(r->options->groups.items[0]));
    listing_text(row, "topic", topic);
    listing_number(row, "partition", partition);
    if (committed == NONE)
        listing_null(row, "offset");
    else
        listing_number(row, "offset", committed);
    listing_number(row, "new-offset", offset);
}

/* --- moving --------------------------------------------------------------------------------------- */

/* GROUP SEEK's answer: [topic, partition, offset] of each. */
static void move(struct reset *r, struct bytes topic, int64_t partition)
{
    const struct groups_options *o = r->options;
    struct connection *c = r->tool->connection;
    char time[NUM_TEXT_BYTES_MAX + 2];

    connection_begin_command(c, 6 + (partition != NONE ? 1 : 0) + (o->to == GROUPS_SHIFT ? 1 : 0));
    connection_add_string(c, "GROUP");
    connection_add_string(c, "SEEK");
    connection_add_string(c, o->groups.items[0]);
    connection_add_word(c, topic);
    if (partition != NONE)
        connection_add_number(c, partition);
    connection_add_string(c, "TO");
    if (o->to == GROUPS_SHIFT)
        connection_add_string(c, "SHIFT");
    snprintf(time, sizeof(time), "@%lld", (long long)o->to_value);
    if (o->to == GROUPS_TO_EARLIEST || o->to == GROUPS_TO_LATEST)
        connection_add_string(c, o->to == GROUPS_TO_EARLIEST ? "EARLIEST" : "LATEST");
    else if (o->to == GROUPS_TO_TIME)
        connection_add_string(c, time);
    else
        connection_add_number(c, o->to_value);

    struct reply *reply = tool_ask_good(r->tool);
    for (size_t i = 0; reply != NULL && i < reply->count; i++) {
        const struct reply *part = &reply->items[i];

        if (part->kind == REPLY_ARRAY && part->count == 3)
            add_place(r, part->items[0].text, part->items[1].integer, part->items[2].integer);
    }
    reply_free(reply);
}

/* --- working it out ------------------------------------------------------------------------------- */

/* [partition, offset, …] of each, or of one. NULL: an error, which is said. */
static struct reply *ask_offsets(struct reset *r, struct bytes topic, int64_t partition,
                                 const char *place, int64_t at_ms)
{
    struct connection *c = r->tool->connection;

    connection_begin_command(c, 4 + (partition != NONE ? 1 : 0) + (at_ms != NONE ? 1 : 0));
    connection_add_string(c, "TOPIC");
    connection_add_string(c, "OFFSETS");
    connection_add_word(c, topic);
    if (partition != NONE)
        connection_add_number(c, partition);
    connection_add_string(c, place);
    if (at_ms != NONE)
        connection_add_number(c, at_ms);
    return tool_ask_good(r->tool);
}

/* The offset of entry `i`; NONE when it is an error, which is said. */
static int64_t offset_at(struct reset *r, const struct reply *offsets, size_t i, int64_t *partition)
{
    const struct reply *entry = i < offsets->count ? &offsets->items[i] : NULL;

    if (entry != NULL && entry->kind == REPLY_ARRAY && entry->count >= 2 &&
        entry->items[1].kind == REPLY_INT) {
        *partition = entry->items[0].integer;
        return entry->items[1].integer;
    }
    tool_refuse(r->tool,
                entry != NULL && entry->kind == REPLY_ERROR
                    ? entry->text
                    : BYTES_LITERAL("the server's reply to TOPIC OFFSETS is not understood"));
    return NONE;
}

static int64_t clamped(int64_t offset, int64_t start, int64_t end)
{
    return offset < start ? start : offset > end ? end : offset;
}

/* Where a partition that reaches from `start` to `end` would be gone on with; NONE: it cannot. */
static int64_t place_between(struct reset *r, struct bytes topic, int64_t partition, int64_t start,
                             int64_t end)
{
    const struct groups_options *o = r->options;
    int64_t by = o->to_value, from;

    if (o->to == GROUPS_SHIFT) {
        from = committed_of(r, topic, partition);
        from = from == NONE ? start : clamped(from, start, end);
        return by < start - from ? start : by > end - from ? end : from + by;
    }
    if (o->to_value >= start && o->to_value <= end)
        return o->to_value;
    fprintf(r->tool->report,
            "Error: %.*s/%lld has no offset %lld: it begins at %lld and ends before %lld\n",
            (int)topic.len, topic.data, (long long)partition, (long long)o->to_value,
            (long long)start, (long long)end);
    r->tool->status = EXIT_STATUS_REFUSED;
    return NONE;
}

/* The places that need both ends of each partition. */
static void work_out_between(struct reset *r, struct bytes topic, int64_t which)
{
    struct reply *starts = ask_offsets(r, topic, which, "EARLIEST", NONE);
    struct reply *ends = starts == NULL ? NULL : ask_offsets(r, topic, which, "LATEST", NONE);

    for (size_t i = 0; ends != NULL && i < starts->count; i++) {
        int64_t partition = NONE;
        int64_t start = offset_at(r, starts, i, &partition);
        int64_t end = start == NONE ? NONE : offset_at(r, ends, i, &partition);
        int64_t place = end == NONE ? NONE : place_between(r, topic, partition, start, end);

        if (place != NONE)
            add_place(r, topic, partition, place);
    }
    reply_free(starts);
    reply_free(ends);
}

static void work_out(struct reset *r, struct bytes topic, int64_t which)
{
    const struct groups_options *o = r->options;
    struct reply *offsets;

    if (o->to == GROUPS_SHIFT || o->to == GROUPS_TO_OFFSET) {
        work_out_between(r, topic, which);
        return;
    }
    if (o->to == GROUPS_TO_TIME)
        offsets = ask_offsets(r, topic, which, "AT", o->to_value);
    else
        offsets =
            ask_offsets(r, topic, which, o->to == GROUPS_TO_LATEST ? "LATEST" : "EARLIEST", NONE);
    for (size_t i = 0; offsets != NULL && i < offsets->count; i++) {
        int64_t partition = NONE, offset = offset_at(r, offsets, i, &partition);

        if (offset != NONE)
            add_place(r, topic, partition, offset);
    }
    reply_free(offsets);
}

/* --- the topics ----------------------------------------------------------------------------------- */

static void reset_topic(struct reset *r, struct bytes topic, int64_t partition)
{
    if (r->tool->over)
        return;
    if (r->options->execute)
        move(r, topic, partition);
    else
        work_out(r, topic, partition);
}

/* "orders" or "orders:0,2". */
static void reset_named(struct reset *r, const char *text)
{
    size_t name_len = strcspn(text, ":");
    struct bytes topic = bytes_of(text, name_len);
    const char *at = text + name_len;

    if (*at == '\0')
        reset_topic(r, topic, NONE);
    while (*at != '\0') {
        int64_t partition;
        size_t len = strcspn(++at, ",");

        if (!num_parse_i64(bytes_of(at, len), &partition) || partition < 0) {
            tool_refuse(r->tool,
                        BYTES_LITERAL("--topic takes a name, or name:partition,partition"));
            return;
        }
        reset_topic(r, topic, partition);
        at += len;
    }
}

/* Whether the entry is the first of its topic: they stand together. */
static bool begins_topic(const struct reply *committed, size_t i)
{
    const struct reply *name = tool_field(&committed->items[i], "topic");
    const struct reply *before = i == 0 ? NULL : tool_field(&committed->items[i - 1], "topic");

    return is_text(name) && (!is_text(before) || !bytes_equal(name->text, before->text));
}

static void reset_all(struct reset *r)
{
    const struct reply *committed = r->committed;

    if (committed == NULL || committed->count == 0) {
        tool_refuse(r->tool, BYTES_LITERAL("the group has no committed offsets: say --topic"));
        return;
    }
    for (size_t i = 0; i < committed->count; i++)
        if (begins_topic(committed, i))
            reset_topic(r, tool_field(&committed->items[i], "topic")->text, NONE);
}

void group_reset_run(struct tool *t, const struct groups_options *o)
{
    struct reset r = {.tool = t, .options = o, .places = listing_create()};

    ask_committed(&r);
    if (o->all_topics && !t->over && t->status == EXIT_STATUS_OK)
        reset_all(&r);
    for (size_t i = 0; i < o->topics.count && !t->over; i++)
        reset_named(&r, o->topics.items[i]);
    if (r.places->count > 0)
        tool_print(t, r.places);
    if (r.places->count > 0 && !o->execute)
        fputs("Nothing was changed: --execute does it.\n", t->report);
    reply_free(r.committed);
    reply_free(r.places);
}
